//! The audit of what is kept on the teacher's word.

use super::{CurateInput, fates::Fate, reviewed::ReviewedAnswers, settled::Settled};
use crate::{AuditCounts, AuditRecord, CuratePlan, KeptRows};

/// What is drawn for the audit.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Indexes of the drawn rows that nobody has answered, in the order of the draw.
    pub(super) unread: Vec<usize>,
    pub(super) record: AuditRecord,
}

/// Draws from the rows that are kept without the word of a person; `None` if the plan draws none.
pub(super) fn draw(
    input: &CurateInput<'_>,
    plan: &CuratePlan,
    teacher: &Settled,
    answers: &ReviewedAnswers,
) -> Option<Drawn> {
    let rows = &teacher.rows;
    let calls = teacher.calls_behind();
    let kept: Vec<usize> = (0..rows.len())
        .filter(|&row| *teacher.fates.of(row) == Fate::Train && !rows[row].by_person)
        .collect();
    let mut counts = AuditCounts::default();
    for &row in &kept {
        counts.add(rows[row].label, KeptRows::one(calls[row] as u64));
    }
    let mut draw = counts.draw(&plan.config().review.audit);
    for &row in &kept {
        draw.push(&rows[row].id, rows[row].label, calls[row]);
    }
    let labels = input.task.labels();
    let name = |label: usize| labels.name(label).unwrap_or_default().to_owned();
    let audit = draw.finish(name, |id, label| answers.is_wrong(id, label))?;
    // Rows are by rising id.
    let place = |id: &String| kept.binary_search_by(|&row| rows[row].id.cmp(id)).ok();
    let unread = audit.unread.iter().filter_map(place);
    Some(Drawn {
        unread: unread.map(|place| kept[place]).collect(),
        record: audit.record,
    })
}
