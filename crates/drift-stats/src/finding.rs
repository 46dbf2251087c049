//! What moved, in words that a person reads.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{RowShare, Share};

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

impl fmt::Display for Movement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Values { values } => write_values(f, values),
            Self::LabelUp { label, evidence } => write!(f, "label `{label}` is up from {evidence}"),
            Self::LabelDown { label, evidence } => write!(f, "label `{label}` is down from {evidence}"),
            Self::Unfamiliar { evidence } => {
                write!(
                    f,
                    "rows with a word that the reference does not know are up from {evidence}"
                )
            }
            Self::Doubtful { below, evidence } => {
                write!(
                    f,
                    "rows answered with a confidence below {below} are up from {evidence}"
                )
            }
            Self::Outside { from, evidence } => {
                write!(
                    f,
                    "rows with a probability of {from} or more outside the labels are up from {evidence}"
                )
            }
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| 100.0 * share;
        let (before, now) = (self.reference, self.window);
        write!(
            f,
            "{:.2}% to {:.2}% of rows (now {} of {}, 95% interval {:.2} to {:.2}%)",
            percent(before.share),
            percent(now.share),
            self.rows.window_rows,
            self.rows.window_of,
            percent(now.low),
            percent(now.high),
        )
    }
}

/// How many values of one finding a sentence names.
const NAMED_VALUES: usize = 4;

fn write_values(f: &mut fmt::Formatter<'_>, values: &[MovedValue]) -> fmt::Result {
    for (place, value) in values.iter().take(NAMED_VALUES).enumerate() {
        if place > 0 {
            f.write_str(", with ")?;
        }
        write!(f, "{value}")?;
    }
    match values.len().saturating_sub(NAMED_VALUES) {
        0 => Ok(()),
        more => write!(f, ", with {more} more"),
    }
}

impl fmt::Display for MovedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ValueKind::Word => "word",
            ValueKind::Format => "format",
        };
        let rows = &self.evidence.rows;
        let seen = format_args!(
            "`{}` in {} of {} rows",
            self.text, rows.window_rows, rows.window_of
        )
        .to_string();
        match self.standing {
            Standing::New => write!(f, "new {kind} {seen} (never in {})", rows.reference_of),
            Standing::NewOrRare => {
                write!(
                    f,
                    "new or rare {kind} {seen} (in {} of {} before at most)",
                    rows.reference_rows, rows.reference_of
                )
            }
            Standing::Risen => {
                write!(
                    f,
                    "{kind} {seen} (before in {} of {})",
                    rows.reference_rows, rows.reference_of
                )
            }
        }
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows, {} distinct, answered ",
            self.rows, self.distinct_inputs
        )?;
        for (place, found) in self.labels.iter().enumerate() {
            let share = 100.0 * found.rows as f64 / self.rows.max(1) as f64;
            write!(
                f,
                "{}{} {share:.0}%",
                if place > 0 { ", " } else { "" },
                found.label
            )?;
        }
        match self.mean_confidence {
            Some(mean) => write!(f, "; mean confidence {mean:.2}"),
            None => f.write_str("; no usable confidence"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strength = match self.strength {
            Strength::Alarm => "ALARM",
            Strength::Note => "note",
        };
        writeln!(f, "{strength}: {}", self.movement)?;
        if let Some(evidence) = self.movement.evidence() {
            writeln!(
                f,
                "  p = {:.1e}, an alarm from {:.1e}",
                evidence.p_value, evidence.alarm_at
            )?;
        }
        write!(f, "  {}", self.answered)?;
        for example in &self.examples {
            write!(f, "\n    {:?} -> {}", example.input, example.label)?;
            if let Some(confidence) = example.confidence {
                write!(f, " ({confidence:.2})")?;
            }
        }
        Ok(())
    }
}
