//! The audit of what is kept on the teacher's word.

use super::{CurateInput, fates::Fate, reviewed::ReviewedAnswers, settled::Settled};
use crate::{
    AuditRecord, CuratePlan,
    audit::{Audit, KeptRow},
};

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
    let population: Vec<KeptRow<'_>> = kept
        .iter()
        .map(|&row| KeptRow {
            id: &rows[row].id,
            label: rows[row].label,
            calls: calls[row],
            is_wrong: answers
                .of_text(rows[row].text_id())
                .map(|label| label != rows[row].label),
        })
        .collect();
    let labels = input.task.labels();
    let name = |label: usize| labels.name(label).unwrap_or_default().to_owned();
    let audit = Audit::of(&population, name, &plan.config().review.audit)?;
    let unread = audit
        .order
        .iter()
        .filter(|&&row| population[row].is_wrong.is_none());
    Some(Drawn {
        unread: unread.map(|&row| kept[row]).collect(),
        record: audit.record,
    })
}
