//! What the drift monitor named, in words and with rows.

use std::collections::BTreeSet;

use drift_stats::{ExampleRow, Finding, Movement, Strength, WindowReport};
use maud::{Markup, html};

use crate::figures::{count, counted, date, one_line, percent};

/// Windows whose findings are shown.
const SHOWN_WINDOWS: usize = 8;
/// Findings shown of one window.
const SHOWN_FINDINGS: usize = 4;
/// Examples shown of one finding.
const SHOWN_EXAMPLES: usize = 3;
/// Rows of the table of windows.
const TABLE_ROWS: usize = 60;

/// Each finding in the window that named it first, then all windows as a table.
pub(crate) fn findings(windows: &[WindowReport]) -> Markup {
    let first_named = first_named(windows);
    let left_out = first_named.len().saturating_sub(SHOWN_WINDOWS);
    html! {
        p class="lead" { (in_words(windows)) }
        @for (window, findings) in first_named.iter().take(SHOWN_WINDOWS) {
            article class="window" {
                h3 { (named(window)) @if window.alarm { " " span class="chip fail" { "⚑ alarm" } } }
                @for finding in findings.iter().take(SHOWN_FINDINGS) { (one(finding)) }
                @if findings.len() > SHOWN_FINDINGS { p class="lead" { (counted((findings.len() - SHOWN_FINDINGS) as u64, "more finding")) " of this window in drift.json." } }
            }
        }
        @if left_out > 0 { p class="lead" { "What " (counted(left_out as u64, "later window")) " named for the first time is in drift.json." } }
        (table(windows))
    }
}

fn in_words(windows: &[WindowReport]) -> String {
    let alarms = windows.iter().filter(|window| window.alarm).count() as u64;
    let tested = windows.iter().filter(|window| window.window.is_some()).count() as u64;
    let spent: f64 = windows.iter().map(|window| window.alpha).sum();
    format!(
        "{} tested, {} with an alarm. The chance of any false alarm in all of them was allowed to be {}. Below, each \
         finding where it was named first.",
        counted(tested, "window"),
        count(alarms),
        percent(spent)
    )
}

/// The findings of each window that hold something no earlier window had named.
fn first_named(windows: &[WindowReport]) -> Vec<(&WindowReport, Vec<&Finding>)> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    windows
        .iter()
        .filter_map(|window| {
            let new: Vec<&Finding> = window
                .findings
                .iter()
                .filter(|finding| {
                    // All names are remembered, whichever of them is new.
                    names(&finding.movement)
                        .into_iter()
                        .fold(false, |any, name| known.insert(name) || any)
                })
                .collect();
            (!new.is_empty()).then_some((window, new))
        })
        .collect()
}

/// What a movement is about.
fn names(movement: &Movement) -> Vec<String> {
    match movement {
        Movement::Values { values } => values
            .iter()
            .map(|value| format!("{:?} {}", value.kind, value.text))
            .collect(),
        Movement::LabelUp { label, .. } => vec![format!("up {label}")],
        Movement::LabelDown { label, .. } => vec![format!("down {label}")],
        Movement::Unfamiliar { .. } => vec!["unfamiliar".to_owned()],
        Movement::Doubtful { .. } => vec!["doubtful".to_owned()],
        Movement::Outside { .. } => vec!["outside".to_owned()],
        other => vec![other.to_string()],
    }
}

fn named(window: &WindowReport) -> String {
    let number = window.window.map_or_else(
        || "A window too small to test".to_owned(),
        |number| format!("Window {number}"),
    );
    format!("{number}, {}, {}", span(window), counted(window.rows, "row"))
}

fn span(window: &WindowReport) -> String {
    match window.span.map(|(first, last)| (date(first), date(last))) {
        Some((first, last)) if first == last => first,
        Some((first, last)) => format!("{first} to {last}"),
        None => "no time".to_owned(),
    }
}

fn one(finding: &Finding) -> Markup {
    let (class, word) = match finding.strength {
        Strength::Alarm => ("alarm", "alarm"),
        Strength::Note => ("note", "note"),
    };
    let examples = finding.examples.iter().take(SHOWN_EXAMPLES);
    html! {
        div class={ "finding " (class) } {
            p { strong { (word) } ": " (with_code(&one_line(&finding.movement.to_string(), 700))) }
            p class="lead" {
                (one_line(&finding.answered.to_string(), 400))
                @if let Some(evidence) = finding.movement.evidence() {
                    "; p = " (probability(evidence.p_value)) ", an alarm from " (probability(evidence.alarm_at))
                }
            }
            @if !finding.examples.is_empty() { ul class="lines" { @for example in examples { (example_line(example)) } } }
        }
    }
}

/// What stands between backticks as code.
fn with_code(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn example_line(example: &ExampleRow) -> Markup {
    html! {
        li {
            code { (one_line(&example.input, 200)) } " → " (one_line(&example.label, 60))
            @if let Some(confidence) = example.confidence { span class="lead" { " " (format!("{confidence:.2}")) } }
        }
    }
}

fn probability(p: f64) -> String {
    if p > 0.0 && p < 0.001 {
        format!("{p:.0e}")
            .replace("e-", " × 10⁻")
            .chars()
            .map(raised_after_minus())
            .collect()
    } else {
        format!("{p:.3}")
    }
}

/// Raises the digits behind the raised minus sign.
fn raised_after_minus() -> impl FnMut(char) -> char {
    let mut raised = false;
    move |character| {
        raised |= character == '⁻';
        match character.to_digit(10) {
            Some(digit) if raised => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
            _ => character,
        }
    }
}

fn table(windows: &[WindowReport]) -> Markup {
    html! {
        details {
            summary { "All windows" }
            div class="scroll" { table {
                thead { tr {
                    th scope="col" { "Window" } th scope="col" class="num" { "Rows" } th scope="col" { "Alarm" } th scope="col" class="num" { "Findings" }
                    th scope="col" class="num" title="Share of rows with a word that the reference does not know; without drift" { "Unfamiliar rows" }
                    th scope="col" class="num wide" title="Jensen-Shannon distance of the predicted labels, in nats; its mean without drift" { "Labels moved" }
                } }
                tbody { @for window in windows.iter().take(TABLE_ROWS) { (table_row(window)) } }
            } }
        }
    }
}

fn table_row(window: &WindowReport) -> Markup {
    let novelty = &window.statistics.novelty;
    let moved = &window.statistics.labels.jensen_shannon;
    html! {
        tr {
            td { (window.window.map_or_else(|| "–".to_owned(), |number| number.to_string())) span class="wide" { " · " (span(window)) } }
            td class="num" { (count(window.rows)) }
            td { @if window.alarm { "⚑ alarm" } @else if window.too_few.is_some() { "too few rows" } @else { "none" } }
            td class="num" { (count(window.findings.len() as u64 + window.findings_left_out)) }
            td class="num" { (percent(novelty.unfamiliar_rows.share)) " (" (percent(novelty.unfamiliar_rows_expected.share)) ")" }
            td class="num wide" { (format!("{:.4}", moved.value)) @if let Some(chance) = moved.no_drift { " (" (format!("{:.4}", chance.mean)) ")" } }
        }
    }
}
