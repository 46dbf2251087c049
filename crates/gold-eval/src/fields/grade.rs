//! One field of one answer against the gold record.

use serde::{Deserialize, Serialize};
use task_spec::{Field, Matching};

use crate::{FieldValue, token_f1};

/// What became of a field, in the words of the Message Understanding Conference (Chinchor and Sundheim 1993).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldOutcome {
    /// Both have a value, and it is right.
    Correct,
    /// Neither has a value: right, and no part of precision or recall.
    Absent,
    /// Both have a value, and it is another one (MUC: incorrect).
    Wrong,
    /// The gold record has a value, the answer has none.
    Missing,
    /// The gold record has none, the answer has one (MUC: spurious).
    Invented,
    /// The gold record has none, and the answer cannot be read, which says nothing of the field: wrong, and no part of
    /// precision or recall.
    Unreadable,
}

impl FieldOutcome {
    /// Whether the field is right.
    #[must_use]
    pub fn is_right(self) -> bool {
        matches!(self, Self::Correct | Self::Absent)
    }

    /// The outcome as a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Absent => "absent",
            Self::Wrong => "wrong",
            Self::Missing => "missing",
            Self::Invented => "invented",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One field, graded by every comparison; [`Field::right`] says which of them the outcome follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldGrade {
    /// What became of it.
    pub outcome: FieldOutcome,
    /// Whether the characters are the same.
    pub exact: bool,
    /// Whether the values are the same in the form in which values of the kind are compared.
    pub normalised: bool,
    /// [`token_f1`], in 0..1; 1 where neither has a value, 0 where one has none.
    pub token_f1: f64,
    /// Whether one of the two is a date whose day and month could be exchanged.
    pub is_ambiguous: bool,
    /// Whether the answer's value is no value of the field's kind, or not one of those that are allowed.
    pub is_of_other_kind: bool,
}

/// Grades one field: `gold` and `answer` are its values, `None` where there is none.
///
/// ```
/// use gold_eval::{FieldOutcome, grade_field};
/// use task_spec::{Field, FieldKind};
///
/// let total = Field::new("total", FieldKind::Money);
/// let grade = grade_field(&total, Some("RM 1,234.50"), Some("1234.5"));
/// assert_eq!((grade.outcome, grade.exact), (FieldOutcome::Correct, false));
/// assert_eq!(grade_field(&total, None, Some("9.00")).outcome, FieldOutcome::Invented);
/// ```
#[must_use]
pub fn grade_field(field: &Field, gold: Option<&str>, answer: Option<&str>) -> FieldGrade {
    let (gold, answer) = match (gold, answer) {
        (Some(gold), Some(answer)) => (gold, answer),
        (gold, answer) => {
            let outcome = match (gold, answer) {
                (None, None) => FieldOutcome::Absent,
                (Some(_), _) => FieldOutcome::Missing,
                (None, _) => FieldOutcome::Invented,
            };
            let same = outcome == FieldOutcome::Absent;
            return FieldGrade {
                outcome,
                exact: same,
                normalised: same,
                token_f1: if same { 1.0 } else { 0.0 },
                is_ambiguous: false,
                is_of_other_kind: answer
                    .is_some_and(|answer| !is_allowed(field, &FieldValue::read(field, answer))),
            };
        }
    };
    let exact = gold == answer;
    let (read_gold, read_answer) = (FieldValue::read(field, gold), FieldValue::read(field, answer));
    let normalised = exact || read_gold.is_same(&read_answer, field);
    let token_f1 = if exact { 1.0 } else { token_f1(gold, answer) };
    let is_right = match field.right {
        Matching::Exact => exact,
        Matching::Normalised => normalised,
        Matching::TokenF1(least) => normalised || token_f1 >= least,
    };
    FieldGrade {
        outcome: if is_right {
            FieldOutcome::Correct
        } else {
            FieldOutcome::Wrong
        },
        exact,
        normalised,
        token_f1,
        is_ambiguous: read_gold.is_ambiguous() || read_answer.is_ambiguous(),
        is_of_other_kind: !is_allowed(field, &read_answer),
    }
}

/// Whether a value is one of the field's kind, and of those that are allowed if there is a list of them.
pub(super) fn is_allowed(field: &Field, value: &FieldValue) -> bool {
    let listed = |allowed: &String| FieldValue::read(field, allowed).is_same(value, field);
    value.is_of_kind(field) && (field.values.is_empty() || field.values.iter().any(listed))
}

#[cfg(test)]
mod tests;
