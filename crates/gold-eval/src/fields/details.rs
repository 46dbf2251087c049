//! The figures of fields that stand in a report beside the verdict.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use task_spec::{FieldKind, FieldSchema};

use crate::{
    Details, Extraction, ExtractionCounts, FieldGrade, FieldOutcome, FieldSupport, GoldSet, ReadAnswer,
    Section, Share,
    fields::{
        figures::{GradedRecord, counts_by_field, counts_of},
        sections,
    },
    figures::one_line,
};

/// How many wrong values of a field a report shows.
const LISTED_ERRORS: usize = 5;

/// The longest value of these, in characters.
const LONGEST_VALUE: usize = 200;

/// What a report on fields holds beside the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDetails {
    /// How the candidate extracts.
    pub candidate: Extraction,
    /// How the baseline does.
    pub baseline: Extraction,
    /// Each field with its figures, in the order of the task.
    pub fields: Vec<FieldFigures>,
}

/// The figures of one field, over the rows that say something of it. Shares in 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldFigures {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: FieldKind,
    /// What became of it in the candidate's answers.
    pub counts: ExtractionCounts,
    /// Of the values that the candidate gives, those that are right.
    pub precision: Option<f64>,
    /// Of the values that there are, those that the candidate gives.
    pub recall: Option<f64>,
    /// The harmonic mean of the two.
    pub f1: Option<f64>,
    /// The rows that are right to the character.
    pub exact: Option<Share>,
    /// The rows that are right in the form in which values of the kind are compared.
    pub normalised: Option<Share>,
    /// The mean of the rows' token F1.
    pub mean_token_f1: Option<f64>,
    /// What became of it in the baseline's answers.
    pub baseline_counts: ExtractionCounts,
    /// The baseline's F1.
    pub baseline_f1: Option<f64>,
    /// Rows in which a date's day and month could be exchanged, so that only the task's order of them decides.
    pub ambiguous_dates: u64,
    /// Answers of the candidate whose value is none of the field's kind, or none that is allowed.
    pub of_other_kind: u64,
    /// Gold values that are none of the field's kind: they are compared as text.
    pub gold_of_other_kind: u64,
    /// Wrong values of the candidate, at most five: first those that the baseline has right, then in the order of the gold
    /// set.
    pub errors: Vec<FieldError>,
}

/// One field that the candidate has wrong. Long values are cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The gold row's id.
    pub id: String,
    /// What became of the field.
    pub outcome: FieldOutcome,
    /// The gold value.
    pub gold: Option<String>,
    /// The candidate's.
    pub answer: Option<String>,
    /// Whether the baseline has it right.
    pub baseline_right: bool,
}

/// One model's answers with their grades.
#[derive(Clone, Copy)]
pub(super) struct Graded<'a> {
    pub(super) answers: &'a [ReadAnswer],
    pub(super) records: &'a [GradedRecord],
}

/// What the figures are of.
pub(super) struct Both<'a> {
    pub(super) gold: &'a GoldSet<FieldSchema>,
    pub(super) candidate: Graded<'a>,
    pub(super) baseline: Graded<'a>,
    /// The two-sided confidence of intervals.
    pub(super) confidence: f64,
}

impl Both<'_> {
    pub(super) fn details(&self) -> FieldDetails {
        let (fields, support) = (self.gold.schema().len(), self.gold.support());
        let extraction =
            |graded: Graded<'_>| Extraction::of(&counts_by_field(fields, graded.records), graded.answers);
        FieldDetails {
            candidate: extraction(self.candidate),
            baseline: extraction(self.baseline),
            fields: (0..fields).map(|field| self.figures(field, &support)).collect(),
        }
    }

    fn figures(&self, field: usize, support: &BTreeMap<String, FieldSupport>) -> FieldFigures {
        let spec = &self.gold.schema().fields()[field];
        let grades: Vec<FieldGrade> = self
            .candidate
            .records
            .iter()
            .filter_map(|record| record[field])
            .collect();
        let rows = grades.len() as u64;
        let those =
            |holds: fn(&FieldGrade) -> bool| grades.iter().filter(|grade| holds(grade)).count() as u64;
        let share = |right: u64| Share::new(right, rows, self.confidence);
        let counts = counts_of(self.candidate.records, field);
        let baseline_counts = counts_of(self.baseline.records, field);
        FieldFigures {
            name: spec.name.clone(),
            kind: spec.kind,
            counts,
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
            exact: share(those(|grade| grade.exact)),
            normalised: share(those(|grade| grade.normalised)),
            mean_token_f1: (rows > 0)
                .then(|| grades.iter().map(|grade| grade.token_f1).sum::<f64>() / rows as f64),
            baseline_counts,
            baseline_f1: baseline_counts.f1(),
            ambiguous_dates: those(|grade| grade.is_ambiguous),
            of_other_kind: those(|grade| grade.is_of_other_kind),
            gold_of_other_kind: support.get(&spec.name).map_or(0, |support| support.of_other_kind),
            errors: self.errors(field),
        }
    }

    fn errors(&self, field: usize) -> Vec<FieldError> {
        let name = &self.gold.schema().fields()[field].name;
        let cut = |value: &String| one_line(value, LONGEST_VALUE);
        let is_right = |grade: Option<FieldGrade>| grade.is_some_and(|grade| grade.outcome.is_right());
        let pairs = self.candidate.records.iter().zip(self.baseline.records);
        let mut wrong: Vec<(bool, usize, FieldOutcome)> = pairs
            .enumerate()
            .filter_map(|(row, (ours, theirs))| {
                let grade = ours[field].filter(|grade| !grade.outcome.is_right())?;
                Some((is_right(theirs[field]), row, grade.outcome))
            })
            .collect();
        wrong.sort_by_key(|&(baseline_right, row, _)| (!baseline_right, row));
        let listed = wrong.into_iter().take(LISTED_ERRORS);
        listed
            .map(|(baseline_right, row, outcome)| {
                let gold = &self.gold.rows()[row];
                FieldError {
                    id: one_line(&gold.id, LONGEST_VALUE),
                    outcome,
                    gold: gold.fields.get(name).and_then(Option::as_ref).map(cut),
                    answer: self.candidate.answers[row].values[field].as_ref().map(cut),
                    baseline_right,
                }
            })
            .collect()
    }
}

impl Details for FieldDetails {
    fn notes(&self) -> Vec<String> {
        sections::notes(self)
    }

    fn sections(&self) -> Vec<Section> {
        sections::tables(self)
    }
}
