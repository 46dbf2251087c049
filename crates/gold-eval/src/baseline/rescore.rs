//! Raw answers, scored again by the task as it is now.

use std::path::Path;

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, read_json};
use task_spec::GoldRow;

use super::{BaselineFile, BaselineRow, BaselineStep, name_of};
use crate::{Baseline, BaselineError, GoldSet, join};

/// A raw answer that means another label than it was pinned as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RescoredRow {
    /// The gold row's id.
    pub id: String,
    /// What the teacher wrote, word for word.
    pub answer: String,
    /// The label that it was pinned as; `None` is outside the task.
    pub before: Option<String>,
    /// The label that it means now.
    pub after: Option<String>,
    /// The right answer.
    pub right: String,
}

/// What scoring a baseline again has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescore {
    /// The answers that mean another label now, in the order of the gold set.
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

impl Baseline {
    /// Scores the raw answers in a pinned baseline again, for a task whose aliases changed since, and says what that
    /// changes.
    ///
    /// The file stays as it is: [`write`](Self::write) the result to another place. It says in [`steps`](Self::steps)
    /// from which file it comes. The line moves with it, so reports on either side of it are not to be compared.
    ///
    /// # Errors
    ///
    /// [`BaselineError::OtherGold`] for another version or content of the gold set, and as [`Baseline::pin`].
    pub fn rescore(path: &Path, gold: &GoldSet) -> Result<(Self, Rescore), BaselineError> {
        let from = ContentHash::of_file(path)?;
        let file: BaselineFile = read_json(path)?;
        file.belongs_to(path, gold)?;
        let raw: Vec<_> = file.rows.iter().map(BaselineRow::raw).collect();
        let mut scored = Self::pin(gold, file.teacher, raw)?;
        let pinned = join::by_id(gold, file.rows.into_iter().map(|row| (row.id.clone(), row)))?;
        let rows: Vec<RescoredRow> = (gold.rows().iter().zip(&pinned))
            .filter_map(|(row, answer)| changed_meaning(gold, row, answer))
            .collect();
        let right = |(row, pinned): &(&GoldRow, &BaselineRow)| pinned.label.as_ref() == Some(&row.label);
        let rescore = Rescore {
            correct_before: gold.rows().iter().zip(&pinned).filter(right).count() as u64,
            correct_after: scored.correct(),
            outside_before: pinned.iter().filter(|row| row.label.is_none()).count() as u64,
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

/// The answer to a row, if it means another label than it was pinned as.
pub(super) fn changed_meaning(gold: &GoldSet, row: &GoldRow, answer: &BaselineRow) -> Option<RescoredRow> {
    let after = name_of(gold, gold.labels().resolve(&answer.answer));
    (after != answer.label).then(|| RescoredRow {
        id: row.id.clone(),
        answer: answer.answer.clone(),
        before: answer.label.clone(),
        after,
        right: row.label.clone(),
    })
}
