//! A candidate that extracts fields before the gate.

use task_spec::{FieldSchema, Prediction};

use crate::{
    Case, FieldDetails, Gate, GradedReport, JudgeError, PartKind, ReadAnswer,
    fields::{
        details::{Both, Graded},
        figures::{as_grades, graded_records},
    },
    graded::{CaseGrades, judge_case},
    read_answer,
};

/// Judges answers that are fields: what [`judge`](crate::judge()) does for such a case.
pub(super) fn judge_fields(
    case: &Case<'_, FieldSchema>,
    gate: &Gate,
) -> Result<GradedReport<FieldDetails>, JudgeError> {
    let gold = case.gold;
    let read = |answer: &str| read_answer(answer, gold.schema());
    let read_all = |rows: &[Prediction]| rows.iter().map(|row| read(&row.answer)).collect();
    let candidate: Vec<ReadAnswer> = read_all(case.candidate.rows());
    let baseline: Vec<ReadAnswer> = (case.baseline.rows().iter())
        .map(|row| read(&row.answer))
        .collect();
    let (ours, theirs) = (graded_records(gold, &candidate), graded_records(gold, &baseline));
    let graded = |rows: &[Prediction]| as_grades(gold, &graded_records(gold, &read_all(rows)));
    let grades = CaseGrades {
        candidate: as_grades(gold, &ours),
        baseline: as_grades(gold, &theirs),
        shipped: case.shipped.map(|shipped| graded(shipped.rows())),
        repeats: case.repeats.iter().map(|run| graded(run.rows())).collect(),
    };
    let details = Both {
        gold,
        candidate: Graded {
            answers: &candidate,
            records: &ours,
        },
        baseline: Graded {
            answers: &baseline,
            records: &theirs,
        },
        confidence: gate.confidence(),
    }
    .details();
    judge_case(case, PartKind::Field, &grades, gate, details)
}
