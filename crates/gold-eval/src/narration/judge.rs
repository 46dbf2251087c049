//! A candidate that writes sentences before the gate.

use task_spec::{Prediction, SentenceStyle};

use super::{details::SentenceDetails, report::grade_in_order};
use crate::{
    Case, Gate, GradedReport, JudgeError, PartKind,
    graded::{CaseGrades, judge_case},
};

/// Judges answers that are sentences: what [`judge`](crate::judge()) does for such a case.
pub(super) fn judge_sentences(
    case: &Case<'_, SentenceStyle>,
    gate: &Gate,
) -> Result<GradedReport<SentenceDetails>, JudgeError> {
    let (set, checker) = (case.gold.sentence_set(), case.gold.checker());
    let graded = |rows: &[Prediction]| {
        let sentences = rows.iter().map(|row| row.answer.clone());
        grade_in_order(checker, set, sentences.collect())
    };
    let candidate = graded(case.candidate.rows());
    let pinned = case.baseline.rows().iter().map(|row| row.answer.clone());
    let baseline = grade_in_order(checker, set, pinned.collect());
    let details = SentenceDetails::of(
        (case.candidate.predictor(), &candidate),
        (&case.baseline.teacher().model, &baseline),
        set,
    );
    let grades = CaseGrades {
        candidate: candidate.grades().clone(),
        baseline: baseline.grades().clone(),
        shipped: case
            .shipped
            .map(|shipped| graded(shipped.rows()).grades().clone()),
        repeats: (case.repeats.iter())
            .map(|run| graded(run.rows()).grades().clone())
            .collect(),
    };
    judge_case(case, PartKind::Check, &grades, gate, details)
}
