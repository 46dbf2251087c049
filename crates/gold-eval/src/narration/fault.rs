//! What is wrong with a sentence.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::TextSpan;

/// One thing that is wrong with a sentence, with its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The check that found it: one of [`SentenceChecker::checks`](super::SentenceChecker::checks).
    pub check: String,
    /// The field of the row that it concerns, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where in the sentence, in bytes; `None` of what is missing or of the sentence as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<TextSpan>,
    /// What it is.
    #[serde(flatten)]
    pub kind: FaultKind,
}

impl Fault {
    /// The words at fault, where there are some.
    #[must_use]
    pub fn quote<'a>(&self, sentence: &'a str) -> Option<&'a str> {
        sentence.get(self.span?.start..self.span?.end)
    }
}

/// The kinds of faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultKind {
    /// A value of the row is not said.
    Omitted {
        /// The value.
        value: String,
    },
    /// Another value than the row's is said, or the row's is denied.
    Contradicted {
        /// The row's value.
        value: String,
        /// What the sentence says.
        says: String,
    },
    /// A value of a field is said that the row does not have.
    Invented {
        /// What the sentence says.
        says: String,
    },
    /// A number has the right size and the wrong sign: "rose by 3%" of -3%.
    WrongSign {
        /// The row's value.
        value: String,
    },
    /// A bound is on the wrong side of the value, or does not bound it: "over 5" of 4.9.
    WrongSide {
        /// The row's value.
        value: String,
    },
    /// A number is right but for its unit.
    WrongUnit {
        /// The row's value.
        value: String,
    },
    /// A number is none of the row's.
    NumberNotInRow,
    /// A date is none of the row's.
    DateNotInRow,
    /// A name is none of the row's.
    NameNotInRow {
        /// The field of which it is a value in another row; `None` of capitalised words that are in no row.
        known_as: Option<String>,
    },
    /// A forbidden phrase.
    Forbidden {
        /// The phrase as the style lists it.
        phrase: String,
    },
    /// The pattern does not match.
    Pattern,
    /// No full stop at the end.
    NoStop,
    /// More sentences than allowed.
    TooManySentences {
        /// How many.
        found: usize,
    },
    /// Too few or too many words.
    Words {
        /// How many.
        found: usize,
    },
    /// Too many characters.
    Characters {
        /// How many.
        found: usize,
    },
    /// Too hard to read: the Flesch-Kincaid grade is too high.
    Grade {
        /// The grade, in years of school.
        found: f64,
    },
    /// Too hard to read: the Flesch reading ease is too low.
    ReadingEase {
        /// The ease.
        found: f64,
    },
    /// A word that follows itself.
    DoubledWord,
    /// A number with other decimals than the numbers of its unit before it.
    Decimals,
    /// Letters of more than one script.
    Scripts,
    /// Too far from every reference.
    Chrf {
        /// The score, in 0..100.
        found: f64,
    },
    /// The answer is longer than [`MAX_SENTENCE_BYTES`](super::MAX_SENTENCE_BYTES) and was not read.
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.as_deref().unwrap_or("the row");
        match &self.kind {
            FaultKind::Omitted { value } => write!(f, "{field} is not said: {value}"),
            FaultKind::Contradicted { value, says } => {
                write!(f, "{field} is {value}, the sentence says {says}")
            }
            FaultKind::Invented { says } => write!(f, "{field} is not in the row, the sentence says {says}"),
            FaultKind::WrongSign { value } => write!(f, "{field} is {value}: the sign is wrong"),
            FaultKind::WrongSide { value } => write!(f, "{field} is {value}: the bound is on the wrong side"),
            FaultKind::WrongUnit { value } => write!(f, "{field} is {value}: the unit is wrong"),
            FaultKind::NumberNotInRow => f.write_str("a number that is not in the row"),
            FaultKind::DateNotInRow => f.write_str("a date that is not in the row"),
            FaultKind::NameNotInRow {
                known_as: Some(known),
            } => write!(f, "a {known} that is another row's"),
            FaultKind::NameNotInRow { known_as: None } => f.write_str("a name that is not in the row"),
            FaultKind::Forbidden { phrase } => write!(f, "the forbidden phrase {phrase:?}"),
            FaultKind::Pattern => f.write_str("the pattern does not match"),
            FaultKind::NoStop => f.write_str("no full stop at the end"),
            FaultKind::TooManySentences { found } => write!(f, "{found} sentences"),
            FaultKind::Words { found } => write!(f, "{found} words"),
            FaultKind::Characters { found } => write!(f, "{found} characters"),
            FaultKind::Grade { found } => write!(f, "Flesch-Kincaid grade {found:.1}"),
            FaultKind::ReadingEase { found } => write!(f, "Flesch reading ease {found:.1}"),
            FaultKind::DoubledWord => f.write_str("a word twice in a row"),
            FaultKind::Decimals => f.write_str("other decimals than before"),
            FaultKind::Scripts => f.write_str("letters of two scripts"),
            FaultKind::Chrf { found } => write!(f, "chrF {found:.1} against the references"),
            FaultKind::TooLong { bytes } => write!(f, "{bytes} bytes are no sentence"),
        }
    }
}
