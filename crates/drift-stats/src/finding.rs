//! What moved, in words that a person reads.

use serde::{Deserialize, Serialize};

use crate::{RowShare, Share};

mod wording;

/// How much a finding may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// It counts against the permitted chance of a false alarm.
    Alarm,
    /// Worth a look; a window may bring a stated number of these by chance.
    Note,
}

/// Where a value stood in the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No row of the reference has it.
    New,
    /// It is not in the reference's table: it was rare, or never seen.
    NewOrRare,
    /// It was there and has risen.
    Risen,
}

/// What kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// A word; see [`words`](crate::words).
    Word,
    /// A format; see [`skeleton`](crate::skeleton).
    Format,
}

/// A word or format that occurs more often than the reference explains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MovedValue {
    /// Word or format.
    pub kind: ValueKind,
    /// The value.
    pub text: String,
    /// Where it stood before.
    pub standing: Standing,
    /// How often it occurred, and how surprising that is.
    pub evidence: Evidence,
}

/// Counts, shares and the test of one rise or fall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The counts. For a value that is not in the reference's table they assume the most it can have had.
    pub rows: RowShare,
    /// Its share of the reference, with the 95% interval.
    pub reference: Share,
    /// Its share of the window, with the 95% interval.
    pub window: Share,
    /// The exact p-value of this one change.
    pub p_value: f64,
    /// What the p-value had to stay under to be an alarm, given all that was tested in this window.
    pub alarm_at: f64,
}

/// What moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Movement {
    /// Words and formats that are new or have risen, and that mostly come in the same rows.
    Values {
        /// The most surprising first.
        values: Vec<MovedValue>,
    },
    /// A predicted label that is more frequent.
    LabelUp {
        /// Its name.
        label: String,
        /// The change.
        evidence: Evidence,
    },
    /// A predicted label that is less frequent; the counts of its evidence are those of its rows, the test is
    /// on their absence.
    LabelDown {
        /// Its name.
        label: String,
        /// The change.
        evidence: Evidence,
    },
    /// More rows than usual have a word that the reference does not know, whichever word it is.
    Unfamiliar {
        /// The change, against the held-out rows of the reference.
        evidence: Evidence,
    },
    /// More rows are answered with little confidence.
    Doubtful {
        /// Rows count if their confidence is below this.
        below: f64,
        /// The change.
        evidence: Evidence,
    },
    /// More rows put probability outside the label set.
    Outside {
        /// Rows count if their outside probability is at least this.
        from: f64,
        /// The change.
        evidence: Evidence,
    },
}

/// How many rows were given a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRows {
    /// The label.
    pub label: String,
    /// The rows.
    pub rows: u64,
}

/// How the rows of a finding were answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// How many rows of the window the finding covers.
    pub rows: u64,
    /// How many of their inputs differ in their words: one customer who asks a hundred times is 1.
    pub distinct_inputs: u64,
    /// The most frequent labels that they were given, at most five, most frequent first.
    pub labels: Vec<LabelRows>,
    /// Their mean confidence; `None` if no row has a usable one.
    pub mean_confidence: Option<f64>,
}

/// A row shown to a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExampleRow {
    /// Its id in `served.jsonl`.
    pub id: String,
    /// The beginning of its input, at most 200 characters.
    pub input: String,
    /// The label that it was given.
    pub label: String,
    /// The confidence of that; `None` if it was no probability.
    pub confidence: Option<f64>,
}

/// Something that moved, with what a person needs to judge it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Alarm or note.
    pub strength: Strength,
    /// What moved.
    pub movement: Movement,
    /// How its rows were answered.
    pub answered: Answered,
    /// Some of its rows, distinct inputs, drawn at random but always the same.
    pub examples: Vec<ExampleRow>,
    /// More of its rows by id, drawn likewise, the examples first: those to send back to the teacher.
    pub row_ids: Vec<String>,
}

impl Movement {
    /// The evidence that decided; of several values that of the most surprising one.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Values { values } => values.first().map(|value| &value.evidence),
            Self::LabelUp { evidence, .. }
            | Self::LabelDown { evidence, .. }
            | Self::Unfamiliar { evidence }
            | Self::Doubtful { evidence, .. }
            | Self::Outside { evidence, .. } => Some(evidence),
        }
    }
}
