//! The loop: epochs of steps, evaluations, checkpoints, and an adapter at the end.

use std::{collections::BTreeMap, path::Path, time::Instant};

use base_model::{Adapter, BaseModel};
use burn::tensor::Device;
use stage_files::{ContentHash, write_json, write_whole};
use task_spec::{Example, Task};

use crate::{
    Event, Objective, Progress, SelfCheckError, TrainError, TrainPlan,
    checkpoint::{RunState, Snapshot},
    evaluation::{evaluate, is_better},
    lineage::{EndedBy, LINEAGE_FILE, Lineage, StepRecord, peak_memory_bytes},
    order::{Seen, batches},
    prepare::Prepared,
    schedule::Schedule,
    self_check::check,
    step::{Shards, Updates},
};

/// The sum of a step's factors is 1 but for rounding, or something was lost on the way.
const WEIGHT_TOLERANCE: f64 = 1e-6;

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
/// same adapter bytes as one that was not. At its end the run looks at its own result, and fails if that is not what was
/// asked for; a folder with a `training.json` has stood up to that.
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
    let started = Instant::now();
    let prepared = Prepared::new(input, plan)?;
    let shards = Shards::new(plan.config().shards)?;
    let run = Run {
        objective: prepared.objective()?,
        prepared: &prepared,
        plan,
        folder,
        shards,
        started,
    };
    run.finish(progress)
}

struct Run<'a> {
    prepared: &'a Prepared<'a>,
    objective: Objective<'a>,
    plan: &'a TrainPlan,
    folder: &'a Path,
    shards: Shards,
    started: Instant,
}

impl Run<'_> {
    fn finish(self, progress: &mut dyn Progress) -> Result<Lineage, TrainError> {
        let (config, prepared) = (self.plan.config(), self.prepared);
        let fresh = &prepared.fresh;
        let per_epoch = prepared.train.len().div_ceil(config.batch_rows);
        let steps = per_epoch * config.epochs;
        let schedule = Schedule::new(config, steps);
        let checkpoints = self.folder.join("checkpoints");
        let resumed = Snapshot::read_newest(&checkpoints, &prepared.identity, fresh, prepared.input.device)?;
        let mut run = resumed.unwrap_or_else(|| Snapshot::fresh(fresh));
        let mut updates = Updates::new(fresh.parameters().len(), config.weight_decay, config.clip_norm)
            .with_rate_ratios(rate_ratios(fresh, config.b_rate_ratio));
        updates.states = std::mem::take(&mut run.optimizer);
        let started = Event::Started {
            rows: prepared.train.len(),
            held_out: prepared.held_out.len(),
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
            let order = batches(
                &prepared.rows,
                &prepared.train,
                config.batch_rows,
                config.seed,
                epoch,
            );
            for batch in order.into_iter().skip(run.state.step % per_epoch) {
                if stop {
                    self.checkpoint(&checkpoints, &mut run, &mut updates)?;
                    return Err(TrainError::Stopped { step: run.state.step });
                }
                stop |= self.step(&batch, &mut run, &mut updates, &schedule, progress)?;
                let step = run.state.step;
                if step.is_multiple_of(per_epoch) {
                    self.end_epoch(epoch, &mut run.state)?;
                }
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
        let lineage = self.save(&run, ended_by, run.state.step / per_epoch)?;
        // Whoever stops a run that is over comes too late.
        let _ = progress.event(&Event::Finished {
            steps: run.state.step,
            best_step: run.state.best_step,
        });
        // The checkpoints have done their work; what cannot be removed only takes up room.
        let _ = std::fs::remove_dir_all(&checkpoints);
        Ok(lineage)
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
        let (adapter, rate) = (&run.current, schedule.rate(run.state.step));
        let step = run.state.step + 1;
        let gradient = self.objective.gradient(adapter, batch, &self.shards);
        if !gradient.loss.is_finite() {
            let ids = batch.iter().map(|&row| self.prepared.rows[row].id.as_str());
            return Err(TrainError::Diverged {
                step,
                loss: gradient.loss,
                rows: ids.collect::<Vec<_>>().join(", "),
            });
        }
        let weight = self.objective.weight(batch);
        if let Some(found) = gradient
            .weight
            .filter(|found| (found - 1.0).abs() > WEIGHT_TOLERANCE)
        {
            return Err(self.fails(SelfCheckError::Targets {
                found: found * weight,
                expected: weight,
            }));
        }
        let update = updates.apply(adapter.values(), gradient.tensors, rate);
        let tokens = self.objective.tokens(batch);
        run.current = adapter.with_values(update.values);
        let state = &mut run.state;
        for (reached, norm) in state.reached.iter_mut().zip(update.norms) {
            *reached |= norm > 0.0;
        }
        state.step = step;
        state.tokens += tokens as u64;
        state.targets += weight;
        state.seen = Seen(state.seen).and(batch).0;
        state.curve.push(StepRecord {
            step,
            loss: gradient.loss,
            rate,
        });
        let event = Event::Step {
            step,
            loss: gradient.loss,
            rate,
            gradient_norm: update.gradient_norm,
            tokens,
        };
        Ok(progress.event(&event).is_break())
    }

    /// Looks whether the epoch saw every row once.
    fn end_epoch(&self, epoch: usize, state: &mut RunState) -> Result<(), TrainError> {
        if Seen(state.seen) != Seen::default().and(&self.prepared.train) {
            return Err(self.fails(SelfCheckError::Rows { epoch: epoch + 1 }));
        }
        state.seen = Seen::default().0;
        Ok(())
    }

    /// Scores the held-out rows and keeps the adapter if it is the best; whether the run is to stop.
    fn evaluate(&self, run: &mut Snapshot, progress: &mut dyn Progress) -> bool {
        let step = run.state.step;
        let best_by = self.plan.config().best_by;
        let rows = &self.prepared.held_out;
        if rows.is_empty() {
            // Nothing to compare with: the last adapter is the one to keep.
            run.best = run.current.clone();
            run.state.best_step = step;
            return false;
        }
        let (objective, task) = (&self.objective, self.prepared.input.task);
        let record = evaluate((objective, task), &run.current, rows, best_by, &self.shards, step);
        let best = is_better(&record, run.state.best.as_ref());
        let event = Event::Evaluated {
            step,
            loss: record.loss,
            labels: record.labels.clone(),
            best,
        };
        run.state.held_out_curve.push(record.clone());
        if best {
            run.best = run.current.clone();
            run.state.best = Some(record);
            run.state.best_step = step;
            run.state.stale = 0;
        } else {
            run.state.stale += 1;
        }
        progress.event(&event).is_break()
    }

    fn checkpoint(&self, folder: &Path, run: &mut Snapshot, updates: &mut Updates) -> Result<(), TrainError> {
        run.optimizer.clone_from(&updates.states);
        run.write(folder, &self.prepared.identity)
    }

    /// Writes the adapter folder and looks at it as a stranger would; the lineage comes last, so that a folder with one
    /// is whole.
    fn save(&self, run: &Snapshot, ended_by: EndedBy, whole_epochs: usize) -> Result<Lineage, TrainError> {
        let (prepared, state) = (self.prepared, &run.state);
        let input = &prepared.input;
        let adapter_hash = run.best.write(self.folder)?;
        write_whole(&self.folder.join("task.toml"), toml::to_string(input.task)?)?;
        let objective = (prepared, &self.objective);
        let self_check = check(objective, run, whole_epochs, self.folder, &self.shards)
            .map_err(|error| error.in_folder(self.folder))?;
        let identity = &prepared.identity;
        let lineage = Lineage {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            base: input.base.name(),
            base_hash: identity.base_hash.clone(),
            probe_hash: identity.probe_hash.clone(),
            scoring: self.plan.config().scoring,
            adapter_hash,
            task_hash: identity.task_hash.clone(),
            rows_hash: identity.rows_hash.clone(),
            inputs: input.inputs.clone(),
            settings: self.plan.config().clone(),
            rows: prepared.train.len(),
            held_out: prepared.held_out.len(),
            targets_per_epoch: prepared
                .train
                .iter()
                .map(|&row| self.objective.targets(&prepared.rows[row]))
                .sum(),
            parameters: run.best.parameter_count(),
            steps: state.step,
            best_step: state.best_step,
            ended_by,
            curve: state.curve.clone(),
            held_out_curve: state.held_out_curve.clone(),
            tokens: state.tokens,
            seconds: self.started.elapsed().as_secs_f64(),
            peak_memory_bytes: peak_memory_bytes(),
            self_check,
        };
        write_json(&self.folder.join(LINEAGE_FILE), &lineage)?;
        Ok(lineage)
    }

    fn fails(&self, source: SelfCheckError) -> TrainError {
        TrainError::SelfCheck {
            folder: self.folder.display().to_string(),
            source,
        }
    }
}

/// What the rate of each parameter is multiplied with, as PEFT groups them for LoRA+: `B` factors and vectors learn faster.
fn rate_ratios(adapter: &Adapter, of_b: f64) -> Vec<f64> {
    let parameters = adapter.parameters().iter();
    parameters
        .map(
            |parameter| match parameter.is_vector || parameter.name.contains("lora_B") {
                true => of_b,
                false => 1.0,
            },
        )
        .collect()
}
