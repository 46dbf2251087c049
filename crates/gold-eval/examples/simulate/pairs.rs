//! Pairs of models of known quality on the rows of a gold set that is drawn anew for each pair.

use std::error::Error;

use gold_eval::{GoldSet, RightRows};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stage_files::write_json_lines;
use task_spec::{GoldRow, Label, Task};

/// A gold set with rows by category, and a baseline that is equally good in all of them.
pub(crate) struct Pairs {
    pub(crate) gold: GoldSet,
    supports: Vec<usize>,
    /// The baseline's true accuracy, in 0..1.
    pub(crate) accuracy: f64,
}

/// In what the candidate truly differs from the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shift {
    /// Better by so much in every category, as a share; worse where it is below 0.
    Everywhere(f64),
    /// Equal on average as far as the other categories can make up for it, while one category, the one with the fewest
    /// rows, is right in a fifth of cases only.
    LosesRarest,
}

/// The recall of a category that was lost.
const LOST: f64 = 0.2;

impl Pairs {
    pub(crate) fn new(supports: &[usize], accuracy: f64) -> Result<Self, Box<dyn Error>> {
        let name = |label: usize| format!("category-{label:03}");
        let task = Task::of_labels(
            "simulated",
            (0..supports.len()).map(|i| Label::new(name(i))).collect(),
        )?;
        let labels = supports
            .iter()
            .enumerate()
            .flat_map(|(label, &rows)| std::iter::repeat_n(label, rows));
        let rows = labels.enumerate().map(|(row, label)| GoldRow {
            id: row.to_string(),
            input: format!("question {row}"),
            label: name(label),
        });
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("gold.jsonl");
        write_json_lines(&path, rows)?;
        Ok(Self {
            gold: GoldSet::freeze(&path, &task, 1)?,
            supports: supports.to_vec(),
            accuracy,
        })
    }

    /// Which rows the baseline and the candidate have right.
    ///
    /// Each row is as hard as a number in 0..1, and a model has it right if that is below its accuracy. On a share
    /// `shared` of the rows, drawn by chance, the row is equally hard for both, so that their errors fall together;
    /// on the others each draws a number of its own. Whatever the share, both are right as often as they should be.
    pub(crate) fn draw(&self, shift: Shift, shared: f64, seed: u64) -> (RightRows, RightRows) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let ours = self.candidate(shift);
        let of_rows =
            (self.supports.iter().zip(&ours)).flat_map(|(&rows, &ours)| std::iter::repeat_n(ours, rows));
        let (mut baseline, mut candidate) = (Vec::new(), Vec::new());
        for ours in of_rows {
            let theirs_is_hard: f64 = random.random();
            let own: f64 = random.random();
            let is_hard = if random.random_bool(shared) {
                theirs_is_hard
            } else {
                own
            };
            baseline.push(theirs_is_hard < self.accuracy);
            candidate.push(is_hard < ours);
        }
        (RightRows::new(baseline), RightRows::new(candidate))
    }

    /// The candidate's true accuracy less the baseline's: what was asked for, unless the candidate would have to be
    /// right more often than always.
    pub(crate) fn true_difference(&self, shift: Shift) -> f64 {
        let rows: usize = self.supports.iter().sum();
        let of_each = self.supports.iter().zip(self.candidate(shift));
        let right: f64 = of_each.map(|(&rows, recall)| rows as f64 * recall).sum();
        right / rows as f64 - self.accuracy
    }

    /// The candidate's true recall by category.
    fn candidate(&self, shift: Shift) -> Vec<f64> {
        let rarest = (0..self.supports.len())
            .rev()
            .min_by_key(|&label| self.supports[label]);
        let all: usize = self.supports.iter().sum();
        match (shift, rarest) {
            (Shift::LosesRarest, Some(rarest)) => {
                let lost = self.supports[rarest] as f64;
                let made_up = (self.accuracy - LOST) * lost / (all as f64 - lost);
                let recall = |label| {
                    if label == rarest {
                        LOST
                    } else {
                        (self.accuracy + made_up).min(1.0)
                    }
                };
                (0..self.supports.len()).map(recall).collect()
            }
            (Shift::Everywhere(by), _) => vec![(self.accuracy + by).clamp(0.0, 1.0); self.supports.len()],
            (Shift::LosesRarest, None) => Vec::new(),
        }
    }
}

/// About 1,500 rows in 44 categories with a long tail: 8 rows in the rarest.
pub(crate) fn long_tail() -> Vec<usize> {
    (0..44_usize)
        .map(|rank| 5 + 3800 / (22 + rank * rank / 2 + 4 * rank))
        .collect()
}
