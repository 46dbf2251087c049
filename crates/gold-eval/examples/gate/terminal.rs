//! A report as lines of a terminal.

use std::io::{IsTerminal, stdout};

use anstyle::{AnsiColor, Style};
use gold_eval::{
    CategoryScore, Finding, Outcome, Report, Verdict,
    figures::{count, counted, one_line, percent},
};
use textwrap::{Options, core::display_width, termwidth, wrap};

/// How many categories the terminal shows.
const LISTED_CATEGORIES: usize = 12;

/// How many steps of what would settle the open rules it shows.
const LISTED_STEPS: usize = 8;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// The width to write for: the terminal's, where there is one, within what can be read.
pub(crate) fn width() -> usize {
    if stdout().is_terminal() {
        termwidth().clamp(40, 110)
    } else {
        100
    }
}

/// The verdict, the rules, what would settle them and the worst categories, as lines of at most `width` columns.
pub(crate) fn table(report: &Report, width: usize) -> String {
    let style = style_of(match report.verdict {
        Verdict::Ship => Outcome::Pass,
        Verdict::Hold => Outcome::Fail,
        Verdict::CannotTell => Outcome::CannotTell,
    });
    let word = report.verdict.to_string().to_uppercase();
    let about = format!(
        "{} · gate {} · gold version {}, {}",
        one_line(&report.gold.task, 60),
        one_line(&report.gate, 60),
        report.gold.version,
        counted(report.gold.rows, "row")
    );
    let mut lines = vec![format!("{style}{word}{style:#}  {FAINT}{about}{FAINT:#}")];
    lines.extend(wrap(&report.summary, width).into_iter().map(String::from));

    lines.push(heading("Rules"));
    for finding in &report.rules {
        lines.extend(rule(finding, width));
    }
    if !report.settlement.is_empty() {
        lines.push(heading("What would settle it, cheapest first"));
        lines.extend(bullets(&report.settlement.in_words(LISTED_STEPS), width));
    }
    lines.push(heading("Categories, worst first"));
    lines.extend(categories(&report.categories, width));
    let usage = [
        (&report.candidate.score.name, &report.candidate.usage),
        (&report.baseline.score.name, &report.baseline.usage),
    ];
    let usage = usage.into_iter().filter_map(|(name, usage)| {
        let usage = usage.as_ref()?;
        Some(format!("{}: {}.", one_line(name, 60), usage.in_words()))
    });
    lines.push(heading("To know besides"));
    lines.extend(bullets(
        &usage.chain(report.notes.clone()).collect::<Vec<_>>(),
        width,
    ));
    lines.join("\n")
}

fn heading(words: &str) -> String {
    format!("\n{BOLD}{words}{BOLD:#}")
}

fn style_of(outcome: Outcome) -> Style {
    let colour = match outcome {
        Outcome::Pass => AnsiColor::Green,
        Outcome::Fail => AnsiColor::Red,
        Outcome::CannotTell => AnsiColor::Yellow,
    };
    Style::new().bold().fg_color(Some(colour.into()))
}

/// A rule with its outcome before it and its evidence below.
fn rule(finding: &Finding, width: usize) -> Vec<String> {
    let word = match finding.outcome {
        Outcome::Pass => "✓ pass",
        Outcome::Fail => "✕ fail",
        Outcome::CannotTell => "? cannot tell",
    };
    let style = style_of(finding.outcome);
    let indent = " ".repeat(15);
    let options = || {
        Options::new(width)
            .initial_indent(&indent)
            .subsequent_indent(&indent)
    };
    let mut lines = Vec::new();
    for (i, line) in wrap(&finding.rule.title(), width - 15).iter().enumerate() {
        let mark = if i == 0 { word } else { "" };
        lines.push(format!("{style}{mark:<13}{style:#}  {line}"));
    }
    lines.extend(
        wrap(&finding.evidence, options())
            .iter()
            .map(|line| format!("{FAINT}{line}{FAINT:#}")),
    );
    lines
}

fn bullets(points: &[String], width: usize) -> Vec<String> {
    let options = Options::new(width).initial_indent("- ").subsequent_indent("  ");
    points
        .iter()
        .flat_map(|point| wrap(point, &options))
        .map(String::from)
        .collect()
}

/// The worst categories; a narrow terminal has no room for intervals and p-values.
fn categories(categories: &[CategoryScore], width: usize) -> Vec<String> {
    let is_wide = width >= 80;
    let name_width = if is_wide {
        (width - 62).clamp(18, 40)
    } else {
        width - 30
    };
    let name = |label: &str| {
        let mut name = one_line(label, name_width);
        // A column is as wide as what is shown in it, and some letters take two.
        while display_width(&name) > name_width {
            name.pop();
        }
        format!("{name}{}", " ".repeat(name_width - display_width(&name)))
    };
    let head = if is_wide {
        format!(
            "{} {:>6} {:>8} {:>15} {:>9} {:>8} {:>9}",
            name("category"),
            "rows",
            "recall",
            "interval",
            "baseline",
            "change",
            "p, worse"
        )
    } else {
        format!(
            "{} {:>6} {:>8} {:>8}",
            name("category"),
            "rows",
            "recall",
            "change"
        )
    };
    let row = |c: &CategoryScore| {
        let change = format!("{:+.1}", 100.0 * c.difference);
        let short = format!(
            "{} {:>6} {:>8}",
            name(&c.label),
            count(c.support),
            percent(c.recall)
        );
        if !is_wide {
            return format!("{short} {change:>8}");
        }
        let interval = format!(
            "{:.1} to {:.1}%",
            100.0 * c.recall_interval.low,
            100.0 * c.recall_interval.high
        );
        let baseline = percent(c.baseline_recall);
        format!(
            "{short} {interval:>15} {baseline:>9} {change:>8} {:>9.4}",
            c.p_worse_holm
        )
    };
    let mut lines = vec![format!("{FAINT}{head}{FAINT:#}")];
    lines.extend(categories.iter().take(LISTED_CATEGORIES).map(row));
    let more = categories.len().saturating_sub(LISTED_CATEGORIES);
    if more > 0 {
        lines.push(format!(
            "{FAINT}{} more are in report.html{FAINT:#}",
            count(more as u64)
        ));
    }
    lines
}
