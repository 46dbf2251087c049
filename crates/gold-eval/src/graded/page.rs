//! A graded report as one HTML page.

use maud::{Markup, html};

use crate::{
    Details, GradedReport, Section,
    chart::{aspect_bars, graded_headline, rule_list_of, verdict_banner},
    figures::{count, counted, level, one_line},
    graded::{sections, words::whole},
    page::{SHOWN_STEPS, document, training_texts},
};

/// How many aspects, and how many rows of each further table, the page shows; with cells of bounded length that keeps it
/// below 1 MB.
const SHOWN: usize = 250;

/// How many further tables the page shows.
const SHOWN_SECTIONS: usize = 8;

/// The longest cell of these, in characters.
const CELL: usize = 160;

pub(super) fn of<D: Details>(report: &GradedReport<D>) -> String {
    document(&report.gold.task, report.verdict, &content(report))
}

fn content<D: Details>(report: &GradedReport<D>) -> Markup {
    let noun = report.kind.noun();
    html! {
        header {
            h1 { (one_line(&report.gold.task, 60)) }
            "Gate " (one_line(&report.gate, 60)) " · gold version " (report.gold.version) ", "
            (counted(report.gold.rows, "row")) ", " (counted(report.aspects.len() as u64, noun)) " · " (one_line(&report.at, 60))
        }
        (verdict_banner(report.verdict, &report.summary))
        section {
            h2 { "Whole " (whole(report.kind)) "s" }
            p class="lead" { "Share of gold rows in which every " (noun) " is right, with " (level(report.confidence)) " intervals; beside it the worst " (noun) " alone." }
            (graded_headline(report))
        }
        section { h2 { "Rules" } p class="lead" { "All must pass to ship. One that fails is a fact of these rows; “cannot tell” is a lack of them." } (rule_list_of(&report.rules, report.kind)) }
        @if !report.settlement.is_empty() {
            section { h2 { "What would settle it, cheapest first" } ul class="notes" { @for step in report.settlement.in_words(SHOWN_STEPS) { li { (step) } } } }
        }
        section {
            h2 { "Every " (noun) ", worst first" }
            p class="lead" { "The share of right rows, and what the rows can show: the smallest net drop that is seen with 80% power, at the hardest step of Holm." }
            (aspect_bars(&report.aspects, report.kind, SHOWN))
        }
        @for part in sections::all(report).iter().filter(|part| !part.rows.is_empty()).take(SHOWN_SECTIONS) {
            section { h2 { (one_line(&part.title, 120)) } p class="lead" { (one_line(&part.lead, 1000)) } (table(part)) }
        }
        section { h2 { "To know besides" } ul class="notes" {
            @for model in [&report.candidate, &report.baseline] {
                @if let Some(usage) = &model.usage { li { (one_line(&model.name, 80)) ": " (usage.in_words()) "." } }
            }
            @for note in &report.notes { li { (note) } }
        } }
        section { h2 { "Made from" } (provenance(report)) }
    }
}

fn table(part: &Section) -> Markup {
    let class = |column: usize| match part.columns.get(column) {
        Some(column) if column.is_numeric => "num",
        _ => "",
    };
    let left_out = part.rows.len().saturating_sub(SHOWN);
    html! {
        div class="scroll" { table class="bars" {
            thead { tr { @for (at, column) in part.columns.iter().enumerate() { th scope="col" class=(class(at)) { (one_line(&column.name, CELL)) } } } }
            tbody {
                @for row in part.rows.iter().take(SHOWN) {
                    tr { @for (at, cell) in row.iter().enumerate() { td class=(class(at)) { (one_line(cell, CELL)) } } }
                }
                @if left_out > 0 {
                    tr { td colspan=(part.columns.len()) class="lead" { (count(left_out as u64)) " more are in report.json." } }
                }
            }
        } }
    }
}

fn provenance<D>(report: &GradedReport<D>) -> Markup {
    let rows = [
        (
            "Gold set",
            format!("version {}", report.gold.version),
            Some(report.gold.hash.as_str()),
        ),
        ("Baseline", one_line(&report.teacher.model, 80), None),
        (
            "Its prompt",
            String::new(),
            Some(report.teacher.prompt_hash.as_str()),
        ),
        (
            "Candidate",
            one_line(&report.candidate.name, 80),
            report.model_hash.as_ref().map(|hash| hash.as_str()),
        ),
        ("Its answers", String::new(), Some(report.answers_hash.as_str())),
        (
            "Training texts",
            training_texts(&report.leakage).to_owned(),
            report.leakage.computed().map(|found| found.train.as_str()),
        ),
    ];
    html! {
        table class="plain" { tbody {
            @for (name, what, hash) in rows {
                tr { td { (name) } td { (what) @if let Some(hash) = hash { " " code { (one_line(hash, 64)) } } } }
            }
        } }
    }
}
