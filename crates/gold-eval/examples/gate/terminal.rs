//! A report as lines of a terminal.

use gold_eval::{Outcome, Report};

/// How many categories the terminal shows.
const LISTED_CATEGORIES: usize = 12;

/// The verdict, the rules and the worst categories, as lines.
pub(crate) fn table(report: &Report) -> String {
    let mut lines = vec![
        report.verdict.to_string().to_uppercase(),
        report.summary.clone(),
        String::new(),
    ];
    for finding in &report.rules {
        let word = match finding.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "FAIL",
            Outcome::CannotTell => "cannot tell",
        };
        lines.push(format!(
            "{word:>12}  {}\n{:14}{}",
            finding.rule.title(),
            "",
            finding.evidence
        ));
    }
    lines.push(format!(
        "\n{:<32} {:>5} {:>7} {:>15} {:>9} {:>7} {:>8}",
        "category", "rows", "recall", "interval", "baseline", "change", "p worse"
    ));
    lines.extend(report.categories.iter().take(LISTED_CATEGORIES).map(|category| {
        format!(
            "{:<32} {:>5} {:>6.1}% {:>6.1} to {:>5.1} {:>8.1}% {:>+7.1} {:>8.4}",
            category.label.chars().take(32).collect::<String>(),
            category.support,
            100.0 * category.recall,
            100.0 * category.recall_interval.low,
            100.0 * category.recall_interval.high,
            100.0 * category.baseline_recall,
            100.0 * category.difference,
            category.p_worse_holm
        )
    }));
    if let Some(more) = report.categories.len().checked_sub(LISTED_CATEGORIES + 1) {
        lines.push(format!("... {} more in report.html", more + 1));
    }
    lines.push(String::new());
    lines.extend(report.notes.iter().map(|note| format!("- {note}")));
    lines.join("\n")
}
