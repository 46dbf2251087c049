//! What a rule asks, in words.

use crate::{
    PartKind, Rule,
    figures::{capitalised, counted, decimal, names, percent, usd},
};

/// How many categories a title names.
const NAMED: usize = 3;

impl Rule {
    /// What the rule asks, in words.
    #[must_use]
    pub fn title(&self) -> String {
        self.title_of(PartKind::Category)
    }

    /// The same in the words for other parts than categories.
    #[must_use]
    pub fn title_of(&self, kind: PartKind) -> String {
        let noun = kind.noun();
        let other = self.against().in_words();
        match self {
            Self::Superior { .. } => format!("Better than {other}"),
            Self::NotInferior { margin, .. } => format!("At most {:.1} points below {other}", 100.0 * margin),
            Self::AccuracyFloor { accuracy } => format!("Accuracy of at least {}", percent(*accuracy)),
            Self::CategoryFloor {
                recall, categories, ..
            } => {
                let place = chosen(categories).unwrap_or_else(|| format!("every {noun}"));
                format!(
                    "{} of at least {} in {place}",
                    capitalised(kind.share()),
                    percent(*recall)
                )
            }
            Self::NoCategoryRegressed { categories, .. } => match chosen(categories) {
                None => format!("No {noun} worse than {other}"),
                Some(named) => format!("Not worse than {other} in {named}"),
            },
            Self::Guard {
                max_losses,
                max_support,
                categories,
                ..
            } => {
                let small = max_support.map_or_else(String::new, |rows| {
                    format!(" of at most {}", counted(rows, "row"))
                });
                let named = chosen(categories).map_or_else(String::new, |named| format!(" among {named}"));
                let to = if self.against().is_baseline() {
                    String::new()
                } else {
                    format!(" to {other}")
                };
                format!(
                    "No {noun}{small}{named} loses {} net or more{to}",
                    counted(*max_losses, "row")
                )
            }
            Self::Latency { percentile, max_ms } => {
                format!(
                    "Latency p{} of at most {} ms",
                    decimal(*percentile),
                    decimal(*max_ms)
                )
            }
            Self::Cost { max_usd, per_answers } => {
                format!(
                    "At most {} for {}",
                    usd(*max_usd),
                    counted(*per_answers, "answer")
                )
            }
            Self::RelativeCost { max_share } => {
                format!("At most {}% of the baseline’s cost", decimal(100.0 * max_share))
            }
            Self::Calibration { max_error } => {
                format!("Calibration error of at most {}", percent(*max_error))
            }
            Self::Coverage { coverage, accuracy } => format!(
                "Accuracy of at least {} on the surest {}% of rows",
                percent(*accuracy),
                decimal(100.0 * coverage)
            ),
            Self::BetterThanBest {} => "Better than the best candidate so far".to_owned(),
            Self::MaxCandidates { max } => {
                format!("At most {} judged by these rows", counted(*max, "candidate"))
            }
            Self::OutsideAnswers { max_share } => {
                format!("At most {} of answers outside the task", percent(*max_share))
            }
        }
    }
}

fn chosen(categories: &[String]) -> Option<String> {
    (!categories.is_empty()).then(|| names(categories.iter().map(String::as_str), NAMED))
}
