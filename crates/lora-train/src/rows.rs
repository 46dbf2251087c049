//! Rows of text as rows of ids.

use std::collections::BTreeMap;

use base_model::{BaseModel, Network};
use task_spec::{Example, Task};

use crate::RowError;

/// A row that can be trained on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EncodedRow {
    pub(crate) id: String,
    /// What goes into the network.
    pub(crate) ids: Vec<u32>,
    pub(crate) target: Target,
    /// Which label of the task the answer is.
    pub(crate) label: usize,
    pub(crate) weight: f64,
    /// Rows of one group stay on one side of the split.
    pub(crate) group: String,
}

/// What is learnt from a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// The class of the whole row.
    Class(usize),
    /// The tokens from this index on, each from the position before it.
    TokensFrom(usize),
}

impl EncodedRow {
    /// How many targets the row adds to the loss: 1 for a class, the answer's tokens for a chat.
    pub(crate) fn targets(&self) -> usize {
        match self.target {
            Target::Class(_) => 1,
            Target::TokensFrom(start) => self.ids.len() - start,
        }
    }
}

/// Turns a row into ids, by the same functions that serving uses.
pub(crate) fn encode(
    example: &Example,
    task: &Task,
    base: &BaseModel,
    max_tokens: usize,
) -> Result<EncodedRow, RowError> {
    let answer = example.answer().ok_or(RowError::NoAnswer)?;
    example.input().ok_or(RowError::NoQuestion)?;
    let label = task.labels().index_of(answer).ok_or_else(|| RowError::Label {
        answer: answer.to_owned(),
    })?;
    if !(example.weight.is_finite() && example.weight > 0.0) {
        return Err(RowError::Weight {
            weight: example.weight,
        });
    }
    let mut ids = base.question_ids(example.prompt())?;
    let target = match base.network {
        Network::Decoder(_) => {
            let start = ids.len();
            ids.extend(base.answer_ids(answer)?);
            Target::TokensFrom(start)
        }
        _ => Target::Class(label),
    };
    if ids.len() > max_tokens {
        return Err(RowError::TooLong {
            tokens: ids.len(),
            limit: max_tokens,
        });
    }
    Ok(EncodedRow {
        id: example.id.clone(),
        ids,
        target,
        label,
        weight: example.weight,
        group: example.cluster.clone().unwrap_or_else(|| example.id.clone()),
    })
}

/// Brings up the weights of rows with rare labels; see `TrainConfig::label_balance`.
pub(crate) fn balance_labels(rows: &mut [EncodedRow], power: f64) {
    let mut weights: BTreeMap<usize, f64> = BTreeMap::new();
    for row in &*rows {
        *weights.entry(row.label).or_default() += row.weight;
    }
    let total: f64 = weights.values().sum();
    for row in rows {
        row.weight *= (weights[&row.label] / total).powf(-power);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_of_1_counts_labels_alike_and_of_0_rows() {
        let row = |label, weight| EncodedRow {
            id: String::new(),
            ids: Vec::new(),
            target: Target::Class(label),
            label,
            weight,
            group: String::new(),
        };
        let given = [row(0, 1.0), row(0, 1.0), row(0, 2.0), row(4, 1.0)];
        let balanced = |power| {
            let mut rows = given.to_vec();
            balance_labels(&mut rows, power);
            rows.iter().map(|row| row.weight).collect::<Vec<_>>()
        };
        assert_eq!(balanced(0.0), [1.0, 1.0, 2.0, 1.0]);
        // Labels hold 4/5 and 1/5 of the weight.
        let close = |found: Vec<f64>, expected: [f64; 4]| {
            assert!(
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
                "{found:?}"
            );
        };
        close(balanced(1.0), [1.25, 1.25, 2.5, 5.0]);
        let root = 1.25_f64.sqrt();
        close(balanced(0.5), [root, root, 2.0 * root, 2.0 * root]);
    }
}
