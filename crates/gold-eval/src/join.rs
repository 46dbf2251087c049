//! Answers matched to gold rows by id, never by position.

use std::collections::HashMap;

use crate::{GoldKind, GoldSet};

/// Answers and gold rows do not match one to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// A gold row has no answer.
    #[error("gold row {id:?} has no answer, as have {others} others: answer every row of the gold set")]
    Missing {
        /// The first such row, in the order of the gold set.
        id: String,
        /// How many more there are.
        others: usize,
    },
    /// An answer belongs to no gold row.
    #[error("there is an answer for {id:?}, which is no row of the gold set, and {others} others like it")]
    Extra {
        /// The first such answer, in the order of the answers.
        id: String,
        /// How many more there are.
        others: usize,
    },
    /// A gold row is answered more than once.
    #[error("gold row {id:?} is answered more than once: keep one answer")]
    Duplicate {
        /// The row.
        id: String,
    },
}

/// The answers in the order of the gold set.
pub(crate) fn by_id<K: GoldKind, T>(
    gold: &GoldSet<K>,
    answers: impl IntoIterator<Item = (String, T)>,
) -> Result<Vec<T>, JoinError> {
    by_ids(&gold.ids().collect::<Vec<_>>(), answers)
}

/// The answers in the order of these ids.
pub(crate) fn by_ids<T>(
    ids: &[&str],
    answers: impl IntoIterator<Item = (String, T)>,
) -> Result<Vec<T>, JoinError> {
    let positions: HashMap<&str, usize> = (ids.iter().enumerate())
        .map(|(position, id)| (*id, position))
        .collect();
    let mut joined: Vec<Option<T>> = ids.iter().map(|_| None).collect();
    let mut extra: Option<(String, usize)> = None;
    for (id, answer) in answers {
        match positions.get(id.as_str()) {
            Some(&position) if joined[position].is_some() => return Err(JoinError::Duplicate { id }),
            Some(&position) => joined[position] = Some(answer),
            None => match &mut extra {
                Some((_, others)) => *others += 1,
                None => extra = Some((id, 0)),
            },
        }
    }
    if let Some((id, others)) = extra {
        return Err(JoinError::Extra { id, others });
    }
    let missing = joined.iter().filter(|answer| answer.is_none()).count();
    if let Some(first) = joined.iter().position(Option::is_none) {
        return Err(JoinError::Missing {
            id: ids[first].to_owned(),
            others: missing - 1,
        });
    }
    Ok(joined.into_iter().flatten().collect())
}
