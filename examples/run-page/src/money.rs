//! What three ways to serve cost, and what follows.

use drift_stats::{Balance, Comparison, OwnedCost, Verdict, Way};
use maud::{Markup, html};

use crate::{
    figures::{amount, count, money, one_line, volume},
    plane::at,
};

/// Days in a month, for sums by the month.
const DAYS_PER_MONTH: f64 = 365.2425 / 12.0;

/// The verdict, the costs as bars, and the volumes from which owning is no dearer.
pub(crate) fn money_section(balance: &Balance) -> Markup {
    let owned = balance.costs.owned;
    let most = balance
        .costs
        .frontier
        .max(balance.costs.hosted_decision)
        .max(owned.total());
    let ways = [
        (Way::Frontier, "The frontier model", balance.costs.frontier),
        (
            Way::HostedDecision,
            "A hosted decision model",
            balance.costs.hosted_decision,
        ),
        (Way::Owned, "A model of your own", owned.total()),
    ];
    html! {
        (verdict(balance))
        p class="lead" {
            "Cost a day at " (count(balance.calls_per_day.max(0.0) as u64)) " calls a day, in " (one_line(&balance.currency, 8))
            ", people’s hours included. Prices are assumptions: put in those of your contracts."
        }
        div class="lines" {
            @for (way, name, cost) in ways { div class="line" {
                div class="name" { (name) @if way == balance.cheapest { " " span class="chip pass" { "✓ cheapest" } } }
                div class="stack" {
                    @match way {
                        Way::Owned => { (owned_bar(&owned, most)) }
                        _ => { div class="other" style=(format!("width:{}", at(cost / most))) {} }
                    }
                }
                div class="value" { b { (amount(cost)) } span { " a day · " (amount(cost * DAYS_PER_MONTH)) " a month" } }
            } }
        }
        ul class="keys" {
            @for (class, name, cost) in causes(&owned) { li { span class={ "key " (class) } {} b { (amount(cost)) } " " (name) } }
        }
        (break_even(balance))
    }
}

fn verdict(balance: &Balance) -> Markup {
    let (class, word, why) = match balance.verdict {
        Verdict::Own => (
            "ship",
            "Own it",
            format!(
                "It is the cheapest way at this volume, and building it for {} comes back within {} days.",
                money(balance.build_cost, &balance.currency),
                count(balance.patience_days as u64)
            ),
        ),
        Verdict::DoNotBuildYet => (
            "open",
            "Do not build it yet",
            format!(
                "It is the cheapest way to run, but {} to build it does not come back within {} days.",
                money(balance.build_cost, &balance.currency),
                count(balance.patience_days as u64)
            ),
        ),
        Verdict::DoNotOwn => (
            "hold",
            "Do not own it, as far as money says",
            format!("At this volume {} is cheaper, upkeep counted.", balance.cheapest),
        ),
    };
    html! { div class={ "verdict small " (class) } { div class="word" { (word) } p { (why) " What a wrong answer costs is not in it." } } }
}

fn causes(owned: &OwnedCost) -> [(&'static str, &'static str, f64); 4] {
    [
        (
            "machines",
            if owned.machine_count == 1 {
                "one machine"
            } else {
                "machines"
            },
            owned.machines,
        ),
        ("maintenance", "people’s hours", owned.maintenance),
        ("retraining", "retraining and its labels", owned.retraining),
        (
            "handed-over",
            "calls handed over to the frontier model",
            owned.handed_over,
        ),
    ]
}

fn owned_bar(owned: &OwnedCost, most: f64) -> Markup {
    html! {
        @for (class, name, cost) in causes(owned) { div class=(class) style=(format!("width:{}", at(cost / most))) title=(name) {} }
    }
}

/// Against each other way: from which volume owning is no dearer, by hours of maintenance, on one scale with today's
/// volume.
fn break_even(balance: &Balance) -> Markup {
    let comparisons = [&balance.frontier, &balance.hosted_decision];
    let volumes: Vec<f64> = comparisons
        .iter()
        .flat_map(|comparison| {
            comparison
                .sensitivity
                .iter()
                .filter_map(|s| s.break_even_calls_per_day)
        })
        .chain([balance.calls_per_day])
        .filter(|calls| calls.is_finite() && *calls >= 1.0)
        .collect();
    let low = volumes
        .iter()
        .fold(f64::INFINITY, |a, &b| a.min(b))
        .log10()
        .floor();
    let high = volumes
        .iter()
        .fold(0.0, |a: f64, &b| a.max(b))
        .log10()
        .ceil()
        .max(low + 1.0);
    // No more marks than have room.
    let every = ((high - low) / 8.0).ceil() as usize;
    let place = move |calls: f64| at((calls.max(1.0).log10() - low) / (high - low));
    html! {
        h3 { "From how many calls a day" }
        p class="lead" { "The mark is the volume from which owning is no dearer; the line spans half to twice the planned hours of maintenance. The dot is the volume above." }
        @if volumes.is_empty() { p { "At no volume." } }
        @else {
            div class="lines" {
                @for comparison in comparisons { div class="line" {
                    div class="name" { "against " (comparison.against) }
                    (strip(comparison, balance.calls_per_day, &place))
                    div class="value" { b { (or_never(comparison.break_even_calls_per_day)) } span { (payback(comparison)) } }
                } }
                div class="blank" {}
                div class="decades" {
                    @for power in (low as i32..=high as i32).step_by(every) { span style=(format!("left:{}", place(10_f64.powi(power)))) { (short(power)) } }
                }
                div class="blank" {}
            }
        }
    }
}

fn strip(comparison: &Comparison, now: f64, place: &impl Fn(f64) -> String) -> Markup {
    let ends: Vec<f64> = comparison
        .sensitivity
        .iter()
        .filter_map(|s| s.break_even_calls_per_day)
        .collect();
    let (low, high) = ends
        .iter()
        .fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), &end| {
            (low.min(end), high.max(end))
        });
    html! {
        svg width="100%" height="22" role="img" aria-label=(format!("no dearer from {} calls a day", or_never(comparison.break_even_calls_per_day))) {
            rect class="track" y="9" width="100%" height="4" rx="2" {}
            @if low <= high { line class="whisker" x1=(place(low)) x2=(place(high)) y1="11" y2="11" {} }
            @if let Some(calls) = comparison.break_even_calls_per_day { line class="mark" x1=(place(calls)) x2=(place(calls)) y1="3" y2="19" {} }
            circle class="dot" cx=(place(now)) cy="11" r="5" { title { "the volume above: " (amount(now)) " calls a day" } }
        }
    }
}

fn or_never(calls: Option<f64>) -> String {
    calls.map_or_else(|| "never".to_owned(), volume)
}

fn payback(comparison: &Comparison) -> String {
    match comparison.payback_days {
        Some(days) => format!(" · built is paid for in {} days", count(days.ceil() as u64)),
        None => " · building is never paid for at this volume".to_owned(),
    }
}

/// A power of ten, short.
fn short(power: i32) -> String {
    match power {
        0..=2 => 10_u64.pow(power.unsigned_abs()).to_string(),
        3..=5 => format!("{}k", 10_u64.pow(power.unsigned_abs() - 3)),
        6..=8 => format!("{}M", 10_u64.pow(power.unsigned_abs() - 6)),
        other => format!("1e{other}"),
    }
}
