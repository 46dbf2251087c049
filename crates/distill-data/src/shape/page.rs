//! A report as one HTML page.

mod charts;
mod money;

use maud::{Markup, html};

use super::{
    FieldShape, RuleOutcome, ShapeReport, ShapeVerdict, WorkloadShape,
    account::{answers, calls, inputs, name, tokens},
};
use crate::{
    figures::{amount, count, one_line, percent},
    html_page::document,
};

/// How many workloads are shown; with texts of bounded length that keeps the page below 1 MB.
const SHOWN_WORKLOADS: usize = 30;
/// How many fields of a workload are shown.
const SHOWN_FIELDS: usize = 30;
const TITLE: &str = "Workloads by what there is to save";

pub(super) fn of(report: &ShapeReport) -> String {
    let shown = report.workloads.len().min(SHOWN_WORKLOADS);
    let body = html! {
        (header(report))
        (ranking(report, shown))
        @for (number, workload) in (1..).zip(report.workloads.iter().take(shown)) { (section(number, workload, report)) }
        (assumptions(report))
    };
    document(TITLE, &body)
}

fn header(report: &ShapeReport) -> Markup {
    let damaged: u64 = report.damaged.values().sum();
    html! {
        header {
            h1 { (TITLE) }
            p { (count(report.calls as f64)) " calls in " (count(report.lines as f64)) " lines"
                @if damaged > 0 { ", " (count(damaged as f64)) " of which could not be read" }
                @if report.other_calls > 0 { "; " (count(report.other_calls as f64)) " calls are of prompts with too few calls each" }
                @for (field, times) in &report.malformed_metadata { "; " (count(*times as f64)) " times " (field) " cannot be, and counts as unknown" }
                "." }
        }
    }
}

fn ranking(report: &ShapeReport, shown: usize) -> Markup {
    let left_out = report.workloads.len() - shown;
    html! {
        section {
            h2 { "Ranked" }
            div class="scroll" { table {
                thead { tr {
                    th { "Workload" } th class="num" { "Calls a day" } th class="num" { "Now, " (one_line(&report.settings.prices.currency, 8)) " a month" }
                    th { "Verdict" } th class="num" { "Saved a month, net" }
                } }
                tbody { @for (number, workload) in (1..).zip(report.workloads.iter().take(shown)) {
                    tr {
                        td { a href={ "#w" (number) } { (number) ". " (name(&workload.prompt)) } }
                        td class="num" { (workload.balance.as_ref().map_or_else(|| "unknown".to_owned(), |b| count(b.calls_per_day))) }
                        td class="num" { (workload.balance.as_ref().map_or_else(|| "unknown".to_owned(), |b| amount(b.frontier))) }
                        td { span class={ "chip " (class(workload.verdict)) } { (workload.verdict) } }
                        td class="num" { @if workload.net_saving() > 0.0 { b { (amount(workload.net_saving())) } } @else { "–" } }
                    }
                } }
            } }
            @if left_out > 0 { p class="soft" { (left_out) " more workloads are in the JSON report." } }
        }
    }
}

fn class(verdict: ShapeVerdict) -> &'static str {
    match verdict {
        ShapeVerdict::UseHostedDecision | ShapeVerdict::OwnSmallModel => "good",
        ShapeVerdict::StayWithFrontier => "calm",
        ShapeVerdict::CannotTell => "open",
    }
}

fn section(number: usize, workload: &WorkloadShape, report: &ShapeReport) -> Markup {
    let currency = one_line(&report.settings.prices.currency, 8);
    html! {
        section id={ "w" (number) } {
            h2 { (number) ". " (name(&workload.prompt)) }
            div class={ "verdict " (class(workload.verdict)) } {
                strong { (workload.verdict) }
                @if workload.net_saving() > 0.0 { span { (amount(workload.net_saving())) " " (currency) " a month less" } }
                ul { @for reason in workload.reasons.iter().chain(&workload.missing) { li { (one_line(reason, 400)) } } }
            }
            @if let Some(balance) = &workload.balance { (money::table(balance, workload.kind, report.settings.patience_days)) }
            div class="pair" {
                (charts::answer_bars(&workload.answers))
                (charts::accumulation_plot(&workload.answers))
                @if let Some(traffic) = &workload.traffic { (charts::day_bars(traffic)) }
            }
            @if !workload.fields.is_empty() { (field_table(&workload.fields)) }
            h3 { "Rules" }
            ul class="rules" { @for rule in &workload.rules {
                li {
                    @match rule.outcome {
                        RuleOutcome::Holds => span class="chip good" { "holds" },
                        RuleOutcome::Fails => span class="chip bad" { "fails" },
                        RuleOutcome::CannotTell => span class="chip open" { "cannot tell" },
                    }
                    div { strong { (rule.name) } ": " (one_line(&rule.found, 300)) div class="soft" { "wanted: " (rule.wanted) } }
                }
            } }
            h3 { "Measured" }
            dl {
                dt { "Calls" } dd { (calls(workload)) }
                dt { "Answers" } dd { (answers(&workload.answers)) }
                dt { "Questions" } dd { (inputs(workload)) }
                dt { "Tokens" } dd { (tokens(workload)) }
                dt { "Models" } dd { @for (place, (model, of_model)) in workload.models.iter().enumerate() {
                    @if place > 0 { ", " } (one_line(model, 60)) " (" (count(*of_model as f64)) ")"
                } }
                @if !workload.prompt.excerpt.is_empty() { dt { "Prompt" } dd class="quote" { (one_line(&workload.prompt.excerpt, 300)) } }
            }
        }
    }
}

fn field_table(fields: &[FieldShape]) -> Markup {
    html! {
        h3 { "Fields of the answers" }
        div class="scroll" { table {
            thead { tr { th { "Field" } th { "What it is" } th class="num" { "Distinct" } th class="num" { "Copied" } th class="num" { "Present" } th { "Most often" } } }
            tbody { @for field in fields.iter().take(SHOWN_FIELDS) {
                tr {
                    td { code { (one_line(&field.path, 60)) } }
                    td { (field.kind.as_str()) @if field.ignored { span class="soft" { " (left out)" } } }
                    td class="num" { (count(field.distinct)) }
                    td class="num" { (percent(field.copied)) }
                    td class="num" { (percent(field.present)) }
                    td class="soft" { @for (place, (value, _)) in field.top.iter().take(3).enumerate() { @if place > 0 { ", " } (one_line(value, 24)) } }
                }
            } }
        } }
        @if fields.len() > SHOWN_FIELDS { p class="soft" { (fields.len() - SHOWN_FIELDS) " more fields are in the JSON report." } }
    }
}

/// The prices and hours that the sums rest on.
fn assumptions(report: &ShapeReport) -> Markup {
    let (prices, upkeep) = (&report.settings.prices, &report.settings.upkeep);
    let rows = [
        (
            "Frontier model, per million tokens read, read out of its cache, written",
            format!(
                "{}, {}, {}",
                prices.frontier_input_per_million,
                prices.frontier_cached_per_million,
                prices.frontier_output_per_million
            ),
        ),
        (
            "Hosted decision model, per million tokens",
            format!(
                "{} ({} to {})",
                prices.decision_per_million,
                prices.decision_per_million_low,
                prices.decision_per_million_high
            ),
        ),
        (
            "Machine for an owned model",
            format!(
                "{} a month, {} calls a day",
                amount(prices.machine_per_month),
                count(prices.calls_per_machine_per_day)
            ),
        ),
        (
            "Upkeep, hours a month",
            format!(
                "{} owned, {} hosted, at {} an hour",
                upkeep.maintenance_hours_per_month,
                upkeep.hosted_hours_per_month,
                amount(upkeep.cost_per_hour)
            ),
        ),
        (
            "Retraining",
            format!(
                "{} a year, {} each, with {} calls and {} gold rows labelled anew",
                upkeep.retrains_per_year,
                amount(upkeep.cost_per_retrain),
                count(upkeep.relabelled_calls_per_retrain),
                count(upkeep.gold_rows_per_retrain)
            ),
        ),
        (
            "Handed over to the frontier model",
            percent(upkeep.handed_over_share),
        ),
        (
            "Paid once",
            format!(
                "{} hours and {} to build, {} hours to move to a hosted model",
                upkeep.build_hours,
                amount(upkeep.build_cost),
                upkeep.switch_hours
            ),
        ),
        (
            "Share of the traffic in the logs",
            percent(report.settings.traffic_share),
        ),
    ];
    html! {
        section {
            h2 { "What the sums rest on" }
            p class="soft" { "In " (one_line(&prices.currency, 8)) ". Unless you gave yours, these are assumptions of November 2026. Money only: which way is wrong how often is for a gate on gold rows to say." }
            div class="scroll" { table { tbody { @for (what, value) in rows { tr { td { (what) } td { (value) } } } } } }
        }
    }
}
