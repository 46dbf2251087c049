//! What the drift monitor named, in words and with rows.

use std::collections::BTreeSet;

use drift_stats::{ExampleRow, Finding, Movement, Strength, WindowReport};
use maud::{Markup, html};

use crate::figures::{count, counted, date, one_line, percent};

/// Windows whose alarms are shown.
const SHOWN_WINDOWS: usize = 8;
/// Alarms shown of one window.
const SHOWN_ALARMS: usize = 4;
/// Weaker signs shown.
const SHOWN_NOTES: usize = 30;
/// Examples shown of one alarm.
const SHOWN_EXAMPLES: usize = 3;
/// Rows of the table of windows.
const TABLE_ROWS: usize = 60;

/// Each alarm in the window that raised it first, then the weaker signs, then all windows as a table.
pub(crate) fn findings(windows: &[WindowReport]) -> Markup {
    let alarms = first_named(windows, Strength::Alarm);
    let left_out = alarms.len().saturating_sub(SHOWN_WINDOWS);
    html! {
        p class="lead" { (in_words(windows)) }
        @for (window, findings) in alarms.iter().take(SHOWN_WINDOWS) {
            article class="window" {
                h3 { (named(window)) " " span class="chip fail" { "⚑ alarm" } }
                @for finding in findings.iter().take(SHOWN_ALARMS) { (alarm(finding)) }
                @if findings.len() > SHOWN_ALARMS {
                    p class="lead" { (counted((findings.len() - SHOWN_ALARMS) as u64, "more alarm")) " of this window in the monitor’s own report." }
                }
            }
        }
        @if left_out > 0 { p class="lead" { "What " (counted(left_out as u64, "later window")) " raised for the first time is in the monitor’s own reports." } }
        (weaker_signs(windows))
        (table(windows))
    }
}

fn in_words(windows: &[WindowReport]) -> String {
    let alarms = windows.iter().filter(|window| window.alarm).count() as u64;
    let tested = windows.iter().filter(|window| window.window.is_some()).count() as u64;
    let spent: f64 = windows.iter().map(|window| window.alpha).sum();
    let below = if alarms > 0 {
        " Each alarm stands below where it was raised first."
    } else {
        ""
    };
    format!(
        "{} tested, {} with an alarm. The chance of any false alarm in all of them was allowed to be {}.{below}",
        counted(tested, "window"),
        count(alarms),
        percent(spent)
    )
}

/// Findings that are too weak for an alarm, in one line each.
fn weaker_signs(windows: &[WindowReport]) -> Markup {
    let notes = first_named(windows, Strength::Note);
    let all: Vec<(&WindowReport, &Finding)> = notes
        .iter()
        .flat_map(|(window, findings)| findings.iter().map(|finding| (*window, *finding)))
        .collect();
    html! {
        @if !all.is_empty() {
            details {
                summary { (counted(all.len() as u64, "weaker sign")) ", each of which may be chance" }
                ul class="notes" {
                    @for (window, finding) in all.iter().take(SHOWN_NOTES) {
                        li { (span(window)) ": " (with_code(&one_line(&finding.movement.to_string(), 300))) }
                    }
                    @if all.len() > SHOWN_NOTES { li { "and " (count((all.len() - SHOWN_NOTES) as u64)) " more." } }
                }
            }
        }
    }
}

/// Of each window, the findings of a strength that hold something no earlier one of that strength had named.
fn first_named(windows: &[WindowReport], strength: Strength) -> Vec<(&WindowReport, Vec<&Finding>)> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut is_new = |finding: &&Finding| {
        let before = known.len();
        known.extend(names(&finding.movement));
        known.len() > before
    };
    windows
        .iter()
        .filter_map(|window| {
            let of_strength = window
                .findings
                .iter()
                .filter(|finding| finding.strength == strength);
            let new: Vec<&Finding> = of_strength.filter(&mut is_new).collect();
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

fn alarm(finding: &Finding) -> Markup {
    let examples = finding.examples.iter().take(SHOWN_EXAMPLES);
    html! {
        div class="finding" {
            p { (with_code(&one_line(&finding.movement.to_string(), 700))) }
            p class="lead" {
                (one_line(&finding.answered.to_string(), 400))
                @if let Some(evidence) = finding.movement.evidence() {
                    "; p\u{a0}=\u{a0}" (probability(evidence.p_value)) ", an alarm from " (probability(evidence.alarm_at))
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
            .replace("e-", "\u{a0}×\u{a0}10⁻")
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
