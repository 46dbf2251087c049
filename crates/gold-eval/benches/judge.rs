//! What judging costs: `cargo bench -p gold-eval --bench judge`.
//!
//! 100,000 gold rows in 150 categories with a long tail, and a candidate that gives its whole distribution with each
//! answer: 15 million probabilities. The baseline is what a notebook does first, a scan of all rows for each category,
//! for precision, recall and F1 alone. What scikit-learn takes for these is measured by
//! `benches/peers/classification_report.py` on the same rows, which `GOLD_EVAL_BENCH_CSV=rows.csv` makes this bench
//! write.

use std::{env, fs};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gold_eval::{
    Baseline, Case, Gate, GoldSet, LabelMetrics, PowerPlanConfig, PredictedRow, Predictions, Preset, Teacher,
    TeacherAnswer, judge,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use task_spec::{GoldRow, Label, LabelProbability, Prediction, Task};

const CATEGORIES: usize = 150;

/// A gold set, a baseline, and the candidate's answers with and without their distributions.
struct Files {
    gold: GoldSet,
    baseline: Baseline,
    with_distributions: Predictions,
    answers_alone: Predictions,
    _folder: tempfile::TempDir,
}

fn name(label: usize) -> String {
    format!("category-{label:03}")
}

/// Two models that are right on nine of ten rows, and whose errors go anywhere.
fn files(rows: usize) -> Files {
    let mut random = ChaCha8Rng::seed_from_u64(150);
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    let path = folder.path().join("gold.jsonl");
    let task = Task::of_labels(
        "bench",
        (0..CATEGORIES).map(|label| Label::new(name(label))).collect(),
    )
    .expect("the labels are different");
    let truth: Vec<usize> = (0..rows)
        .map(|_| {
            let place: f64 = random.random_range(0.0..1.0);
            // Few rows in most categories: a hyperbola of the rank.
            ((154.0 / 4.0_f64).powf(place).mul_add(4.0, -4.0) as usize).min(CATEGORIES - 1)
        })
        .collect();
    let gold_rows = truth.iter().enumerate().map(|(row, &label)| GoldRow {
        id: format!("g{row}"),
        input: format!("question {row}"),
        label: name(label),
    });
    stage_files::write_json_lines(&path, gold_rows).expect("the folder is there");
    let gold = GoldSet::freeze(&path, &task, 1).expect("the rows are sound");
    let mut answer = |truth: usize| match random.random_bool(0.9) {
        true => truth,
        false => random.random_range(0..CATEGORIES),
    };
    let teacher = truth.iter().enumerate().map(|(row, &label)| TeacherAnswer {
        id: format!("g{row}"),
        answer: name(answer(label)),
        confidence: None,
    });
    let baseline = Baseline::pin(&gold, Teacher::new("teacher-2026-05-01", "Choose."), teacher)
        .expect("every row is answered");
    let answers: Vec<usize> = truth.iter().map(|&label| answer(label)).collect();
    let mut random = ChaCha8Rng::seed_from_u64(151);
    let predicted = |distribution: bool, random: &mut ChaCha8Rng| {
        let lines: Vec<PredictedRow> = answers
            .iter()
            .enumerate()
            .map(|(row, &answer)| {
                let sure = random.random_range(0.4..0.999);
                let mut prediction = Prediction::new(name(answer)).with_confidence(sure);
                if distribution {
                    prediction.probabilities = spread(answer, sure);
                }
                PredictedRow {
                    id: format!("g{row}"),
                    prediction,
                }
            })
            .collect();
        Predictions::new("adapter", &gold, lines).expect("every row is answered")
    };
    Files {
        with_distributions: predicted(true, &mut random),
        answers_alone: predicted(false, &mut random),
        gold,
        baseline,
        _folder: folder,
    }
}

/// The rest of the probability over all other labels, most probable first.
fn spread(answer: usize, sure: f64) -> Vec<LabelProbability> {
    let entry = |label: usize, probability: f64| LabelProbability {
        label: name(label % CATEGORIES),
        probability,
    };
    let others = CATEGORIES - 1;
    let sum = (others * (others + 1) / 2) as f64;
    let rest = (1..=others).map(|rank| {
        let weight = (CATEGORIES - rank) as f64 / sum;
        entry(answer + rank, (1.0 - sure) * weight)
    });
    std::iter::once(entry(answer, sure)).chain(rest).collect()
}

/// Precision, recall and F1, each category by a scan of all rows.
fn scan_for_each_category(gold: &GoldSet, predictions: &Predictions) -> Vec<[f64; 3]> {
    let rows = || gold.rows().iter().zip(predictions.rows());
    gold.labels()
        .names()
        .map(|label| {
            let support = rows().filter(|(row, _)| row.label == label).count() as f64;
            let answered = rows()
                .filter(|(_, prediction)| prediction.answer == label)
                .count() as f64;
            let correct = rows()
                .filter(|(row, prediction)| row.label == label && prediction.answer == label)
                .count() as f64;
            [
                correct / answered,
                correct / support,
                2.0 * correct / (support + answered),
            ]
        })
        .collect()
}

fn judging(criterion: &mut Criterion) {
    // In test mode, where each bench runs once, a tenth of the rows does.
    let rows = if env::args().any(|argument| argument == "--test") {
        10_000
    } else {
        100_000
    };
    let files = files(rows);
    if let Some(path) = env::var_os("GOLD_EVAL_BENCH_CSV") {
        let pairs = files.gold.rows().iter().zip(files.answers_alone.rows());
        let lines: String = pairs
            .map(|(row, prediction)| format!("{},{}\n", row.label, prediction.answer))
            .collect();
        fs::write(path, format!("label,answer\n{lines}")).expect("the file can be written");
    }
    let gate: Gate = Preset::Strict.config().check().expect("presets are sound");
    let judged = |candidate: &Predictions| {
        let case = Case::new(&files.gold, &files.baseline, candidate, "now");
        judge(&case, &gate).expect("the parts belong together")
    };

    let mut group = criterion.benchmark_group(format!("judge/{rows}x{CATEGORIES}"));
    group
        .sample_size(10)
        .throughput(Throughput::Elements(rows as u64));
    group.bench_function("whole, with distributions", |bencher| {
        bencher.iter(|| judged(&files.with_distributions));
    });
    group.bench_function("whole, answers and confidences", |bencher| {
        bencher.iter(|| judged(&files.answers_alone));
    });
    group.bench_function("a scan for each category, F1 alone", |bencher| {
        bencher.iter(|| scan_for_each_category(&files.gold, &files.answers_alone));
    });
    let index = |label: &str| files.gold.labels().index_of(label);
    let truth: Vec<usize> = files
        .gold
        .rows()
        .iter()
        .filter_map(|row| index(&row.label))
        .collect();
    let answers: Vec<Option<usize>> = files
        .answers_alone
        .rows()
        .iter()
        .map(|row| index(&row.answer))
        .collect();
    group.bench_function("averages and agreement alone", |bencher| {
        bencher.iter(|| LabelMetrics::new(&truth, &answers, CATEGORIES, 0.95).expect("the lists fit"));
    });
    group.finish();

    let mut group = criterion.benchmark_group(format!("power_plan/{CATEGORIES} categories"));
    group.sample_size(10);
    for points in [10.0, 1.0] {
        let target = PowerPlanConfig::new(points / 100.0)
            .check()
            .expect("the drop is in range");
        group.bench_function(format!("a drop of {points} points"), |bencher| {
            bencher.iter(|| target.plan(files.gold.lock().parts.clone()));
        });
    }
    group.finish();
}

criterion_group!(benches, judging);
criterion_main!(benches);
