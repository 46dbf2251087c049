//! What a rule found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Rule;

/// How a rule came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule is met, and the rows show it.
    Pass,
    /// The rule is broken, and the rows show it.
    Fail,
    /// The rows are too few to show either.
    CannotTell,
}

/// A rule, how it came out, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How it came out.
    pub outcome: Outcome,
    /// Why, in words.
    pub evidence: String,
    /// The category on which it turned, if it was one.
    pub category: Option<String>,
    /// For "fail" of a rule on categories: every category that breaks it, the worst first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_by: Vec<String>,
    /// The figures behind the words, by name. Shares and probabilities in 0..1, differences in -1..1.
    pub numbers: BTreeMap<String, f64>,
    /// For "cannot tell": what would settle it, the fewest additional rows first.
    pub settle: Vec<RowsNeeded>,
    /// For "cannot tell": what to give, where it is not gold rows that are missing but the data that the rule is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give: Option<String>,
}

/// Rows that would settle a rule if what was seen so far went on at the same rates: at least so many, for the
/// rates themselves are uncertain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsNeeded {
    /// In which category; `None` for any.
    pub category: Option<String>,
    /// The rows that there are.
    pub have: u64,
    /// The rows that there would have to be in all.
    pub need: u64,
}

impl RowsNeeded {
    /// The rows to add.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.need.saturating_sub(self.have)
    }
}

impl Finding {
    pub(crate) fn new(rule: &Rule, outcome: Outcome, evidence: String) -> Self {
        Self {
            rule: rule.clone(),
            outcome,
            evidence,
            category: None,
            numbers: BTreeMap::new(),
            settle: Vec::new(),
            broken_by: Vec::new(),
            give: None,
        }
    }

    /// A rule whose data is missing: never passed, and never failed.
    pub(crate) fn missing(rule: &Rule, evidence: impl Into<String>, give: impl Into<String>) -> Self {
        Self::new(rule, Outcome::CannotTell, evidence.into()).giving(give)
    }

    pub(crate) fn giving(mut self, give: impl Into<String>) -> Self {
        self.give = Some(give.into());
        self
    }

    pub(crate) fn broken_by<'a>(mut self, labels: impl IntoIterator<Item = &'a str>) -> Self {
        if self.outcome == Outcome::Fail {
            self.broken_by = labels.into_iter().map(str::to_owned).collect();
        }
        self
    }

    pub(crate) fn about(mut self, category: Option<&str>) -> Self {
        self.category = category.map(str::to_owned);
        self
    }

    pub(crate) fn with_numbers<const N: usize>(mut self, numbers: [(&str, f64); N]) -> Self {
        self.numbers = numbers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        self
    }

    pub(crate) fn with_number(mut self, name: &str, value: Option<f64>) -> Self {
        if let Some(value) = value {
            self.numbers.insert(name.to_owned(), value);
        }
        self
    }

    pub(crate) fn settled_by(mut self, rows: impl IntoIterator<Item = RowsNeeded>) -> Self {
        self.settle = rows.into_iter().collect();
        self.settle.sort_by(|a, b| {
            a.missing()
                .cmp(&b.missing())
                .then_with(|| a.category.cmp(&b.category))
        });
        self
    }
}

/// The fewest rows, more than `have`, at which `decides` holds; `None` if ten million do not.
pub(crate) fn rows_until(have: u64, decides: impl Fn(u64) -> bool) -> Option<u64> {
    const MOST: u64 = 10_000_000;
    let (mut short, mut enough) = (have, have + 1);
    while !decides(enough) {
        if enough >= MOST {
            return None;
        }
        short = enough;
        enough = (2 * enough).min(MOST);
    }
    while enough - short > 1 {
        let middle = u64::midpoint(short, enough);
        if decides(middle) {
            enough = middle;
        } else {
            short = middle;
        }
    }
    Some(enough)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_fewest_rows_are_found(have in 0_u64..1000, need in 1_u64..100_000) {
            let found = rows_until(have, |rows| rows >= need);
            proptest::prop_assert_eq!(found, Some(need.max(have + 1)));
        }
    }

    #[test]
    fn what_no_rows_settle_is_none() {
        assert_eq!(rows_until(5, |_| false), None);
    }
}
