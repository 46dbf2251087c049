//! The rules of a gate and how they came out.

use maud::{Markup, html};

use crate::{
    Finding, Outcome, PartKind,
    figures::{count, quoted},
};

/// How many categories a rule lists as short of rows.
const LISTED: usize = 8;

/// The rules in the order of the gate, each with its outcome, its evidence, and the rows that would settle it.
#[must_use]
pub fn rule_list(findings: &[Finding]) -> Markup {
    rule_list_of(findings, PartKind::Category)
}

/// The same in the words for other parts than categories.
#[must_use]
pub fn rule_list_of(findings: &[Finding], kind: PartKind) -> Markup {
    html! {
        ul class="rules" {
            @for finding in findings {
                li {
                    (chip(finding.outcome))
                    div {
                        strong { (finding.rule.title_of(kind)) }
                        p { (finding.evidence) }
                        @if let Some(needed) = rows_needed_of(finding, kind) { p { (needed) } }
                    }
                }
            }
        }
    }
}

fn chip(outcome: Outcome) -> Markup {
    let (class, word) = match outcome {
        Outcome::Pass => ("pass", "✓ pass"),
        Outcome::Fail => ("fail", "✕ fail"),
        Outcome::CannotTell => ("untold", "? cannot tell"),
    };
    html! { span class={ "chip " (class) } { (word) } }
}

/// The data or the rows by category that would settle a finding, in the words for such parts; `None` where there are
/// none to name.
pub(crate) fn rows_needed_of(finding: &Finding, kind: PartKind) -> Option<String> {
    if let Some(what) = &finding.give {
        return Some(format!("To settle it, give {what}."));
    }
    let by_category = finding
        .settle
        .iter()
        .filter_map(|rows| Some((rows.category.as_deref()?, rows)));
    let listed: Vec<String> = by_category
        .clone()
        .take(LISTED)
        .map(|(label, rows)| {
            format!(
                "{} {} more ({} in all)",
                quoted(label),
                count(rows.missing()),
                count(rows.need)
            )
        })
        .collect();
    let rest = by_category.count().saturating_sub(LISTED);
    (!listed.is_empty()).then(|| {
        let more = if rest > 0 {
            format!(", and {} further {}", count(rest as u64), kind.plural())
        } else {
            String::new()
        };
        format!(
            "Rows that would settle it at the rates seen, at least: {}{more}.",
            listed.join(", ")
        )
    })
}
