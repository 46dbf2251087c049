//! A candidate that writes sentences before the gate.

use task_spec::{Prediction, SentenceStyle};

use super::{
    details::SentenceDetails,
    report::{SentenceGrades, grade_sentences},
};
use crate::{
    Case, Gate, GradedReport, JoinError, JudgeError, PartKind,
    graded::{CaseGrades, judge_case},
};

/// Judges answers that are sentences: what [`judge`](crate::judge()) does for such a case.
pub(super) fn judge_sentences(
    case: &Case<'_, SentenceStyle>,
    gate: &Gate,
) -> Result<GradedReport<SentenceDetails>, JudgeError> {
    let set = case.gold.sentence_set();
    let graded = |answers: Vec<&str>| -> Result<SentenceGrades, JoinError> {
        let ids = case.gold.ids().map(str::to_owned);
        grade_sentences(
            case.gold.checker(),
            set,
            ids.zip(answers.into_iter().map(str::to_owned)),
        )
    };
    let predicted = |rows: &[Prediction]| graded(rows.iter().map(|row| row.answer.as_str()).collect());
    let candidate = predicted(case.candidate.rows())?;
    let baseline = graded(
        case.baseline
            .rows()
            .iter()
            .map(|row| row.answer.as_str())
            .collect(),
    )?;
    let shipped = case
        .shipped
        .map(|shipped| predicted(shipped.rows()))
        .transpose()?;
    let repeats = (case.repeats.iter())
        .map(|run| Ok(predicted(run.rows())?.grades().clone()))
        .collect::<Result<_, JoinError>>()?;
    let details = SentenceDetails::of(
        (case.candidate.predictor(), &candidate),
        (&case.baseline.teacher().model, &baseline),
        set,
    );
    let grades = CaseGrades {
        candidate: candidate.grades().clone(),
        baseline: baseline.grades().clone(),
        shipped: shipped.map(|grades| grades.grades().clone()),
        repeats,
    };
    judge_case(case, PartKind::Check, &grades, gate, details)
}
