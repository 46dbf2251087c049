//! Rows of text as rows of ids.

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
        weight: example.weight,
        group: example.cluster.clone().unwrap_or_else(|| example.id.clone()),
    })
}
