//! Raw answers, scored again by the task as it is now.

use std::path::Path;

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, read_json};

use super::{BaselineFile, BaselineRow, BaselineStep};
use crate::{Baseline, BaselineError, GoldKind, GoldSet, join};

/// A raw answer that means something else than it was pinned as. Meanings are in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RescoredRow {
    /// The gold row's id.
    pub id: String,
    /// What the teacher wrote, word for word.
    pub answer: String,
    /// What it was pinned as; `None` is outside the task, or could not be read.
    pub before: Option<String>,
    /// What it means now.
    pub after: Option<String>,
    /// The right answer.
    pub right: String,
}

/// What scoring a baseline again has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescore {
    /// The answers that mean something else now, in the order of the gold set.
    pub rows: Vec<RescoredRow>,
    /// Right answers before.
    pub correct_before: u64,
    /// Right answers after.
    pub correct_after: u64,
    /// Answers outside the task before.
    pub outside_before: u64,
    /// Answers outside the task after.
    pub outside_after: u64,
}

impl<K: GoldKind> Baseline<K> {
    /// Scores the raw answers in a pinned baseline again, for a task whose aliases changed since, or after the
    /// rules of reading did, and says what that changes.
    ///
    /// The file stays as it is: [`write`](Self::write) the result to another place. It says in [`steps`](Self::steps)
    /// from which file it comes. The line moves with it, so reports on either side of it are not to be compared.
    ///
    /// # Errors
    ///
    /// [`BaselineError::OtherGold`] for another version or content of the gold set, and as [`Baseline::pin`].
    pub fn rescore(path: &Path, gold: &GoldSet<K>) -> Result<(Self, Rescore), BaselineError> {
        let from = ContentHash::of_file(path)?;
        let file: BaselineFile<K::Meaning> = read_json(path)?;
        file.belongs_to(path, gold)?;
        let raw: Vec<_> = file.rows.iter().map(BaselineRow::raw).collect();
        let mut scored = Self::pin(gold, file.teacher, raw)?;
        let pinned = join::by_id(gold, file.rows.into_iter().map(|row| (row.id.clone(), row)))?;
        let rows: Vec<RescoredRow> = (pinned.iter().enumerate())
            .filter_map(|(row, answer)| changed_meaning(gold, row, answer))
            .collect();
        let pinned_right = pinned.iter().enumerate().filter(|(row, answer)| {
            (answer.meaning.as_ref()).is_some_and(|meaning| K::is_right(gold, *row, meaning))
        });
        let right = pinned_right.count();
        let rescore = Rescore {
            correct_before: right as u64,
            correct_after: scored.correct(),
            outside_before: pinned.iter().filter(|row| row.meaning.is_none()).count() as u64,
            outside_after: scored.outside(),
            rows,
        };
        scored.file.steps = file.steps;
        scored.file.usage = file.usage;
        scored.file.steps.push(BaselineStep::Rescored {
            from,
            changed: rescore.rows.len() as u64,
        });
        Ok((scored, rescore))
    }
}

/// The answer to a row, if it means something else than it was pinned as.
pub(super) fn changed_meaning<K: GoldKind>(
    gold: &GoldSet<K>,
    row: usize,
    answer: &BaselineRow<K::Meaning>,
) -> Option<RescoredRow> {
    let after = K::read(gold, row, &answer.answer);
    (after != answer.meaning).then(|| RescoredRow {
        id: answer.id.clone(),
        answer: answer.answer.clone(),
        before: answer.meaning.as_ref().map(K::in_words),
        after: after.as_ref().map(K::in_words),
        right: K::right_answer(&gold.rows()[row]),
    })
}
