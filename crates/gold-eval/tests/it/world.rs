//! A small world with a gold set in it, and models of known quality.

use std::path::{Path, PathBuf};

use gold_eval::{Baseline, GoldSet, PredictedRow, Predictions, Teacher, TeacherAnswer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stage_files::write_json_lines;
use task_spec::{GoldRow, Label, Prediction, Task};

/// Gold rows of a fixed number per category, frozen in a folder of their own.
pub(crate) struct World {
    pub(crate) task: Task,
    pub(crate) gold: GoldSet,
    pub(crate) supports: Vec<usize>,
    pub(crate) folder: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(supports: &[usize]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let task = task(supports.len());
        write_json_lines(&folder.path().join("gold.jsonl"), rows(supports)).unwrap();
        let gold = GoldSet::freeze(&folder.path().join("gold.jsonl"), &task, 1).unwrap();
        Self {
            task,
            gold,
            supports: supports.to_vec(),
            folder,
        }
    }

    /// About 1,500 rows in 44 categories with a long tail: 8 rows in the rarest.
    pub(crate) fn long_tail() -> Self {
        let supports: Vec<usize> = (0..44)
            .map(|rank| 5 + 3800 / (22 + rank * rank / 2 + 4 * rank))
            .collect();
        Self::new(&supports)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Answers that are right in a category with the probability that `accuracy` gives it, by index and rows,
    /// and otherwise name the next category. Errors of different seeds are independent.
    pub(crate) fn answers(&self, seed: u64, accuracy: impl Fn(usize, usize) -> f64) -> Vec<(String, String)> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let labels = self.task.labels();
        let rows = self.gold.rows().iter();
        rows.map(|row| {
            let label = labels.index_of(&row.label).unwrap();
            let right = random.random_bool(accuracy(label, self.supports[label]));
            let answered = if right { label } else { (label + 1) % labels.len() };
            (row.id.clone(), labels.name(answered).unwrap().to_owned())
        })
        .collect()
    }

    pub(crate) fn baseline(&self, answers: Vec<(String, String)>) -> Baseline {
        let answers = answers.into_iter().map(|(id, answer)| TeacherAnswer {
            id,
            answer,
            confidence: None,
        });
        Baseline::pin(&self.gold, teacher(), answers).unwrap()
    }

    pub(crate) fn predictions(&self, answers: Vec<(String, String)>) -> Predictions {
        let rows = answers.into_iter().map(|(id, answer)| PredictedRow {
            id,
            prediction: Prediction::new(answer),
        });
        Predictions::new("adapter", &self.gold, rows).unwrap()
    }
}

pub(crate) fn teacher() -> Teacher {
    Teacher::new("teacher-2026-05-01", "Choose one label.")
}

pub(crate) fn task(labels: usize) -> Task {
    Task::of_labels(
        "demo",
        (0..labels).map(|i| Label::new(format!("label-{i:02}"))).collect(),
    )
    .unwrap()
}

pub(crate) fn rows(supports: &[usize]) -> Vec<GoldRow> {
    let labels = supports
        .iter()
        .enumerate()
        .flat_map(|(label, &rows)| std::iter::repeat_n(label, rows));
    labels
        .enumerate()
        .map(|(i, label)| GoldRow {
            id: format!("g{i:04}"),
            input: format!("question {i} about {label}"),
            label: format!("label-{label:02}"),
        })
        .collect()
}

/// Writes a gold file of raw lines.
pub(crate) fn write_lines(path: &Path, lines: &[&str]) {
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}
