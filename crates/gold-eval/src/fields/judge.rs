//! A candidate that extracts fields before the gate.

use stage_files::ContentHash;
use task_spec::GoldRow;

use crate::{
    FieldAnswers, FieldBaseline, FieldDetails, FieldGold, Gate, GradedCase, GradedGold, GradedReport,
    History, JudgeError, Leakage, PartKind, TrainingRecord,
    fields::{
        details::{Both, Graded},
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
/// ```
/// use gold_eval::{
///     FieldAnswer, FieldAnswers, FieldBaseline, FieldCase, FieldGold, Preset, Teacher, Verdict, judge_fields,
/// };
/// use task_spec::{FieldSchema, GoldRecord, Task};
///
/// let task: Task<FieldSchema> = toml::from_str(r#"
///     name = "receipts"
///     output = { kind = "fields", fields = [{ name = "company" }, { name = "total", kind = "money" }] }
/// "#)?;
/// let folder = tempfile::tempdir()?;
/// let gold_file = folder.path().join("gold.jsonl");
/// stage_files::write_json_lines(&gold_file, (0..60).map(|i| GoldRecord {
///     id: i.to_string(),
///     input: format!("CAFE NO {i} TOTAL RM {i}.50"),
///     fields: [("company", format!("Cafe No. {i}")), ("total", format!("{i}.50"))]
///         .map(|(name, value)| (name.to_owned(), Some(value)))
///         .into(),
/// }))?;
/// let gold = FieldGold::freeze(&gold_file, &task, 1)?;
///
/// // What the teacher wrote, word for word: its total is wrong on every sixth receipt.
/// let teacher = (0..60).map(|i| FieldAnswer {
///     id: i.to_string(),
///     answer: format!("Here you are: {{\"company\": \"CAFE NO {i}\", \"total\": {}.5}}", if i % 6 == 0 { 99 } else { i }),
/// });
/// let baseline = FieldBaseline::pin(&gold, Teacher::new("teacher-2026-05-01", "Pull the fields."), teacher)?;
/// let ours = (0..60).map(|i| FieldAnswer {
///     id: i.to_string(),
///     answer: format!("{{\"company\": \"cafe no {i}\", \"total\": \"RM{i}.50\"}}"),
/// });
/// let candidate = FieldAnswers::new("adapter", &gold, ours)?;
///
/// let gate = Preset::ClearTheLine.config().check()?;
/// let report = judge_fields(&FieldCase::new(&gold, &baseline, &candidate, "2026-11-05"), &gate)?;
/// assert_eq!(report.verdict, Verdict::Ship);
/// assert_eq!((report.candidate.accuracy.count, report.baseline.accuracy.count), (60, 50));
/// report.write(folder.path())?; // report.json, report.md, report.html
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    let details = Both {
        gold,
        candidate: Graded {
            answers: &candidate,
            records: &ours,
        },
        baseline: Graded {
            answers: baseline,
            records: &theirs,
        },
        confidence: gate.confidence(),
    }
    .details();
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
