//! A report as lines of a terminal.

use std::io::{IsTerminal, stdout};

use anstyle::{AnsiColor, Style};
use gold_eval::{
    Finding, Outcome, PartKind, Section, Verdict,
    figures::{count, counted, one_line, percent},
};
use textwrap::{Options, core::display_width, termwidth, wrap};

use crate::judged::{Judged, PartLine};

/// How many categories, fields or checks the terminal shows, and rows of a further table.
const LISTED_PARTS: usize = 12;

/// How many steps of what would settle the open rules it shows.
const LISTED_STEPS: usize = 8;

/// How wide a cell of a further table gets, in columns.
const LONGEST_CELL: usize = 44;

/// A longer cell is not cut below this.
const SHORTEST_CUT_CELL: usize = 8;

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
pub(crate) fn table(report: &impl Judged, width: usize) -> String {
    let about = report.about();
    let style = style_of(match about.verdict {
        Verdict::Ship => Outcome::Pass,
        Verdict::Hold => Outcome::Fail,
        Verdict::CannotTell => Outcome::CannotTell,
    });
    let word = about.verdict.to_string().to_uppercase();
    let of_what = format!(
        "{} · gate {} · gold version {}, {}",
        one_line(about.task, 60),
        one_line(about.gate, 60),
        about.gold_version,
        counted(about.gold_rows, "row")
    );
    let mut lines = vec![format!("{style}{word}{style:#}  {FAINT}{of_what}{FAINT:#}")];
    lines.extend(wrap(about.summary, width).into_iter().map(String::from));

    lines.push(heading("Rules"));
    for finding in about.rules {
        lines.extend(rule(finding, about.kind, width));
    }
    if !about.settlement.is_empty() {
        lines.push(heading("What would settle it, cheapest first"));
        lines.extend(bullets(&about.settlement.in_words(LISTED_STEPS), width));
    }
    lines.push(heading(match about.kind {
        PartKind::Field => "Fields, worst first",
        PartKind::Check => "Checks, worst first",
        _ => "Categories, worst first",
    }));
    lines.extend(parts(&report.parts(), about.kind, width));
    for section in report
        .sections()
        .iter()
        .filter(|section| !section.rows.is_empty())
    {
        lines.push(heading(&one_line(&section.title, width)));
        lines.extend(cells(section, width));
    }
    let measured = about.models.into_iter();
    let usage =
        measured.filter_map(|(name, usage)| Some(format!("{}: {}.", one_line(name, 60), usage?.in_words())));
    lines.push(heading("To know besides"));
    lines.extend(bullets(
        &usage.chain(about.notes.to_vec()).collect::<Vec<_>>(),
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
fn rule(finding: &Finding, kind: PartKind, width: usize) -> Vec<String> {
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
    for (i, line) in wrap(&finding.rule.title_of(kind), width - 15).iter().enumerate() {
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

/// Text in a column so wide: cut, or filled up with spaces.
fn padded(text: &str, width: usize, is_numeric: bool) -> String {
    let mut text = one_line(text, width);
    // A column is as wide as what is shown in it, and some letters take two.
    while display_width(&text) > width {
        text.pop();
    }
    let space = " ".repeat(width - display_width(&text));
    if is_numeric {
        format!("{space}{text}")
    } else {
        format!("{text}{space}")
    }
}

/// The worst categories, fields or checks; a narrow terminal has no room for intervals and p-values.
fn parts(parts: &[PartLine<'_>], kind: PartKind, width: usize) -> Vec<String> {
    let is_wide = width >= 80;
    let name_width = if is_wide {
        (width - 62).clamp(18, 40)
    } else {
        width - 30
    };
    let name = |name: &str| padded(name, name_width, false);
    let share = if kind == PartKind::Category {
        "recall"
    } else {
        "right"
    };
    let short = format!("{} {:>6} {share:>8}", name(kind.noun()), "rows");
    let head = if is_wide {
        format!(
            "{short} {:>15} {:>9} {:>8} {:>9}",
            "interval", "baseline", "change", "p, worse"
        )
    } else {
        format!("{short} {:>8}", "change")
    };
    let row = |part: &PartLine<'_>| {
        let change = format!("{:+.1}", 100.0 * part.change);
        let short = format!(
            "{} {:>6} {:>8}",
            name(part.name),
            count(part.rows),
            percent(part.share)
        );
        if !is_wide {
            return format!("{short} {change:>8}");
        }
        let interval = format!(
            "{:.1} to {:.1}%",
            100.0 * part.interval.low,
            100.0 * part.interval.high
        );
        let baseline = percent(part.baseline);
        format!(
            "{short} {interval:>15} {baseline:>9} {change:>8} {:>9.4}",
            part.p_worse
        )
    };
    let mut lines = vec![format!("{FAINT}{head}{FAINT:#}")];
    lines.extend(parts.iter().take(LISTED_PARTS).map(row));
    lines.extend(left_out(parts.len()));
    lines
}

/// A table of the kind of task, as many of its columns as fit.
fn cells(section: &Section, width: usize) -> Vec<String> {
    let shown = || section.rows.iter().take(LISTED_PARTS);
    let mut room = width;
    let mut columns = Vec::new();
    for (at, column) in section.columns.iter().enumerate() {
        let cells = shown().filter_map(|row| row.get(at)).chain([&column.name]);
        let widest = cells.map(|cell| display_width(cell)).max().unwrap_or_default();
        let wide = widest.min(room).min(LONGEST_CELL);
        if wide < widest.min(SHORTEST_CUT_CELL) {
            break;
        }
        columns.push((at, wide, column.is_numeric));
        room = room.saturating_sub(wide + 2);
    }
    let line = |cell: &dyn Fn(usize) -> String| {
        let cells = columns
            .iter()
            .map(|&(at, wide, is_numeric)| padded(&cell(at), wide, is_numeric));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head = line(&|at| section.columns[at].name.clone());
    let mut lines = vec![format!("{FAINT}{head}{FAINT:#}")];
    lines.extend(shown().map(|row| line(&|at| row.get(at).cloned().unwrap_or_default())));
    lines.extend(left_out(section.rows.len()));
    lines
}

fn left_out(all: usize) -> Option<String> {
    let more = all.saturating_sub(LISTED_PARTS);
    (more > 0).then(|| format!("{FAINT}{} more are in report.html{FAINT:#}", count(more as u64)))
}
