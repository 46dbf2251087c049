//! A manifest as one HTML page, for somebody who has never seen the files: the verdict, where every call went and what to do
//! about it first, what it was made from last.

mod flow;
mod labels;
mod made_from;
mod people;
mod plots;
mod teachers;

use maud::{Markup, html};

use super::{
    next_steps,
    words::{self, NAME},
};
use crate::{
    Manifest, SplitReport, Verdict,
    figures::{count, counted, listed, one_line, percent},
    html_page::document,
};

/// The name of the page in the folder of a curation.
pub(crate) const PAGE_FILE: &str = "curation.html";

pub(super) fn of(manifest: &Manifest) -> String {
    let task = one_line(&manifest.task.name, NAME);
    let body = html! {
        (header(manifest, &task))
        (verdict(manifest))
        (flow::section(manifest))
        (steps(manifest))
        (people::section(manifest))
        (labels::section(manifest))
        (teachers::section(manifest))
        (apart(manifest))
        (made_from::section(manifest))
    };
    document(&format!("Training rows for {task}"), &body)
}

fn header(manifest: &Manifest, task: &str) -> Markup {
    let ledger = &manifest.ledger;
    html! {
        header {
            h1 { "Training rows for " (task) }
            p { (counted(ledger.lines, "line")) " of " (counted(manifest.logs.len() as u64, "log")) " hold "
                (counted(ledger.calls, "call"))
                " of a large model, the teacher. This page says which of them a small model can learn from, and what "
                "became of the others." }
        }
    }
}

fn verdict(manifest: &Manifest) -> Markup {
    let (headline, sentence) = words::verdict(manifest);
    let class = match manifest.verdict {
        Verdict::Usable => "good",
        Verdict::TooDamaged { .. } | Verdict::NothingKept => "bad",
    };
    html! {
        section { div class={ "verdict " (class) } { strong { (headline) } p { (sentence) } } }
    }
}

fn steps(manifest: &Manifest) -> Markup {
    let steps = next_steps::of(manifest);
    html! {
        section {
            h2 { "What to do next" }
            @if steps.is_empty() { p { "Nothing: nobody is asked anything, and a gold set was kept clear of." } }
            @else { ol class="steps" { @for step in &steps { li { strong { (step.what) } p { (step.why) } } } } }
        }
    }
}

/// That training rows are apart from the gold set and from parts that are held out, and free of personal data.
fn apart(manifest: &Manifest) -> Markup {
    html! {
        section {
            h2 { "What was kept apart" }
            h3 { "The test" }
            p { (words::leakage(manifest)) }
            @if manifest.leakage.is_some() {
                p class="soft" {
                    "A gold set is questions with right answers, to test a model on. How similar two texts are is the "
                    "share of their pieces of three characters that both have. Whoever has both files can compute this "
                    "certificate again."
                }
            }
            @if let Some(split) = &manifest.split { (held_out(split, !manifest.class_limits.over_cap.is_empty())) }
            h3 { "Personal data" }
            @match words::personal_data(manifest) {
                Some(masked) => {
                    p { (masked) }
                    p class="soft" {
                        "Card numbers, IBANs, e-mail addresses and phone numbers can be masked, as the settings ask. "
                        "Names and addresses of streets are not found."
                    }
                },
                None => p { "The settings ask for no masking: the files hold what the log holds." },
            }
        }
    }
}

fn held_out(split: &SplitReport, is_capped: bool) -> Markup {
    const MISSING: usize = 12;
    let missing = split.small_classes.iter().map(|class| {
        let parts = listed(class.missing_from.iter().cloned(), 4);
        format!(
            "{} ({}) from {parts}",
            words::quoted(&class.label),
            counted(class.rows as u64, "row")
        )
    });
    html! {
        h3 { "Rows held out" }
        p { "What stays together: " (split.by.in_words()) ". " (count(split.units as f64))
            " rows or groups of rows were assigned whole, the largest of "
            (counted(split.largest_unit as u64, "row")) "." }
        div class="scroll" { table {
            thead { tr { th { "Part" } th class="num" { "Rows" } th class="num" { "Share" }
                th class="num" { "Wanted" } } }
            tbody { @for part in split.parts.iter().take(30) {
                @let all: usize = split.parts.iter().map(|part| part.rows).sum();
                tr { td { (one_line(&part.name, NAME)) } td class="num" { (count(part.rows as f64)) }
                    td class="num" { (percent(part.rows as f64 / all.max(1) as f64)) }
                    td class="num" { (percent(part.wanted)) } }
            } }
        } }
        @if is_capped { p class="soft" { "Counted before labels with too many rows to train on lost some." } }
        @if let Some(untimed) = words::without_time(split) { p { (untimed) } }
        @if split.later_than_their_part > 0 {
            p class="soft" { (counted(split.later_than_their_part as u64, "row"))
                " of a later time stayed with nearly equal rows of an earlier one." }
        }
        @if let Some(flattery) = &split.flattery {
            p { (words::flattery(flattery)) }
            p class="soft" {
                "What a test on held-out rows promises too much is what a model is right on because it has seen "
                "nearly the same row." }
        }
        @if missing.len() > 0 { p class="soft" { "Labels that are missing: " (listed(missing, MISSING)) "." } }
    }
}
