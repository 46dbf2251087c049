//! The loop: epochs of steps, evaluations, checkpoints, and an adapter at the end.

use std::{collections::BTreeMap, path::Path, time::Instant};

use base_model::{Adapter, AdapterConfig, BaseModel, Network, TaskType};
use burn::tensor::{Device, Tensor};
use stage_files::{ContentHash, write_json, write_whole};
use task_spec::{Example, Task};

use crate::{
    Event, Progress, TrainError, TrainPlan,
    checkpoint::{RunIdentity, RunState, Snapshot},
    lineage::{EndedBy, EvaluationRecord, LINEAGE_FILE, Lineage, StepRecord, peak_memory_bytes},
    objective::{Objective, total_weight},
    order::{batches, split},
    rows::{EncodedRow, balance_labels, encode},
    schedule::Schedule,
    step::{Shards, Updates},
};

/// Scores of the saved adapter may differ from those of the trained one by this much: nothing but rounding.
const SELF_CHECK_TOLERANCE: f64 = 1e-4;

/// What a run is given.
#[derive(Debug, Clone, Copy)]
pub struct TrainInput<'a> {
    /// The frozen base model.
    pub base: &'a BaseModel,
    /// The task.
    pub task: &'a Task,
    /// The rows; their answers are labels of the task.
    pub rows: &'a [Example],
    /// Content hashes to be written into the lineage: the manifest, the gold set.
    pub inputs: &'a BTreeMap<String, ContentHash>,
    /// An adapter to start from instead of a fresh one, as after a drift; same rank and targets.
    pub start: Option<&'a Adapter>,
    /// The device that the base model is on.
    pub device: &'a Device,
}

/// Trains an adapter and writes its folder: the two PEFT files, `task.toml` and `training.json`.
///
/// A run that was stopped or killed goes on from its newest checkpoint in `folder/checkpoints` and ends in the
/// same adapter bytes as one that was not.
///
/// # Errors
///
/// [`TrainError`], naming the row, the file or the step at fault.
pub fn train(
    input: TrainInput<'_>,
    plan: &TrainPlan,
    folder: &Path,
    progress: &mut dyn Progress,
) -> Result<Lineage, TrainError> {
    Run::prepare(input, plan, folder)?.finish(progress)
}

struct Run<'a> {
    input: TrainInput<'a>,
    plan: &'a TrainPlan,
    folder: &'a Path,
    rows: Vec<EncodedRow>,
    objective: Objective<'a>,
    train: Vec<usize>,
    held_out: Vec<usize>,
    identity: RunIdentity,
    shards: Shards,
    started: Instant,
}

impl<'a> Run<'a> {
    fn prepare(input: TrainInput<'a>, plan: &'a TrainPlan, folder: &'a Path) -> Result<Self, TrainError> {
        let config = plan.config();
        let mut rows = input
            .rows
            .iter()
            .map(|row| {
                encode(row, input.task, input.base, config.max_tokens).map_err(|source| TrainError::Row {
                    id: row.id.clone(),
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        balance_labels(&mut rows, config.label_balance);
        let (train, held_out) = split(&rows, config.held_out_share, config.seed);
        if train.is_empty() {
            return Err(TrainError::NoRows {
                given: rows.len(),
                held_out: held_out.len(),
            });
        }
        let rows_json = serde_json::to_vec(input.rows).map_err(|source| {
            TrainError::File(stage_files::FileError::Encode {
                path: folder.to_owned(),
                source,
            })
        })?;
        let identity = RunIdentity {
            base_hash: input.base.hash().clone(),
            rows_hash: ContentHash::of_bytes(&rows_json),
            task_hash: ContentHash::of_bytes(toml::to_string(input.task)?.as_bytes()),
            start_hash: match input.start {
                Some(start) => Some(ContentHash::of_bytes(&start.to_safetensors()?)),
                None => None,
            },
            settings: config.clone(),
        };
        let shards = Shards::new(config.shards)?;
        Ok(Self {
            objective: Objective::new(&input.base.network, &rows, input.device),
            input,
            plan,
            folder,
            rows,
            train,
            held_out,
            identity,
            shards,
            started: Instant::now(),
        })
    }

    fn finish(self, progress: &mut dyn Progress) -> Result<Lineage, TrainError> {
        let config = self.plan.config();
        let fresh = self.fresh_adapter()?;
        let per_epoch = self.train.len().div_ceil(config.batch_rows);
        let steps = per_epoch * config.epochs;
        let schedule = Schedule {
            peak: config.learning_rate,
            warmup_steps: (steps as f64 * config.warmup_share).round() as usize,
            total_steps: steps,
            final_share: config.final_rate_share,
        };
        let checkpoints = self.folder.join("checkpoints");
        let resumed = Snapshot::read_newest(&checkpoints, &self.identity, &fresh, self.input.device)?;
        let mut run = resumed.unwrap_or_else(|| Snapshot {
            state: RunState {
                step: 0,
                best_step: 0,
                best_loss: f64::MAX,
                stale: 0,
                tokens: 0,
                curve: Vec::new(),
                held_out_curve: Vec::new(),
            },
            current: fresh.clone(),
            best: fresh.clone(),
            optimizer: vec![None; fresh.parameters().len()],
        });
        let mut updates = Updates::new(fresh.parameters().len(), config.weight_decay, config.clip_norm);
        updates.states = std::mem::take(&mut run.optimizer);
        let started = Event::Started {
            rows: self.train.len(),
            held_out: self.held_out.len(),
            steps,
            done: run.state.step,
            parameters: fresh.parameter_count(),
        };
        let mut stop = progress.event(&started).is_break();
        let evaluate_every = per_epoch.div_ceil(config.evaluations_per_epoch);
        let mut ended_by = EndedBy::Epochs;
        while run.state.step < steps {
            if run.state.stale >= config.patience {
                ended_by = EndedBy::EarlyStop;
                break;
            }
            let epoch = run.state.step / per_epoch;
            let order = batches(&self.rows, &self.train, config.batch_rows, config.seed, epoch);
            for batch in order.into_iter().skip(run.state.step % per_epoch) {
                if stop {
                    self.checkpoint(&checkpoints, &mut run, &mut updates)?;
                    return Err(TrainError::Stopped { step: run.state.step });
                }
                stop |= self.step(&batch, &mut run, &mut updates, &schedule, progress)?;
                let step = run.state.step;
                if step.is_multiple_of(evaluate_every) || step == steps {
                    stop |= self.evaluate(&mut run, progress);
                }
                if config.checkpoint_steps > 0 && step.is_multiple_of(config.checkpoint_steps) {
                    self.checkpoint(&checkpoints, &mut run, &mut updates)?;
                    stop |= progress.event(&Event::Checkpoint { step }).is_break();
                }
                if run.state.stale >= config.patience {
                    break;
                }
            }
        }
        let lineage = self.save(&run, ended_by)?;
        // Whoever stops a run that is over comes too late.
        let _ = progress.event(&Event::Finished {
            steps: run.state.step,
            best_step: run.state.best_step,
        });
        // The checkpoints have done their work; what cannot be removed only takes up room.
        let _ = std::fs::remove_dir_all(&checkpoints);
        Ok(lineage)
    }

    fn fresh_adapter(&self) -> Result<Adapter, TrainError> {
        let (base, config) = (self.input.base, self.plan.config());
        let (task_type, classes) = match base.network {
            Network::Encoder(_) => (TaskType::SeqCls, Some(self.input.task.labels().len())),
            _ => (TaskType::CausalLm, None),
        };
        let adapter = AdapterConfig {
            r: config.rank,
            lora_alpha: config.alpha,
            target_modules: config.targets.clone().into(),
            ..AdapterConfig::new(base.name(), task_type)
        };
        if let Some(start) = self.input.start {
            let labels =
                |classes: Option<usize>| classes.map_or("no label head".to_owned(), |n| n.to_string());
            let of_head = (classes != start.classes())
                .then(|| ("classes".to_owned(), labels(classes), labels(start.classes())));
            return match adapter.difference(start.config()).or(of_head) {
                Some((field, expected, found)) => Err(TrainError::OtherStart {
                    field,
                    expected,
                    found,
                }),
                None => Ok(start.clone()),
            };
        }
        Ok(Adapter::init(
            adapter,
            &base.network,
            classes,
            config.seed,
            self.input.device,
        )?)
    }

    /// One step; whether the run is to stop.
    fn step(
        &self,
        batch: &[usize],
        run: &mut Snapshot,
        updates: &mut Updates,
        schedule: &Schedule,
        progress: &mut dyn Progress,
    ) -> Result<bool, TrainError> {
        let rows: Vec<&EncodedRow> = batch.iter().map(|&row| &self.rows[row]).collect();
        let adapter = &run.current;
        let scale = 1.0 / total_weight(&rows);
        let gradient = self.shards.gradient(&adapter.values(), &rows, |leaves, part| {
            let adapter = adapter.with_values(leaves.iter().cloned());
            self.objective.loss(&adapter, part, scale)
        });
        let (mean_loss, rate) = (gradient.loss, schedule.rate(run.state.step));
        let step = run.state.step + 1;
        if !mean_loss.is_finite() {
            let rows = rows
                .iter()
                .map(|row| row.id.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            return Err(TrainError::Diverged {
                step,
                loss: mean_loss,
                rows,
            });
        }
        let (values, gradient_norm) = updates.apply(adapter.values(), gradient.tensors, rate);
        let tokens: usize = rows.iter().map(|row| row.ids.len()).sum();
        run.current = adapter.with_values(values);
        run.state.step = step;
        run.state.tokens += tokens as u64;
        run.state.curve.push(StepRecord {
            step,
            loss: mean_loss,
            rate,
        });
        let event = Event::Step {
            step,
            loss: mean_loss,
            rate,
            gradient_norm,
            tokens,
        };
        Ok(progress.event(&event).is_break())
    }

    /// Scores the held-out rows and keeps the adapter if it is the best; whether the run is to stop.
    fn evaluate(&self, run: &mut Snapshot, progress: &mut dyn Progress) -> bool {
        let step = run.state.step;
        let rows: Vec<&EncodedRow> = self.held_out.iter().map(|&row| &self.rows[row]).collect();
        if rows.is_empty() {
            // Nothing to compare with: the last adapter is the one to keep.
            run.best = run.current.clone();
            run.state.best_step = step;
            return false;
        }
        let loss = self.mean_loss(&run.current, &rows);
        run.state.held_out_curve.push(EvaluationRecord { step, loss });
        let best = loss < run.state.best_loss;
        if best {
            run.best = run.current.clone();
            run.state.best_loss = loss;
            run.state.best_step = step;
            run.state.stale = 0;
        } else {
            run.state.stale += 1;
        }
        progress.event(&Event::Evaluated { step, loss, best }).is_break()
    }

    /// The mean loss over all targets of some rows.
    fn mean_loss(&self, adapter: &Adapter, rows: &[&EncodedRow]) -> f64 {
        let scale = 1.0 / total_weight(rows);
        let mut by_length = rows.to_vec();
        by_length.sort_by_key(|row| row.ids.len());
        let parts = self.shards.each(&by_length, |part| {
            part.chunks(self.plan.config().batch_rows)
                .map(|chunk| f64::from(self.objective.loss(adapter, chunk, scale).into_scalar::<f32>()))
                .sum::<f64>()
        });
        parts.into_iter().sum()
    }

    fn checkpoint(&self, folder: &Path, run: &mut Snapshot, updates: &mut Updates) -> Result<(), TrainError> {
        run.optimizer.clone_from(&updates.states);
        run.write(folder, &self.identity)
    }

    /// Writes the adapter folder, reads it back and compares scores; the lineage comes last, so that a folder
    /// with one is whole.
    fn save(&self, run: &Snapshot, ended_by: EndedBy) -> Result<Lineage, TrainError> {
        let input = &self.input;
        let adapter_hash = run.best.write(self.folder)?;
        write_whole(&self.folder.join("task.toml"), toml::to_string(input.task)?)?;
        let again = Adapter::read(self.folder, &input.base.network, input.device)?;
        let difference = self.largest_score_difference(&run.best, &again);
        // A NaN must fail too.
        if difference.is_nan() || difference > SELF_CHECK_TOLERANCE {
            return Err(TrainError::SelfCheck {
                folder: self.folder.display().to_string(),
                difference,
            });
        }
        let probe_hash = input
            .base
            .probe_hash(input.task)
            .map_err(|source| TrainError::Row {
                id: "probe".to_owned(),
                source: source.into(),
            })?;
        let lineage = Lineage {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            base: input.base.name(),
            base_hash: self.identity.base_hash.clone(),
            probe_hash,
            adapter_hash,
            task_hash: self.identity.task_hash.clone(),
            rows_hash: self.identity.rows_hash.clone(),
            inputs: input.inputs.clone(),
            settings: self.plan.config().clone(),
            rows: self.train.len(),
            held_out: self.held_out.len(),
            targets_per_epoch: self.train.iter().map(|&row| self.rows[row].targets()).sum(),
            parameters: run.best.parameter_count(),
            steps: run.state.step,
            best_step: run.state.best_step,
            ended_by,
            curve: run.state.curve.clone(),
            held_out_curve: run.state.held_out_curve.clone(),
            tokens: run.state.tokens,
            seconds: self.started.elapsed().as_secs_f64(),
            peak_memory_bytes: peak_memory_bytes(),
            self_check_difference: difference,
        };
        write_json(&self.folder.join(LINEAGE_FILE), &lineage)?;
        Ok(lineage)
    }

    /// Scores of the first rows under both adapters.
    fn largest_score_difference(&self, first: &Adapter, second: &Adapter) -> f64 {
        let rows: Vec<Vec<u32>> = self.rows.iter().take(8).map(|row| row.ids.clone()).collect();
        let batch = base_model::TokenBatch::new(&rows, 0, self.input.device);
        let scores = |adapter: &Adapter| -> Tensor<2> {
            match &self.input.base.network {
                Network::Encoder(encoder) => {
                    let pooled = encoder.pool(encoder.forward(&batch, Some(adapter)), &batch, Some(adapter));
                    adapter.classify(pooled.clone()).unwrap_or(pooled)
                }
                Network::Decoder(decoder) => {
                    let states = decoder.forward(&batch, Some(adapter));
                    let logits = decoder.logits(states, &batch, Some(adapter)); // [batch, seq, vocab]
                    logits.narrow(1, batch.sizes().1 - 1, 1).squeeze_dim::<2>(1)
                }
                _ => unreachable!("rows are encoded for encoders and decoders only"),
            }
        };
        f64::from((scores(first) - scores(second)).abs().max().into_scalar::<f32>())
    }
}
