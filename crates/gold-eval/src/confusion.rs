//! Which categories are taken for which.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::GoldSet;

/// How many confusions a report lists.
pub const LISTED_CONFUSIONS: usize = 20;

/// How many rows are shown of each.
const EXAMPLES: usize = 3;

/// A gold row as an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleRow {
    /// Its id.
    pub id: String,
    /// The question.
    pub input: String,
}

/// One category answered as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// The right label.
    pub label: String,
    /// The label that the candidate gave; `None` for answers outside the task.
    pub answered: Option<String>,
    /// How many rows.
    pub rows: u64,
    /// How many rows the baseline answers so.
    pub baseline_rows: u64,
    /// The first few of them, in the order of the gold set.
    pub examples: Vec<ExampleRow>,
}

/// The most frequent confusions of the candidate: most rows first, then by label.
pub(crate) fn confusions(
    gold: &GoldSet,
    candidate: &[Option<usize>],
    baseline: &[Option<usize>],
) -> Vec<Confusion> {
    let mut pairs: BTreeMap<(usize, Option<usize>), Tally> = BTreeMap::new();
    for (row, &truth) in gold.truth().iter().enumerate() {
        if candidate[row] != Some(truth) {
            let tally = pairs.entry((truth, candidate[row])).or_default();
            tally.rows += 1;
            if tally.examples.len() < EXAMPLES {
                tally.examples.push(row);
            }
        }
        if baseline[row] != Some(truth) {
            pairs.entry((truth, baseline[row])).or_default().baseline_rows += 1;
        }
    }
    let name = |label: usize| gold.labels().name(label).unwrap_or_default().to_owned();
    let mut confusions: Vec<Confusion> = pairs
        .into_iter()
        .filter(|(_, tally)| tally.rows > 0)
        .map(|((label, answered), tally)| Confusion {
            label: name(label),
            answered: answered.map(name),
            rows: tally.rows,
            baseline_rows: tally.baseline_rows,
            examples: tally
                .examples
                .into_iter()
                .map(|row| ExampleRow {
                    id: gold.rows()[row].id.clone(),
                    input: gold.rows()[row].input.clone(),
                })
                .collect(),
        })
        .collect();
    confusions.sort_by(|a, b| {
        (b.rows.cmp(&a.rows))
            .then_with(|| a.label.cmp(&b.label))
            .then_with(|| a.answered.cmp(&b.answered))
    });
    confusions.truncate(LISTED_CONFUSIONS);
    confusions
}

/// What is counted of a pair of labels.
#[derive(Default)]
struct Tally {
    rows: u64,
    baseline_rows: u64,
    examples: Vec<usize>,
}
