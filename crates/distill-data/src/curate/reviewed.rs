//! What a person has said about some of the texts.

use std::collections::BTreeMap;

use super::CurateInput;
use crate::{Calibration, CheckedAnswer, CurateError, CuratePlan, ReviewedRecord, normalise, row::Call};

/// Lets reviewed rows override the teacher, draws the calibration from them and applies it to all calls.
///
/// `None` if there are no reviewed rows.
pub(super) fn apply_reviewed(
    input: &CurateInput<'_>,
    plan: &CuratePlan,
    calls: &mut [Call],
) -> Result<Option<ReviewedRecord>, CurateError> {
    if input.reviewed.is_empty() {
        return Ok(None);
    }
    let mut by_text: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for (number, row) in (1..).zip(input.reviewed) {
        let label = input.task.labels().resolve(&row.label);
        let label = label.ok_or_else(|| CurateError::ReviewedLabel {
            row: number,
            label: row.label.clone(),
        })?;
        let question = plan.config().personal_data.mask(&row.input).text;
        by_text.insert(normalise(&question), (label, false));
    }
    let mut checked = Vec::new();
    for call in calls.iter_mut() {
        let Some((label, is_found)) = by_text.get_mut(&call.text) else {
            continue;
        };
        *is_found = true;
        let right = call.label() == *label;
        checked.extend(
            call.reported
                .map(|confidence| CheckedAnswer { confidence, right }),
        );
        call.by_person = true;
        call.ballot.votes = BTreeMap::from([(*label, 1)]);
        call.ballot.asked = 1;
        call.ballot.distribution.clear();
    }
    let calibration = Calibration::fit(&checked);
    for call in calls.iter_mut() {
        call.ballot.confidence = call.reported.map(|confidence| calibration.apply(confidence));
    }
    let cuts = plan.config().target_precision.map(|target| {
        let kinds = calibration.kinds().map(|(kind, _)| kind);
        kinds
            .map(|kind| (kind, calibration.cut_for(kind, target)))
            .collect()
    });
    Ok(Some(ReviewedRecord {
        rows: input.reviewed.len(),
        found: by_text.values().filter(|(_, is_found)| *is_found).count(),
        checked: checked.len(),
        right: checked.iter().filter(|answer| answer.right).count(),
        calibration,
        cuts: cuts.unwrap_or_default(),
    }))
}
