//! One generation of the model: from logs to a verdict.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use adapter_runtime::Classifier;
use base_model::BaseModel;
use burn::tensor::Device;
use distill_data::{CurateInput, CuratePlan, Curated, GoldRows, LogFile, Manifest, curate_with_progress};
use gold_eval::{
    Baseline, Case, Gate, GoldSet, History, Predictions, Report, TrainingRecord, judge, predict_gold,
};
use indicatif::ProgressBar;
use lora_train::{Bar, Estimate, JsonLines, Lineage, TrainConfig, TrainInput, estimate, preview, train};
use stage_files::write_json;
use task_spec::{Example, Task};

use crate::{Fallible, mask, say};

/// What all generations share.
pub(crate) struct Workshop {
    pub(crate) task: Task,
    pub(crate) base: Arc<BaseModel>,
    pub(crate) device: Device,
    pub(crate) plan: CuratePlan,
    pub(crate) gate: Gate,
    /// The run's own history of looks at gold sets.
    pub(crate) history: PathBuf,
    /// Rows that are shown before a run, token by token.
    pub(crate) show_mask: usize,
    /// Whether it is said before a run what it will take.
    pub(crate) estimate: bool,
}

/// What a generation is made from.
pub(crate) struct Materials<'a> {
    /// Its folder: `data/`, `adapter/`, `verdict/`.
    pub(crate) folder: PathBuf,
    pub(crate) logs: Vec<LogFile>,
    pub(crate) gold: &'a GoldSet,
    pub(crate) gold_file: PathBuf,
    pub(crate) baseline: Option<&'a Baseline>,
    pub(crate) training: TrainConfig,
    /// The classifier that serves so far, to be compared with.
    pub(crate) before: Option<&'a Classifier>,
    /// When, for the reports.
    pub(crate) at: String,
}

/// A trained, judged and served adapter.
pub(crate) struct Generation {
    pub(crate) manifest: Manifest,
    pub(crate) lineage: Lineage,
    pub(crate) report: Option<Report>,
    pub(crate) predictions: Predictions,
    pub(crate) classifier: Classifier,
    /// Seconds of curating, training and judging.
    pub(crate) seconds: [f64; 3],
}

impl Workshop {
    /// Curates, trains and judges.
    pub(crate) fn make(&self, materials: &Materials<'_>) -> Fallible<Generation> {
        let begin = Instant::now();
        let curated = self.curate(materials)?;
        let data = materials.folder.join("data");
        let manifest = curated.write(&data)?;
        say_ledger(&manifest);
        let curating = begin.elapsed().as_secs_f64();

        let begin = Instant::now();
        let lineage = self.train(materials, &curated, &data)?;
        let training = begin.elapsed().as_secs_f64();
        say(&format!(
            "trained {} parameters on {} rows in {} steps, {training:.0} s; the best was step {}",
            lineage.parameters, lineage.rows, lineage.steps, lineage.best_step
        ));

        let begin = Instant::now();
        let adapter = materials.folder.join("adapter");
        let classifier = Classifier::open(self.base.clone(), &adapter, &self.device)?;
        let predictions =
            predict_gold(&classifier, materials.gold, 256)?.with_model_hash(classifier.hash().clone());
        predictions.write(&materials.folder.join("predictions.jsonl"), materials.gold)?;
        let report = match materials.baseline {
            Some(baseline) => Some(self.judge(materials, &manifest, baseline, &predictions)?),
            None => None,
        };
        let judging = begin.elapsed().as_secs_f64();
        Ok(Generation {
            manifest,
            lineage,
            report,
            predictions,
            classifier,
            seconds: [curating, training, judging],
        })
    }

    fn curate(&self, materials: &Materials<'_>) -> Fallible<Curated> {
        let gold = GoldRows::read(&materials.gold_file)?;
        let input = CurateInput::new(&self.task, &materials.logs).with_gold(&gold);
        let bar = ProgressBar::new_spinner();
        let curated = curate_with_progress(&input, &self.plan, &mut |progress| {
            bar.set_message(format!("{} ({} rows)", progress.stage.as_str(), progress.rows));
            bar.tick();
        })?;
        bar.finish_and_clear();
        Ok(curated)
    }

    fn train(&self, materials: &Materials<'_>, curated: &Curated, data: &Path) -> Fallible<Lineage> {
        let rows: Vec<Example> = curated.train.iter().map(|row| row.example.clone()).collect();
        let file_hash = |name: &str| stage_files::ContentHash::of_file(&data.join(name));
        let inputs = BTreeMap::from([
            ("manifest.json".to_owned(), file_hash("manifest.json")?),
            ("train.jsonl".to_owned(), file_hash("train.jsonl")?),
            ("gold.jsonl".to_owned(), materials.gold.lock().hash.clone()),
        ]);
        let input = TrainInput {
            base: &self.base,
            task: &self.task,
            rows: &rows,
            inputs: &inputs,
            start: None,
            device: &self.device,
        };
        let plan = materials.training.clone().check()?;
        if self.show_mask > 0 {
            mask::show(&preview(input, &plan, self.show_mask)?);
        }
        if self.estimate {
            say_estimate(&estimate(input, &plan)?);
        }
        let mut events = JsonLines::create(&materials.folder.join("training.jsonl"))?;
        let mut progress = (Bar::new("training"), &mut events);
        let lineage = train(input, &plan, &materials.folder.join("adapter"), &mut progress)?;
        events.finish()?;
        Ok(lineage)
    }

    fn judge(
        &self,
        materials: &Materials<'_>,
        manifest: &Manifest,
        baseline: &Baseline,
        predictions: &Predictions,
    ) -> Fallible<Report> {
        let leakage = manifest.leakage.as_ref();
        let near: BTreeSet<String> = leakage
            .map(|leakage| leakage.log.gold_at(0.8).map(str::to_owned).collect())
            .unwrap_or_default();
        let data = materials.folder.join("data");
        let training = TrainingRecord::default()
            .with_rows(&data.join("train.jsonl"))?
            .with_manifest(&data.join("manifest.json"))?
            .with_adapter(&materials.folder.join("adapter"))?;
        let history = History::open(&self.history)?;
        let shipped = match materials.before {
            Some(before) => Some(predict_gold(before, materials.gold, 256)?),
            None => None,
        };
        let mut case = Case::new(materials.gold, baseline, predictions, &materials.at)
            .with_near_in_training(&near)
            .with_training(&training)
            .with_history(&history);
        if let Some(shipped) = &shipped {
            case = case.with_shipped(shipped);
        }
        let report = judge(&case, &self.gate)?;
        report.write(&materials.folder.join("verdict"))?;
        History::append(&self.history, &report.look())?;
        write_json(&materials.folder.join("verdict/gate.json"), &report.rules)?;
        say(&format!("{}: {}", report.verdict, report.summary));
        Ok(report)
    }
}

fn say_estimate(estimate: &Estimate) {
    let memory = match estimate.peak_memory_bytes {
        Some(bytes) => format!(
            "{:.2} GB of memory at the peak, of {:.2} that it may have",
            bytes as f64 / 1e9,
            estimate.available_memory_bytes as f64 / 1e9
        ),
        None => "memory is not known here".to_owned(),
    };
    say(&format!(
        "training will take at most {:.0} s for {} steps over {} tokens; {memory}",
        estimate.seconds, estimate.steps, estimate.tokens
    ));
}

fn say_ledger(manifest: &Manifest) {
    let ledger = &manifest.ledger;
    let sum = |map: &BTreeMap<String, u64>| map.values().sum::<u64>();
    say(&format!(
        "{} lines: {} to train on, {} duplicates merged, {} to review, {} rejected, {} damaged; the ledger {}",
        ledger.lines,
        ledger.train,
        ledger.merged_exact + ledger.merged_near,
        sum(&ledger.review),
        sum(&ledger.rejected),
        ledger.damaged(),
        if ledger.balances() {
            "balances"
        } else {
            "DOES NOT BALANCE"
        },
    ));
    if let Some(leakage) = &manifest.leakage {
        say(&format!(
            "gold rows in the log: {} word for word, {} nearly; in the training rows: {}",
            leakage.log.exact,
            leakage.log.at_0_8 - leakage.log.exact,
            leakage.train.leaking_rows
        ));
    }
}
