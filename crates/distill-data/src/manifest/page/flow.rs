//! Where every call went.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::{
    Manifest,
    figures::{count, counted, one_line, percent},
    html_page::bar,
    manifest::words::{NAME, largest_first, merged, reason, sum},
};

/// How many reasons of an end are shown.
const REASONS: usize = 15;

/// Where calls, or lines without any, may end.
struct End<'a> {
    name: &'static str,
    class: &'static str,
    /// Calls, or lines that hold none.
    number: u64,
    /// What it means, and where it lies.
    about: String,
    /// Whether the numbers beside the reasons are rows, each of which stands for one call or more.
    in_rows: bool,
    reasons: Option<&'a BTreeMap<String, u64>>,
}

pub(super) fn section(manifest: &Manifest) -> Markup {
    let ledger = &manifest.ledger;
    let all = ledger.calls_and_other_lines();
    let ends = ends(manifest);
    let ends = || ends.iter().filter(|end| end.number > 0);
    html! {
        section {
            h2 { "Where every call went" }
            p class="soft" { "Of " (counted(ledger.calls, "call")) " and " (counted(all - ledger.calls, "line"))
                " without any, each has exactly one end." }
            div class="stack" role="img" aria-label="shares, as in the table below" {
                @for end in ends() { span class=(end.class) style=(format!("flex-grow:{}", end.number)) {} }
            }
            div class="scroll" { table class="flow" {
                tbody { @for end in ends() {
                    tr class="end" {
                        td { span class={ "key " (end.class) } {} (end.name) }
                        td class="num" { (count(end.number as f64)) }
                        td class="num" { (percent(end.number as f64 / all.max(1) as f64)) }
                        td class="soft" { (end.about) }
                    }
                    @if let Some(reasons) = end.reasons { (rows(reasons, end)) }
                } }
            } }
            @if let Some(merged) = merged(manifest) { p { (merged)
                " Nearly the same is a similarity of " (manifest.settings.near_threshold) " and more: the share of their "
                "pieces of three characters that two texts both have." } }
            @if manifest.calls_with_earlier_turns > 0 {
                p class="soft" { (counted(manifest.calls_with_earlier_turns, "call"))
                    " followed earlier turns of a chat, which the training rows do not have." }
            }
            @for (field, times) in manifest.malformed_metadata.iter().take(REASONS) {
                p class="soft" { (count(*times as f64)) " times " (one_line(field, NAME))
                    " was something that cannot be, and counts as unknown." }
            }
        }
    }
}

fn ends(manifest: &Manifest) -> Vec<End<'_>> {
    let ledger = &manifest.ledger;
    let rejected = |name, class, reasons, about: &str| End {
        name,
        class,
        number: sum(reasons),
        about: about.to_owned(),
        in_rows: false,
        reasons: Some(reasons),
    };
    vec![
        End {
            name: "To train on",
            class: "c1",
            number: ledger.calls_in_train,
            about: format!("calls behind {} of train.jsonl", counted(ledger.train, "row")),
            in_rows: true,
            reasons: None,
        },
        End {
            name: "Set apart",
            class: "c2",
            number: ledger.calls_set_apart,
            about: format!(
                "calls behind {} that could be trained on and are kept from it",
                counted(sum(&ledger.set_apart), "row")
            ),
            in_rows: true,
            reasons: Some(&ledger.set_apart),
        },
        End {
            name: "To review",
            class: "c3",
            number: ledger.calls_in_review,
            about: format!(
                "calls behind {} that a person should look at first",
                counted(sum(&ledger.review), "row")
            ),
            in_rows: true,
            reasons: Some(&ledger.review),
        },
        rejected(
            "Rejected",
            "c4",
            &ledger.rejected,
            "calls that make no row, in rejected.jsonl",
        ),
        rejected(
            "Other questions",
            "c5",
            &ledger.other_questions,
            "calls that ask something else than the task does",
        ),
        rejected(
            "No call",
            "c6",
            &ledger.lines_without_call,
            "lines that hold something else",
        ),
        rejected(
            "Unreadable",
            "c7",
            &ledger.quarantined,
            "lines that could not be read, in quarantine.jsonl",
        ),
    ]
}

fn rows(reasons: &BTreeMap<String, u64>, end: &End<'_>) -> Markup {
    let sorted = largest_first(reasons);
    let all = sum(reasons).max(1) as f64;
    html! {
        @for (kind, number) in sorted.iter().take(REASONS) {
            tr class="reason" {
                td { (bar(*number as f64 / all, end.class)) }
                td class="num" { (count(*number as f64)) }
                td class="num" { (percent(*number as f64 / all)) }
                td { (reason(kind)) @if end.in_rows { span class="soft" { " (rows)" } } }
            }
        }
        @if sorted.len() > REASONS { tr class="reason" { td {} td class="soft" colspan="3" { "and "
            (sorted.len() - REASONS) " more, in manifest.json" } } }
    }
}
