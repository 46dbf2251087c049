//! Rules against the last shipped model, and rules on chosen categories.

use crate::{
    Against, Finding, Outcome, Rule, evidence::Evidence, figures::names, holm, part::Part,
    smallest_visible_drop,
};

impl Evidence<'_> {
    /// Judges a rule by the model and the categories that it names.
    pub(super) fn scoped(&self, rule: &Rule) -> Finding {
        let (comparison, table) = match (rule.against(), self.given.shipped) {
            (Against::Baseline, _) => (self.comparison, self.categories),
            (Against::Shipped, Some(shipped)) => shipped,
            (Against::Shipped, None) => {
                return Finding::missing(
                    rule,
                    "The answers of the model that was shipped last were not given.",
                    "the last shipped model’s answers to the same gold rows",
                );
            }
        };
        let chosen = rule.categories();
        let is_chosen = |label: &String| chosen.is_empty() || chosen.contains(label);
        let categories = if chosen.is_empty() {
            table.to_vec()
        } else {
            let kept = table.iter().filter(|c| is_chosen(&c.label)).cloned().collect();
            tested_alone(kept, rule.category_alpha())
        };
        let without_rows: Vec<String> = self
            .without_rows
            .iter()
            .filter(|l| is_chosen(l))
            .cloned()
            .collect();
        let finding = Evidence {
            comparison,
            categories: &categories,
            without_rows: &without_rows,
            ..*self
        }
        .judge_in_scope(rule);
        // Of all categories of a task those without rows are a note; one that is named must not pass unseen.
        if chosen.is_empty() || without_rows.is_empty() || finding.outcome != Outcome::Pass {
            return finding;
        }
        let unseen = names(without_rows.iter().map(String::as_str), 5);
        Finding::missing(
            rule,
            format!("There are no gold rows of {unseen}, which the rule names."),
            format!("gold rows of {unseen}, in a new version of the set"),
        )
        .about(without_rows.first().map(String::as_str))
    }
}

/// The categories with their p-values adjusted among themselves, and what their rows show then.
fn tested_alone(mut categories: Vec<Part>, alpha: Option<f64>) -> Vec<Part> {
    let p_worse: Vec<f64> = categories.iter().map(|c| c.p_worse).collect();
    let hardest_step = alpha.map(|alpha| alpha / categories.len() as f64);
    for (category, adjusted) in categories.iter_mut().zip(holm(&p_worse)) {
        category.p_worse_holm = adjusted;
        if let Some(alpha) = hardest_step {
            category.smallest_visible_drop = smallest_visible_drop(category.support, alpha);
        }
    }
    categories
}
