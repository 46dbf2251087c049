//! The figures of fields that stand in a report beside the verdict.

use serde::{Deserialize, Serialize};
use task_spec::FieldKind;

use crate::{
    Details, Extraction, ExtractionCounts, FieldGold, FieldOutcome, ReadAnswer, Section, Share,
    fields::{
        figures::{GradedRecord, counts_by_field},
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
pub(super) struct Graded<'a> {
    pub(super) answers: &'a [ReadAnswer],
    pub(super) records: &'a [GradedRecord],
}

impl FieldDetails {
    pub(super) fn of(
        gold: &FieldGold,
        candidate: &Graded<'_>,
        baseline: &Graded<'_>,
        confidence: f64,
    ) -> Self {
        let fields = gold.schema().len();
        let counts = counts_by_field(fields, candidate.records);
        let baseline_counts = counts_by_field(fields, baseline.records);
        let figures = (counts.iter().zip(&baseline_counts).enumerate())
            .map(|(field, (counts, baseline_counts))| {
                let mut figures = field_figures(gold, field, candidate, confidence);
                figures.counts = *counts;
                (figures.precision, figures.recall, figures.f1) =
                    (counts.precision(), counts.recall(), counts.f1());
                figures.baseline_counts = *baseline_counts;
                figures.baseline_f1 = baseline_counts.f1();
                figures.errors = errors(gold, field, candidate, baseline);
                figures
            })
            .collect();
        Self {
            candidate: Extraction::of(&counts, candidate.answers),
            baseline: Extraction::of(&baseline_counts, baseline.answers),
            fields: figures,
        }
    }
}

/// What the grades say of a field; the counts and what follows from them are left at nothing.
fn field_figures(gold: &FieldGold, field: usize, candidate: &Graded<'_>, confidence: f64) -> FieldFigures {
    let spec = &gold.schema().fields()[field];
    let grades = || candidate.records.iter().filter_map(|record| record[field]);
    let rows = grades().count() as u64;
    let share = |right: u64| Share::new(right, rows, confidence);
    let support = gold.lock().fields.get(&spec.name).copied().unwrap_or_default();
    FieldFigures {
        name: spec.name.clone(),
        kind: spec.kind,
        counts: ExtractionCounts::default(),
        precision: None,
        recall: None,
        f1: None,
        exact: share(grades().filter(|grade| grade.exact).count() as u64),
        normalised: share(grades().filter(|grade| grade.normalised).count() as u64),
        mean_token_f1: (rows > 0).then(|| grades().map(|grade| grade.token_f1).sum::<f64>() / rows as f64),
        baseline_counts: ExtractionCounts::default(),
        baseline_f1: None,
        ambiguous_dates: grades().filter(|grade| grade.is_ambiguous).count() as u64,
        of_other_kind: grades().filter(|grade| grade.is_of_other_kind).count() as u64,
        gold_of_other_kind: support.of_other_kind,
        errors: Vec::new(),
    }
}

fn errors(gold: &FieldGold, field: usize, candidate: &Graded<'_>, baseline: &Graded<'_>) -> Vec<FieldError> {
    let spec = &gold.schema().fields()[field];
    let cut = |value: &String| one_line(value, LONGEST_VALUE);
    let mut wrong: Vec<(bool, usize, FieldOutcome)> =
        (candidate.records.iter().zip(baseline.records).enumerate())
            .filter_map(|(row, (ours, theirs))| {
                let grade = ours[field].filter(|grade| !grade.outcome.is_right())?;
                let baseline_right = theirs[field].is_some_and(|grade| grade.outcome.is_right());
                Some((baseline_right, row, grade.outcome))
            })
            .collect();
    wrong.sort_by_key(|&(baseline_right, row, _)| (!baseline_right, row));
    let listed = wrong.into_iter().take(LISTED_ERRORS);
    listed
        .map(|(baseline_right, row, outcome)| FieldError {
            id: one_line(&gold.rows()[row].id, LONGEST_VALUE),
            outcome,
            gold: gold.rows()[row]
                .fields
                .get(&spec.name)
                .and_then(Option::as_ref)
                .map(cut),
            answer: candidate.answers[row].values[field].as_ref().map(cut),
            baseline_right,
        })
        .collect()
}

impl Details for FieldDetails {
    fn notes(&self) -> Vec<String> {
        sections::notes(self)
    }

    fn sections(&self) -> Vec<Section> {
        sections::tables(self)
    }
}
