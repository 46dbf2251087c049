//! The page as a whole.

use gold_eval::chart::STYLE;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    RunPage, category_table, drift_findings, drift_timeline, figures::one_line, file_list, gate_section,
    ledger_flow, loss_plot, money, opening, relabelling, stage_times,
};

const PAGE_STYLE: &str = include_str!("style.css");

/// The page as a string of HTML: no scripts, nothing fetched, below 1 MB, and the same bytes for the same run.
#[must_use]
pub fn render(page: &RunPage<'_>) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (one_line(page.title, 120)) }
                style { (PreEscaped(STYLE)) (PreEscaped(PAGE_STYLE)) }
            }
            body { main class="ge run" {
                (opening::opening(page))
                (sections(page))
            } }
        }
    }
    .into_string()
}

fn sections(page: &RunPage<'_>) -> Markup {
    html! {
        @if !page.generations.is_empty() {
            (section("Where every logged call went", &ledger_flow::ledgers(page.generations)))
            (section("How training went", &loss_plot::loss_plots(page.generations)))
            (section("Against the teacher, on the gold set", &gate_section::gates(page.generations)))
            (section("Categories, worst first", &category_table::categories(page.generations)))
        }
        @if !page.days.is_empty() {
            (section("The month", &drift_timeline::timeline(page.days)))
        }
        @if !page.windows.is_empty() {
            (section("What the monitor named", &drift_findings::findings(page.windows)))
        }
        @if let Some(relabelled) = &page.relabelled {
            (section("Sent back to the teacher", &relabelling::relabelling(relabelled)))
        }
        @if let Some(balance) = page.balance {
            (section("Money", &money::money_section(balance)))
        }
        (section("Time", &stage_times::times(&page.serving, page.stages)))
        @if !page.files.is_empty() {
            (section("Files of this run", &file_list::files(page.files)))
        }
    }
}

fn section(heading: &str, content: &Markup) -> Markup {
    html! { section { h2 { (heading) } (content) } }
}
