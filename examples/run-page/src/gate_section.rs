//! The verdict on each generation, and how it compares with the teacher.

use gold_eval::{
    Verdict,
    chart::{headline, rule_list},
};
use maud::{Markup, html};

use crate::{
    GenerationView,
    figures::{counted, one_line},
};

/// Notes shown of a report; all of them are in it.
const NOTES: usize = 8;

/// Scores, difference and notes of each generation; the rules of the last one.
pub(crate) fn gates(generations: &[GenerationView<'_>]) -> Markup {
    html! {
        @for generation in generations {
            @let report = generation.report;
            div class="generation" {
                h3 { (one_line(generation.name, 60)) " " (chip(report.verdict)) }
                p class="lead" {
                    "Gold set version " (report.gold.version) ", " (counted(report.gold.rows, "row")) "; intervals at "
                    (format!("{}%", 100.0 * report.confidence)) ". The baseline is the teacher’s pinned answer to the same rows."
                }
                (headline(report))
                ul class="notes" { @for note in report.notes.iter().take(NOTES) { li { (one_line(note, 600)) } } }
            }
        }
        @if let Some(last) = generations.last() {
            h3 { "The rules of the gate, for: " (one_line(last.name, 60)) }
            (rule_list(&last.report.rules))
        }
    }
}

fn chip(verdict: Verdict) -> Markup {
    let (class, word) = match verdict {
        Verdict::Ship => ("pass", "✓ ship"),
        Verdict::Hold => ("fail", "✕ hold"),
        Verdict::CannotTell => ("untold", "? cannot tell"),
    };
    html! { span class={ "chip " (class) } { (word) } }
}
