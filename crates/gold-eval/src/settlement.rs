//! What would settle the rules of a gate that could not tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Finding, Outcome, PartKind, RowsNeeded,
    figures::{count, counted, names, one_line, quoted},
};

/// How many rules a step names.
const NAMED_RULES: usize = 3;

/// What would settle the open rules, taken together: the cheapest step first.
///
/// Data that was merely not given comes before gold rows, which people have to label. Rows that serve several rules are
/// counted once. A rule that waits for several categories is settled when all of their rows are there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The steps.
    pub steps: Vec<Step>,
    /// The gold rows to add for all of them: rows of a category count among those of any category too.
    pub rows: u64,
    /// The titles of open rules that nothing settles if it goes on like this: no number of rows at the rates seen.
    pub unsettled: Vec<String>,
}

/// One thing to do, and the titles of the rules that it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Give data that a rule is about.
    Give {
        /// What to give.
        what: String,
        /// For which rules.
        rules: Vec<String>,
    },
    /// Add gold rows, in a new version of the set.
    AddRows {
        /// Where, and how many.
        #[serde(flatten)]
        rows: RowsNeeded,
        /// For which rules.
        rules: Vec<String>,
    },
}

impl Settlement {
    /// What these findings need together.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        Self::of_kind(findings, PartKind::Category)
    }

    /// The same in the words for other parts than categories.
    #[must_use]
    pub fn of_kind(findings: &[Finding], kind: PartKind) -> Self {
        let (mut data, mut rows) = (BTreeMap::<&str, Vec<String>>::new(), BTreeMap::new());
        let mut unsettled = Vec::new();
        for finding in findings
            .iter()
            .filter(|finding| finding.outcome == Outcome::CannotTell)
        {
            let title = finding.rule.title_of(kind);
            if finding.give.is_none() && finding.settle.is_empty() {
                unsettled.push(title.clone());
            }
            if let Some(what) = &finding.give {
                data.entry(what.as_str()).or_default().push(title.clone());
            }
            for needed in &finding.settle {
                let (most, rules): &mut (RowsNeeded, Vec<String>) = rows
                    .entry(needed.category.as_deref())
                    .or_insert_with(|| (needed.clone(), Vec::new()));
                most.need = most.need.max(needed.need);
                rules.push(title.clone());
            }
        }
        let missing = |category: bool| {
            let those = rows
                .values()
                .filter(move |(rows, _)| rows.category.is_some() == category);
            those.map(|(rows, _)| rows.missing()).sum::<u64>()
        };
        let total = missing(true).max(missing(false));
        let mut rows: Vec<(RowsNeeded, Vec<String>)> = rows.into_values().collect();
        rows.sort_by_key(|(rows, _)| rows.missing());
        let data = data.into_iter().map(|(what, rules)| Step::Give {
            what: what.to_owned(),
            rules,
        });
        let rows = rows
            .into_iter()
            .map(|(rows, rules)| Step::AddRows { rows, rules });
        Self {
            steps: data.chain(rows).collect(),
            rows: total,
            unsettled,
        }
    }

    /// Whether every rule is settled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.unsettled.is_empty()
    }

    /// The first `most` steps in words, and a line for what is left out, for the sum, and for rules that nothing settles.
    #[must_use]
    pub fn in_words(&self, most: usize) -> Vec<String> {
        let mut words: Vec<String> = self.steps.iter().take(most).map(Step::in_words).collect();
        if self.steps.len() > most {
            let more = counted((self.steps.len() - most) as u64, "further step");
            words.push(format!("{more}, each of as many rows or more."));
        }
        let steps_of_rows = self
            .steps
            .iter()
            .filter(|step| matches!(step, Step::AddRows { .. }));
        if steps_of_rows.count() > 1 {
            words.push(format!("All in all: {} to add.", counted(self.rows, "gold row")));
        }
        if !self.unsettled.is_empty() {
            let rules = names(self.unsettled.iter().map(String::as_str), NAMED_RULES);
            words.push(format!(
                "No number of rows settles this at the rates seen: {rules}."
            ));
        }
        words
    }
}

impl Step {
    /// The step as a sentence.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Give { what, rules } => format!("Give {what}, for {}.", titles(rules)),
            Self::AddRows { rows, rules } => {
                let place = (rows.category.as_deref())
                    .map_or_else(|| "of any kind".to_owned(), |name| format!("of {}", quoted(name)));
                format!(
                    "Add at least {} {place} ({} in all), for {}.",
                    counted(rows.missing(), "gold row"),
                    count(rows.need),
                    titles(rules)
                )
            }
        }
    }
}

fn titles(rules: &[String]) -> String {
    let mut named: Vec<String> = rules
        .iter()
        .take(NAMED_RULES)
        .map(|title| format!("“{}”", one_line(title, 200)))
        .collect();
    if let Some(more) = rules.len().checked_sub(NAMED_RULES).filter(|more| *more > 0) {
        named.push(format!("{} more", count(more as u64)));
    }
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;

    fn needed(category: Option<&str>, have: u64, need: u64) -> RowsNeeded {
        RowsNeeded {
            category: category.map(str::to_owned),
            have,
            need,
        }
    }

    fn open(rule: &Rule, rows: &[RowsNeeded]) -> Finding {
        Finding::new(rule, Outcome::CannotTell, String::new()).settled_by(rows.iter().cloned())
    }

    #[test]
    fn data_comes_before_rows_and_few_rows_before_many() {
        let floor = open(
            &Rule::category_floor(0.5),
            &[needed(Some("a"), 3, 10), needed(Some("b"), 8, 10)],
        );
        let worse = open(&Rule::no_category_regressed(), &[needed(Some("a"), 3, 43)]);
        let better = open(&Rule::superior(), &[needed(None, 100, 130)]);
        let slow = Rule::Latency {
            percentile: 95.0,
            max_ms: 50.0,
        };
        let slow = Finding::missing(&slow, "none", "`latency_ms`");
        let passed = Finding::new(&Rule::guard(6, None), Outcome::Pass, String::new());
        let found = Settlement::of(&[floor, worse, better, slow, passed]);
        assert_eq!(
            found.in_words(9),
            [
                "Give `latency_ms`, for “Latency p95 of at most 50 ms”.",
                "Add at least 2 gold rows of “b” (10 in all), for “Recall of at least 50.0% in every category”.",
                "Add at least 30 gold rows of any kind (130 in all), for “Better than the baseline”.",
                "Add at least 40 gold rows of “a” (43 in all), for “Recall of at least 50.0% in every category”, “No category \
                 worse than the baseline”.",
                // Forty and two of the categories are more than the thirty of any.
                "All in all: 42 gold rows to add.",
            ]
        );
        assert_eq!(
            found.in_words(1)[1],
            "3 further steps, each of as many rows or more."
        );
    }

    #[test]
    fn what_no_rows_settle_is_said() {
        let found = Settlement::of(&[open(&Rule::superior(), &[])]);
        assert_eq!(
            found.in_words(5),
            ["No number of rows settles this at the rates seen: “Better than the baseline”."]
        );
        assert!(!found.is_empty() && Settlement::of(&[]).is_empty());
    }
}
