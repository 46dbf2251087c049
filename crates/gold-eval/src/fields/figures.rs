//! Precision, recall and F1 of extraction, by field and over all.

use serde::{Deserialize, Serialize};
use task_spec::{FieldSchema, GoldRecord};

use crate::{AnswerForm, FieldGrade, FieldOutcome, GoldSet, Grades, ReadAnswer, fields::grade::grade_field};

/// The grades of one record in the order of the fields; `None` where the gold row says nothing of a field.
pub(super) type GradedRecord = Vec<Option<FieldGrade>>;

/// Grades every answer; the answers are in the order of the gold set.
pub(super) fn graded_records(gold: &GoldSet<FieldSchema>, answers: &[ReadAnswer]) -> Vec<GradedRecord> {
    let rows = gold.rows().iter().zip(answers);
    rows.map(|(row, answer)| graded_record(gold.schema(), row, answer))
        .collect()
}

/// Grades an answer to a row.
pub(super) fn graded_record(schema: &FieldSchema, row: &GoldRecord, answer: &ReadAnswer) -> GradedRecord {
    let fields = schema.fields().iter().zip(&answer.values);
    fields
        .map(|(field, value)| {
            let gold = row.fields.get(&field.name)?.as_deref();
            let mut grade = grade_field(field, gold, value.as_deref());
            // An answer that nobody can read says of no field that it is absent.
            if !answer.is_readable && grade.outcome == FieldOutcome::Absent {
                grade.outcome = FieldOutcome::Unreadable;
                (grade.exact, grade.normalised, grade.token_f1) = (false, false, 0.0);
            }
            Some(grade)
        })
        .collect()
}

/// Whether every annotated field of a record is right.
pub(super) fn is_whole(record: &GradedRecord) -> bool {
    record.iter().flatten().all(|grade| grade.outcome.is_right())
}

/// The grades that the gate takes.
pub(super) fn as_grades(gold: &GoldSet<FieldSchema>, records: &[GradedRecord]) -> Grades {
    let aspects = gold.schema().names().map(str::to_owned).collect();
    let right = |grade: &Option<FieldGrade>| grade.map(|grade| grade.outcome.is_right());
    let rows = records.iter().map(|record| record.iter().map(right).collect());
    Grades::new(aspects, rows.collect()).expect("every record has one entry for each field")
}

/// How many fields came out which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractionCounts {
    /// Right values.
    pub correct: u64,
    /// Rightly without a value.
    pub absent: u64,
    /// Other values than the gold one.
    pub wrong: u64,
    /// No value where the gold record has one.
    pub missing: u64,
    /// A value where the gold record has none.
    pub invented: u64,
    /// No value in the gold record, and an answer that cannot be read.
    pub unreadable: u64,
}

impl ExtractionCounts {
    /// Adds one field.
    pub fn add(&mut self, outcome: FieldOutcome) {
        *match outcome {
            FieldOutcome::Correct => &mut self.correct,
            FieldOutcome::Absent => &mut self.absent,
            FieldOutcome::Wrong => &mut self.wrong,
            FieldOutcome::Missing => &mut self.missing,
            FieldOutcome::Invented => &mut self.invented,
            FieldOutcome::Unreadable => &mut self.unreadable,
        } += 1;
    }

    /// `correct / (correct + wrong + invented)`: of the values that were given, those that are right; `None` of none.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        share(self.correct, self.correct + self.wrong + self.invented)
    }

    /// `correct / (correct + wrong + missing)`: of the values that there are, those that were given rightly; `None` of
    /// none.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        share(self.correct, self.correct + self.wrong + self.missing)
    }

    /// The harmonic mean of the two, `2 correct / (2 correct + 2 wrong + missing + invented)`; `None` where there are no
    /// values at all.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let given_and_there = 2 * (self.correct + self.wrong) + self.missing + self.invented;
        share(2 * self.correct, given_and_there)
    }
}

fn share(count: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}

/// How one model extracts, over all fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// The fields of all records together.
    pub counts: ExtractionCounts,
    /// Precision over these, in 0..1; `None` where no value was given.
    pub precision: Option<f64>,
    /// Recall over these, in 0..1; `None` where there is no value.
    pub recall: Option<f64>,
    /// F1 over these (micro), in 0..1.
    pub micro_f1: Option<f64>,
    /// The mean of the fields' F1, each field with values counting the same.
    pub macro_f1: Option<f64>,
    /// What had to be done to read the answers.
    pub form: AnswerForm,
}

impl Extraction {
    /// Of the fields' counts and the answers.
    pub(super) fn of(by_field: &[ExtractionCounts], answers: &[ReadAnswer]) -> Self {
        let (mut counts, mut form) = (ExtractionCounts::default(), AnswerForm::default());
        for field in by_field {
            counts.correct += field.correct;
            counts.absent += field.absent;
            counts.wrong += field.wrong;
            counts.missing += field.missing;
            counts.invented += field.invented;
            counts.unreadable += field.unreadable;
        }
        for answer in answers {
            form.add(&answer.form);
        }
        let f1: Vec<f64> = by_field.iter().filter_map(ExtractionCounts::f1).collect();
        Self {
            counts,
            precision: counts.precision(),
            recall: counts.recall(),
            micro_f1: counts.f1(),
            macro_f1: (!f1.is_empty()).then(|| f1.iter().sum::<f64>() / f1.len() as f64),
            form,
        }
    }
}

/// The counts of each field.
pub(super) fn counts_by_field(fields: usize, records: &[GradedRecord]) -> Vec<ExtractionCounts> {
    (0..fields).map(|field| counts_of(records, field)).collect()
}

/// The counts of one field.
pub(super) fn counts_of(records: &[GradedRecord], field: usize) -> ExtractionCounts {
    let mut counts = ExtractionCounts::default();
    for grade in records.iter().filter_map(|record| record[field]) {
        counts.add(grade.outcome);
    }
    counts
}
