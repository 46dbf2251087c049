//! Pictures of a workload, as inline SVG.

use maud::{Markup, html};

use crate::{
    figures::{count, one_line, percent},
    shape::{AnswersShape, TrafficShape},
};

/// Answers that have a bar.
const BARS: usize = 8;
/// Bars of days at most; more days share one.
const DAY_BARS: usize = 60;
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;

/// The most frequent answers.
pub(super) fn answer_bars(answers: &AnswersShape) -> Markup {
    let most = answers.top.first().map_or(1, |answer| answer.calls).max(1) as f64;
    html! {
        figure {
            figcaption { "Most frequent answers, share of the answered calls" }
            table class="bars" { tbody { @for answer in answers.top.iter().take(BARS) {
                tr {
                    td { (one_line(&answer.answer, 28)) }
                    td class="bar" { svg width="100%" height="10" role="img" aria-label=(percent(answer.calls as f64 / answers.calls.max(1) as f64)) {
                        rect class="fill" width=(format!("{:.1}%", 100.0 * answer.calls as f64 / most)) height="10" rx="1.5" {}
                    } }
                    td class="num" { (percent(answer.calls as f64 / answers.calls.max(1) as f64)) }
                }
            } } }
        }
    }
}

/// How the number of distinct answers grows with the calls.
pub(super) fn accumulation_plot(answers: &AnswersShape) -> Markup {
    let (calls, most) = answers.accumulation.last().copied().unwrap_or((1, 1.0));
    let at = |(drawn, seen): (u64, f64)| {
        let x = WIDTH * drawn as f64 / calls.max(1) as f64;
        let y = HEIGHT * (1.0 - seen / most.max(1.0));
        format!("{x:.1},{y:.1}")
    };
    let points: Vec<String> = std::iter::once((0, 0.0))
        .chain(answers.accumulation.iter().copied())
        .map(at)
        .collect();
    html! {
        figure {
            figcaption { "Distinct answers as calls go by: flat where the set is closed" }
            svg viewBox=(format!("-2 -4 {} {}", WIDTH + 4.0, HEIGHT + 22.0)) role="img" aria-label="distinct answers by calls" {
                line class="axis" x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                polyline class="curve" points=(points.join(" ")) {}
                text x="0" y=(HEIGHT + 14.0) { "0 calls" }
                text x=(WIDTH) y=(HEIGHT + 14.0) text-anchor="end" { (count(calls as f64)) " calls, " (count(most)) " answers" }
            }
        }
    }
}

/// Calls by day.
pub(super) fn day_bars(traffic: &TrafficShape) -> Markup {
    let bins = binned(traffic);
    let most = bins.iter().copied().fold(1.0, f64::max);
    let step = WIDTH / bins.len().max(1) as f64;
    html! {
        figure {
            figcaption { "Calls in the logs, by day" @if traffic.days as usize > DAY_BARS { ", several days a bar" } }
            svg viewBox=(format!("-2 -4 {} {}", WIDTH + 4.0, HEIGHT + 22.0)) role="img" aria-label="calls by day" {
                @for (place, calls) in bins.iter().enumerate() {
                    rect class="fill" x=(format!("{:.2}", place as f64 * step)) width=(format!("{:.2}", (step - 0.6).max(0.4)))
                        y=(format!("{:.1}", HEIGHT * (1.0 - calls / most))) height=(format!("{:.1}", HEIGHT * calls / most)) {}
                }
                line class="axis" x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                text x="0" y=(HEIGHT + 14.0) { (traffic.first.date()) }
                text x=(WIDTH) y=(HEIGHT + 14.0) text-anchor="end" { (traffic.last.date()) }
            }
        }
    }
}

/// Calls by day, days without any among them; where there are many days, several together.
fn binned(traffic: &TrafficShape) -> Vec<f64> {
    let days = traffic.days.max(1) as usize;
    let per_bin = days.div_ceil(DAY_BARS);
    let mut bins = vec![0.0; days.div_ceil(per_bin)];
    let first = traffic.first.day();
    for day in first..=traffic.last.day() {
        let date = crate::CallTime::of_day(day).map(crate::CallTime::date);
        let calls = date
            .and_then(|date| traffic.by_day.get(&date))
            .copied()
            .unwrap_or(0);
        bins[(day - first) as usize / per_bin] += calls as f64;
    }
    bins
}
