//! The gate: which rules a candidate must meet.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{LadderStep, Rule};

/// The most rules that a gate may have, so that reports of any gate keep their bounds.
pub const MOST_RULES: usize = 50;

/// A gate as it is written down, in TOML or JSON.
///
/// ```
/// use gold_eval::{GateConfig, Preset, Rule};
///
/// let config: GateConfig = toml::from_str(r#"
///     name = "ours"
///     confidence = 0.95
///
///     [[rules]]
///     rule = "not_inferior"
///     margin = 0.01
///
///     [[rules]]
///     rule = "no_category_regressed"
///     alpha = 0.05
/// "#)?;
/// assert_eq!(config.rules[0], Rule::not_inferior(0.01));
/// let gate = config.check()?;
/// assert_eq!(gate.name(), "ours");
///
/// // Or one of three that are ready.
/// let gate = Preset::ClearTheLine.config().check()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// A name for reports; `custom` unless given.
    #[serde(default = "custom")]
    pub name: String,
    /// The two-sided confidence of every interval, above 0.5 and below 1; 0.95 unless given. Tests in one
    /// direction use half of the rest, 0.025.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// By how much a candidate must be better than the best that was judged before; see [`LadderStep`].
    #[serde(default)]
    pub ladder: LadderStep,
    /// The rules, at most [`MOST_RULES`]; all must pass for the verdict "ship".
    pub rules: Vec<Rule>,
}

fn custom() -> String {
    "custom".to_owned()
}

fn usual_confidence() -> f64 {
    0.95
}

/// Gates that are ready to use.
///
/// All three watch the categories by the same two rules. [`Rule::NoCategoryRegressed`]: none may be shown to be
/// worse than the baseline, or have dropped further than may go unsettled. [`Rule::Guard`]: none of at most 20
/// rows, where that test is nearly blind, may lose 6 net. So none of the presets ships a gain on the average
/// that loses a rare category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The frontier's own score is the line, and the candidate has to be shown to be above it.
    ClearTheLine,
    /// The candidate has to be shown to be at most two points below the line.
    NotInferior,
    /// Above the line, and every category of the task has to be shown to have a recall of at least 50%: on
    /// a set with rare categories this says "cannot tell" until each has rows enough (at least 10).
    Strict,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 3] = [Self::ClearTheLine, Self::NotInferior, Self::Strict];

    /// The preset as a configuration, to be checked or changed.
    #[must_use]
    pub fn config(self) -> GateConfig {
        let first = match self {
            Self::ClearTheLine | Self::Strict => Rule::superior(),
            Self::NotInferior => Rule::not_inferior(0.02),
        };
        let mut rules = vec![first, Rule::no_category_regressed(), Rule::guard(6, Some(20))];
        if self == Self::Strict {
            rules.push(Rule::category_floor(0.5));
        }
        GateConfig {
            name: self.to_string(),
            confidence: usual_confidence(),
            ladder: LadderStep::default(),
            rules,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClearTheLine => "clear-the-line",
            Self::NotInferior => "not-inferior",
            Self::Strict => "strict",
        })
    }
}

/// There is no preset of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no preset: choose clear-the-line, not-inferior or strict")]
pub struct UnknownPreset {
    /// The name as given.
    pub name: String,
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.to_string() == name.replace('_', "-"))
            .ok_or_else(|| UnknownPreset {
                name: name.to_owned(),
            })
    }
}

/// Why a gate cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GateConfigError {
    /// Without rules everything would ship.
    #[error("the gate has no rules: add one, or start from a preset")]
    NoRules,
    /// More rules than a report has room for.
    #[error("the gate has {found} rules, and at most {MOST_RULES} are judged: split it into several gates")]
    TooManyRules {
        /// How many there are.
        found: usize,
    },
    /// A rule stands twice: of the same kind, against the same model, on the same categories.
    #[error("the rule {rule} stands twice in the gate: keep one")]
    Twice {
        /// The rule's name.
        rule: &'static str,
    },
    /// A rule names a category twice.
    #[error("the rule {rule} names the category {category:?} twice: keep one")]
    CategoryTwice {
        /// The rule's name.
        rule: &'static str,
        /// The category.
        category: String,
    },
    /// A setting is out of its range.
    #[error("{key} = {value} in {place} is out of range: it must be {range}")]
    OutOfRange {
        /// The rule's name, "gate" or "ladder".
        place: &'static str,
        /// The setting.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
}

/// A gate whose rules make sense.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    config: GateConfig,
}

impl GateConfig {
    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// [`GateConfigError`] names the rule and the setting.
    pub fn check(self) -> Result<Gate, GateConfigError> {
        if self.rules.is_empty() {
            return Err(GateConfigError::NoRules);
        }
        if self.rules.len() > MOST_RULES {
            return Err(GateConfigError::TooManyRules {
                found: self.rules.len(),
            });
        }
        if !(self.confidence > 0.5 && self.confidence < 1.0) {
            return Err(GateConfigError::OutOfRange {
                place: "gate",
                key: "confidence",
                value: self.confidence,
                range: "above 0.5 and below 1",
            });
        }
        self.ladder.check()?;
        for (position, rule) in self.rules.iter().enumerate() {
            rule.check()?;
            if self.rules[..position].iter().any(|earlier| earlier.repeats(rule)) {
                return Err(GateConfigError::Twice { rule: rule.name() });
            }
        }
        Ok(Gate { config: self })
    }
}

impl Gate {
    /// The gate's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// The two-sided confidence of its intervals.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.config.confidence
    }

    /// Its step from the best candidate so far to a better one.
    #[must_use]
    pub fn ladder(&self) -> LadderStep {
        self.config.ladder
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.config.rules
    }

    /// The level at which categories are tested, before Holm: that of its first rule on them, or 0.05.
    #[must_use]
    pub fn category_alpha(&self) -> f64 {
        self.rules().iter().find_map(Rule::category_alpha).unwrap_or(0.05)
    }

    /// The first category that a rule names and that `is_known` does not know, with the rule's name.
    pub(crate) fn unknown_category(&self, is_known: impl Fn(&str) -> bool) -> Option<(&'static str, &str)> {
        let mut named = self
            .config
            .rules
            .iter()
            .flat_map(|rule| rule.categories().iter().map(|name| (rule.name(), name.as_str())));
        named.find(|(_, name)| !is_known(name))
    }
}

#[cfg(test)]
mod tests;
