//! A candidate that extracts fields before the gate.

use stage_files::ContentHash;
use task_spec::GoldRow;

use crate::{
    FieldAnswers, FieldBaseline, FieldDetails, FieldGold, Gate, GradedCase, GradedGold, GradedReport,
    History, JudgeError, Leakage, PartKind, TrainingRecord,
    fields::{
        details::Graded,
        figures::{as_grades, graded_records},
    },
    graded::judge_grades,
};

/// Everything that a verdict on fields rests on.
#[derive(Debug, Clone, Copy)]
pub struct FieldCase<'a> {
    /// The documents and their fields.
    pub gold: &'a FieldGold,
    /// The line to beat.
    pub baseline: &'a FieldBaseline,
    /// The answers to be judged.
    pub candidate: &'a FieldAnswers,
    /// The answers of the model that was shipped last.
    pub shipped: Option<&'a FieldAnswers>,
    /// What the candidate was trained on, and the leakage certificate that came with it.
    pub training: Option<&'a TrainingRecord>,
    /// Earlier looks at the gold set.
    pub history: Option<&'a History>,
    /// When this is, in whatever form the reports shall state it: nothing here reads a clock.
    pub at: &'a str,
}

impl<'a> FieldCase<'a> {
    /// A case of which nothing else is known.
    #[must_use]
    pub fn new(
        gold: &'a FieldGold,
        baseline: &'a FieldBaseline,
        candidate: &'a FieldAnswers,
        at: &'a str,
    ) -> Self {
        Self {
            gold,
            baseline,
            candidate,
            shipped: None,
            training: None,
            history: None,
            at,
        }
    }
}

/// Judges a case by a gate: whole records are the headline, and fields take the place of categories in its rules. A
/// candidate that fails is `Ok`: the verdict is in the report.
///
/// Writes nothing; see [`GradedReport::write`] and [`History::append`].
///
/// # Errors
///
/// [`JudgeError`] if the parts of the case do not belong together.
pub fn judge_fields(case: &FieldCase<'_>, gate: &Gate) -> Result<GradedReport<FieldDetails>, JudgeError> {
    belong_together(case)?;
    let gold = case.gold;
    let (candidate, baseline) = (case.candidate.read(gold), case.baseline.read());
    let (ours, theirs) = (graded_records(gold, &candidate), graded_records(gold, baseline));
    let shipped = case.shipped.map(|shipped| {
        let records = graded_records(gold, &shipped.read(gold));
        (shipped.predictor(), as_grades(gold, &records))
    });
    let graded = |answers, records| Graded { answers, records };
    let details = FieldDetails::of(
        gold,
        &graded(&candidate, &ours),
        &graded(baseline, &theirs),
        gate.confidence(),
    );
    let (ours, theirs) = (as_grades(gold, &ours), as_grades(gold, &theirs));
    let lock = gold.lock();
    let graded = GradedCase {
        kind: PartKind::Field,
        gold: GradedGold {
            task: lock.task.clone(),
            version: lock.version,
            hash: lock.hash.clone(),
            rows: lock.rows,
        },
        teacher: case.baseline.teacher(),
        baseline: &theirs,
        name: case.candidate.predictor(),
        model_hash: case.candidate.model_hash(),
        answers_hash: case.candidate.answers_hash(),
        candidate: &ours,
        shipped: shipped.as_ref().map(|(name, grades)| (*name, grades)),
        leakage: Leakage::of_rows(case.training, &lock.hash, || questions(gold)),
        history: case.history,
        at: case.at,
    };
    Ok(judge_grades(&graded, gate, details)?)
}

/// The documents, as the join with the training texts takes them.
fn questions(gold: &FieldGold) -> Vec<GoldRow> {
    let row = |row: &task_spec::GoldRecord| GoldRow {
        id: row.id.clone(),
        input: row.input.clone(),
        label: String::new(),
    };
    gold.rows().iter().map(row).collect()
}

fn belong_together(case: &FieldCase<'_>) -> Result<(), JudgeError> {
    let expected = &case.gold.lock().hash;
    let parts: [(&'static str, Option<&ContentHash>); 3] = [
        ("the baseline", Some(case.baseline.gold_hash())),
        ("the candidate's answers", Some(case.candidate.gold_hash())),
        (
            "the last shipped model's answers",
            case.shipped.map(FieldAnswers::gold_hash),
        ),
    ];
    for (part, found) in parts {
        if let Some(found) = found.filter(|found| *found != expected) {
            return Err(JudgeError::OtherGold {
                part,
                expected: expected.clone(),
                found: found.clone(),
            });
        }
    }
    Ok(())
}
