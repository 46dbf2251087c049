//! A run in which everything is real but the models: true answers with errors mixed in stand for them.

use std::{collections::BTreeMap, error::Error};

use distill_data::{
    AnswerFormat, ConfidenceScale, CurateConfig, CurateInput, Curated, FieldPath, GoldRows, LogFile,
    LogFormat, Manifest, curate,
};
use drift_stats::{
    Balance, DriftConfig, Monitor, OwnershipConfig, Prices, Reference, RelabelConfig, RelabelReason,
    RelabelRow, WindowReport, Workload, estimate_live_accuracy,
};
use gold_eval::{
    Baseline, Case, GoldSet, History, PredictedRow, Predictions, Preset, Report, Teacher as Named,
    TeacherAnswer, TrainingRecord, judge,
};
use run_page::{DayView, GenerationView, RelabelledView, RunPage, ServingView, render};
use stage_files::{ContentHash, write_json_lines};
use task_spec::{Prediction, Served, Task};
use transactions::{
    Category, LiveRow, LogConfig, MonthConfig, Teacher, Transaction, World, gold_row, task, write_log,
};

/// Days of the month that serve as reference.
const REFERENCE_DAYS: usize = 9;
/// The first day of the second "adapter".
const SECOND_FROM: usize = 21;
const SEED: u64 = 7;

type Fallible<T> = Result<T, Box<dyn Error>>;

/// The values that a run has at its end.
#[derive(Debug)]
pub(crate) struct SimulatedRun {
    manifests: [Manifest; 2],
    reports: [Report; 2],
    losses: [Losses; 2],
    days: Vec<DayView>,
    windows: Vec<WindowReport>,
    relabelled: RelabelledView,
    balance: Balance,
}

#[derive(Debug)]
struct Losses {
    train: Vec<(usize, f64)>,
    held_out: Vec<(usize, f64)>,
}

impl SimulatedRun {
    /// Plays a run on a log of so many rows.
    pub(crate) fn play(log_rows: usize) -> Fallible<Self> {
        let folder = tempfile::tempdir()?;
        let (task, world, teacher) = (task(), World::new(SEED), Teacher::of_transactions(SEED));
        let gold = world.gold(1_000);
        let month = world.month(MonthConfig::default());
        let gold_after = world.gold_after(&gold, &month, 120);
        let mut manifests = Vec::new();
        let mut reports = Vec::new();
        for (generation, (rows, more)) in [(&gold, 0), (&gold_after, 300)].into_iter().enumerate() {
            let log = world.log(
                rows,
                &LogConfig {
                    rows: log_rows + more,
                    ..LogConfig::default()
                },
            );
            let log_file = folder.path().join(format!("teacher-{generation}.jsonl"));
            let cases = log.iter().map(|row| (row.transaction.case(), row.at));
            write_log(&log_file, &task, &teacher, cases, 0.002)?;
            let curated = curated(&task, &log_file, rows)?;
            let gold_file = folder.path().join(format!("gold-{generation}.jsonl"));
            write_json_lines(&gold_file, rows.iter().map(gold_row))?;
            let frozen = GoldSet::freeze(&gold_file, &task, generation as u32 + 1)?;
            reports.push(judged(
                (&frozen, rows),
                &teacher,
                generation,
                &month.rows(),
                &training_record(&curated)?,
            )?);
            manifests.push(curated.manifest);
        }
        let live: Vec<Vec<LiveRow>> = (1..=30).map(|day| month.day(day)).collect();
        let served: Vec<Vec<Served>> = live
            .iter()
            .map(|day| day.iter().map(|row| served(row, 0)).collect())
            .collect();
        let reference: Vec<Served> = served[..REFERENCE_DAYS].concat();
        let mut monitor = Monitor::new(Reference::from_rows(&reference), DriftConfig::default().check()?);
        let windows: Vec<WindowReport> = served[REFERENCE_DAYS..SECOND_FROM - 1]
            .iter()
            .map(|window| monitor.check(window))
            .collect();
        let [first, second] = <[Report; 2]>::try_from(reports).map_err(|_| "two reports")?;
        let [manifest_first, manifest_second] =
            <[Manifest; 2]>::try_from(manifests).map_err(|_| "two manifests")?;
        Ok(Self {
            manifests: [manifest_first, manifest_second],
            reports: [first, second],
            losses: [losses(1_200, 0.105), losses(1_240, 0.098)],
            days: live.iter().map(|day| day_view(day, &windows)).collect(),
            relabelled: relabelled(&served, &windows, &live, &teacher, &task)?,
            windows,
            balance: OwnershipConfig::new(
                Workload {
                    calls_per_day: 100_000.0,
                    input_tokens_per_call: 900.0,
                    output_tokens_per_call: 14.0,
                },
                Prices::example_november_2026(),
            )
            .check()?
            .weigh(),
        })
    }

    /// The values as the page takes them, given to `with`.
    pub(crate) fn with_page<T>(&self, with: impl FnOnce(RunPage<'_>) -> T) -> T {
        let view = |generation: usize, name| GenerationView {
            name,
            manifest: &self.manifests[generation],
            loss: &self.losses[generation].train,
            held_out: &self.losses[generation].held_out,
            report: &self.reports[generation],
            seconds: [71.4, 74.9][generation],
            trained_parameters: 589_824,
            peak_memory_bytes: Some(612 << 20),
        };
        let stages = [
            ("writing the log", 1.2),
            ("curation", 9.7),
            ("training", 71.4),
            ("gate", 2.1),
            ("serving the month", 21.8),
            ("drift and relabelling", 3.3),
            ("curation again", 9.9),
            ("training again", 74.9),
            ("gate again", 2.2),
        ];
        let files = [
            ("task.toml", "the task"),
            ("teacher.jsonl", "the teacher’s log (generated)"),
            ("gold/gold.jsonl", "the gold set"),
            ("data/manifest.json", "ledger, hashes, leakage certificate"),
            ("data/train.jsonl", "rows to train on"),
            ("adapter/training.json", "lineage of the first adapter"),
            ("verdict/report.html", "the verdict on the first model"),
            ("month/drift.json", "one report a day"),
            ("month/relabel.jsonl", "rows for the teacher"),
            ("second/verdict/report.html", "the verdict on the second model"),
            ("money.json", "three ways to serve, weighed"),
        ];
        let stages = stages.map(|(name, seconds)| (name.to_owned(), seconds));
        let files = files.map(|(path, what)| (path.to_owned(), what.to_owned()));
        with(RunPage {
            title: "Card transactions, sorted by a model of your own",
            generated: true,
            generations: &[view(0, "First model"), view(1, "After the drift")],
            days: &self.days,
            windows: &self.windows,
            relabelled: Some(self.relabelled),
            serving: ServingView {
                p50_ms: 3.21,
                p90_ms: 4.02,
                p99_ms: 6.4,
                rows_per_second: 1_140.0,
                threads: 2,
                answers: 12_000,
            },
            balance: Some(&self.balance),
            stages: &stages,
            files: &files,
        })
    }

    /// The page.
    pub(crate) fn render(&self) -> String {
        self.with_page(|page| render(&page))
    }
}

fn curated(task: &Task, log: &std::path::Path, gold: &[Transaction]) -> Fallible<Curated> {
    let plan = CurateConfig {
        answer: AnswerFormat::Json {
            label: FieldPath::key("category"),
            confidence: Some(FieldPath::key("confidence")),
            scale: ConfidenceScale::Unit,
        },
        ..CurateConfig::default()
    }
    .check()?;
    let logs = [LogFile::new(log, LogFormat::OpenaiChat)];
    let gold = GoldRows::new(gold.iter().map(gold_row).collect());
    Ok(curate(&CurateInput::new(task, &logs).with_gold(&gold), &plan)?)
}

/// What the simulated adapter would have been trained on.
fn training_record(curated: &Curated) -> Fallible<TrainingRecord> {
    let leakage = curated.manifest.leakage.as_ref();
    let certificate = leakage.ok_or("the gold set was not compared")?.train.clone();
    let texts = curated.train.iter().filter_map(|row| row.example.input());
    Ok(TrainingRecord::default()
        .with_texts(texts)
        .with_certificate(certificate))
}

fn judged(
    (gold, rows): (&GoldSet, &[Transaction]),
    teacher: &Teacher,
    generation: usize,
    month: &[LiveRow],
    training: &TrainingRecord,
) -> Fallible<Report> {
    let history = History::default();
    let new_words: Vec<&str> = month
        .iter()
        .filter(|row| row.new_merchant)
        .map(|row| row.transaction.cue.as_str())
        .collect();
    let answers = rows.iter().map(|row| {
        let answer = teacher.answer(row.case(), 900);
        TeacherAnswer {
            id: gold_row(row).id,
            answer: answer.said.unwrap_or_default(),
            confidence: answer.confidence,
        }
    });
    let named = Named::new(teacher.config().model.clone(), "Sort the payment.");
    let baseline = Baseline::pin(gold, named, answers)?;
    let predicted = rows.iter().map(|row| {
        let is_new = new_words.contains(&row.cue.as_str());
        let (label, confidence) = answered(row, is_new, generation);
        PredictedRow {
            id: gold_row(row).id,
            prediction: Prediction::new(label).with_confidence(confidence),
        }
    });
    let name = ["adapter 1 (simulated)", "adapter 2 (simulated)"][generation];
    let candidate = Predictions::new(name, gold, predicted)?;
    let gate = Preset::ClearTheLine.config().check()?;
    let case = Case::new(gold, &baseline, &candidate, "after the month")
        .with_training(training)
        .with_history(&history);
    Ok(judge(&case, &gate)?)
}

/// A number in 0..1 that follows from a text.
fn chance(purpose: &str, text: &str) -> f64 {
    let hash = ContentHash::of_bytes(format!("{purpose}/{text}").as_bytes());
    let digits: String = hash
        .as_str()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(8)
        .collect();
    u32::from_str_radix(&digits, 16).map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

/// What stands for a model: the truth, with errors that are more frequent on hard lines and, for the first
/// generation, on what is new.
fn answered(row: &Transaction, is_new: bool, generation: usize) -> (&'static str, f64) {
    let error = match (is_new, generation) {
        (true, 0) => 0.62,
        _ => 0.026 * row.traits.hardness(),
    };
    let place = row.category as usize;
    if chance("error", &row.text) < error {
        let other = (place + 1 + (chance("other", &row.text) * 3.0) as usize) % Category::ALL.len();
        (
            Category::ALL[other].name(),
            0.35 + 0.5 * chance("unsure", &row.text),
        )
    } else {
        (
            row.category.name(),
            1.0 - 0.25 * chance("sure", &row.text).powi(3),
        )
    }
}

fn served(row: &LiveRow, generation: usize) -> Served {
    let (label, confidence) = answered(&row.transaction, row.new_merchant || row.new_format, generation);
    Served {
        id: row.id.clone(),
        at: row.at,
        input: row.transaction.text.clone(),
        label: label.to_owned(),
        confidence,
        outside: None,
        adapter: ContentHash::of_bytes(b"first").to_string(),
    }
}

fn day_view(rows: &[LiveRow], windows: &[WindowReport]) -> DayView {
    let day = rows.first().map_or(0, |row| row.day);
    let right = |generation| {
        let is_right = |row: &&LiveRow| served(row, generation).label == row.transaction.category.name();
        rows.iter().filter(is_right).count() as u64
    };
    let window = day
        .checked_sub(REFERENCE_DAYS + 1)
        .and_then(|index| windows.get(index));
    DayView {
        day: day as u32,
        date: format!("2026-06-{day:02}"),
        rows: rows.len() as u64,
        right_first: right(0),
        right_second: (day >= SECOND_FROM).then(|| right(1)),
        new_merchant_rows: rows.iter().filter(|row| row.new_merchant).count() as u64,
        new_format_rows: rows.iter().filter(|row| row.new_format).count() as u64,
        alarm: window.is_some_and(|window| window.alarm),
        note: (day == SECOND_FROM).then(|| "the second model takes over".to_owned()),
    }
}

fn relabelled(
    served: &[Vec<Served>],
    windows: &[WindowReport],
    live: &[Vec<LiveRow>],
    teacher: &Teacher,
    task: &Task,
) -> Fallible<RelabelledView> {
    let plan = RelabelConfig::default().check()?;
    let chosen: Vec<RelabelRow> = windows
        .iter()
        .zip(&served[REFERENCE_DAYS..])
        .filter(|(report, _)| report.alarm)
        .flat_map(|(report, window)| plan.choose(window, &report.findings))
        .collect();
    let by_id: BTreeMap<&str, &LiveRow> = live.iter().flatten().map(|row| (row.id.as_str(), row)).collect();
    let answers: BTreeMap<String, String> = chosen
        .iter()
        .filter_map(|row| {
            let said = teacher
                .answer(by_id.get(row.id.as_str())?.transaction.case(), 1)
                .said?;
            let label = task.labels().resolve(&said)?;
            Some((row.id.clone(), task.labels().labels()[label].name.clone()))
        })
        .collect();
    let chosen_for = |reason| chosen.iter().filter(|row| row.reason == reason).count() as u64;
    Ok(RelabelledView {
        rows: chosen.len() as u64,
        findings_rows: chosen_for(RelabelReason::Finding),
        unsure_rows: chosen_for(RelabelReason::LeastConfident),
        random_rows: chosen_for(RelabelReason::Random),
        agreement: estimate_live_accuracy(&chosen, &answers, 0.95)
            .ok()
            .map(|live| (live.agreement.share, live.agreement.low, live.agreement.high)),
    })
}

/// Losses that fall as losses do.
fn losses(steps: usize, floor: f64) -> Losses {
    let level =
        |step: usize| floor + 3.4 * (-(step as f64) / 60.0).exp() + 0.5 * (-(step as f64) / 400.0).exp();
    let rough = |step: usize| 0.55 + 0.9 * chance("loss", &format!("{floor} {step}"));
    Losses {
        train: (1..=steps)
            .map(|step| (step, level(step) * rough(step)))
            .collect(),
        held_out: (1..=steps / 100)
            .map(|part| (100 * part, 1.12 * level(100 * part) + 0.02))
            .collect(),
    }
}
