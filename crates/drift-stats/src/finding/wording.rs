//! Findings as sentences.

use std::fmt;

use super::{Answered, Evidence, Finding, MovedValue, Movement, Standing, Strength, ValueKind};

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
