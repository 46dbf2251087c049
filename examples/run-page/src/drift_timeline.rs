//! The days of live traffic: how much is right, what is new, when the alarm came.

use gold_eval::wilson;
use maud::{Markup, html};

use crate::{
    DayView,
    figures::{count, counted, one_line, percent, share},
    plane::{Plane, Tick, at, round},
};

/// The two-sided confidence of the bands.
const CONFIDENCE: f64 = 0.95;
/// Days drawn; a page of a month needs 31.
const SHOWN_DAYS: usize = 400;
/// Notes listed.
const SHOWN_NOTES: usize = 30;

/// Accuracy of both adapters by day with the alarms, and below it the share of rows that are new.
pub(crate) fn timeline(days: &[DayView]) -> Markup {
    let days = &days[..days.len().min(SHOWN_DAYS)];
    let notes: Vec<(&DayView, &str)> = days
        .iter()
        .filter_map(|day| Some((day, day.note.as_deref()?)))
        .take(SHOWN_NOTES)
        .collect();
    html! {
        p class="lead" {
            "Share of each day’s rows that are answered right, with 95% intervals. The truth is known here because the traffic is generated; "
            "the monitor below sees none of it."
        }
        (legend(days))
        (accuracy(days))
        (news(days))
        @if let Some((first, last)) = days.first().zip(days.last()) {
            p class="axis-name" { "day, " (one_line(&first.date, 40)) " to " (one_line(&last.date, 40)) }
        }
        @if !notes.is_empty() {
            ul class="notes" { @for (day, note) in notes { li { strong { "Day " (day.day) } " (" (one_line(&day.date, 40)) "): " (one_line(note, 300)) } } }
        }
        (table(days))
    }
}

fn legend(days: &[DayView]) -> Markup {
    let any = |has: fn(&DayView) -> bool| days.iter().any(has);
    html! {
        div class="legend" aria-hidden="true" {
            span { svg width="28" height="14" { line class="curve" x1="0" x2="28" y1="7" y2="7" {} circle class="first" cx="14" cy="7" r="4" {} } "first model" }
            @if any(|day| day.right_second.is_some()) {
                span { svg width="28" height="14" { line class="curve second" x1="0" x2="28" y1="7" y2="7" {} rect class="second" x="10.5" y="3.5" width="7" height="7" {} } "retrained model" }
            }
            @if any(|day| day.alarm) { span { svg width="14" height="14" { path class="flag" d="M3 1V13M3 1.5L12 4.5L3 7.5Z" {} } "alarm" } }
            @if any(|day| day.new_merchant_rows > 0) { span { svg width="14" height="14" { rect class="merchants" width="14" height="14" rx="2" {} } "new merchants" } }
            @if any(|day| day.new_format_rows > 0) { span { svg width="14" height="14" { (hatching()) rect class="format" width="14" height="14" rx="2" {} } "new format" } }
        }
    }
}

/// The pattern of the new format, so that it differs from the new merchants in more than its colour.
fn hatching() -> Markup {
    html! {
        defs { pattern id="hatched" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
            rect class="hatch-ground" width="5" height="5" {} line class="hatch" x1="0" x2="0" y1="0" y2="5" {}
        } }
    }
}

/// The middle of a day along the width, as a share.
fn middle(index: usize, days: usize) -> f64 {
    (index as f64 + 0.5) / days as f64
}

/// A day's place, its share of right answers, and the interval of that.
struct Point {
    across: f64,
    value: f64,
    low: f64,
    high: f64,
    described: String,
}

fn points(days: &[DayView], right: impl Fn(&DayView) -> Option<u64>) -> Vec<Point> {
    let of_day = |(index, day): (usize, &DayView)| {
        let right = right(day)?.min(day.rows);
        let interval = wilson(right, day.rows, CONFIDENCE);
        (day.rows > 0).then(|| Point {
            across: middle(index, days.len()),
            value: share(right, day.rows),
            low: interval.low,
            high: interval.high,
            described: format!(
                "day {}: {} of {}, {}",
                day.day,
                count(right),
                counted(day.rows, "row"),
                percent(share(right, day.rows))
            ),
        })
    };
    days.iter().enumerate().filter_map(of_day).collect()
}

fn accuracy(days: &[DayView]) -> Markup {
    let first = points(days, |day| Some(day.right_first));
    let second = points(days, |day| day.right_second);
    let lowest = first.iter().chain(&second).map(|p| p.low).fold(1.0, f64::min);
    // Down to the next ten points, so that the fall is not drawn larger than it is by a cut too close.
    let floor = ((lowest * 10.0).floor() / 10.0).clamp(0.0, 0.9);
    let plane = Plane {
        height: 260.0,
        range: (floor, 1.0),
        logarithmic: false,
    };
    let drawing = html! {
        (shades(days, plane.height))
        (plane.stretched(&html! {
            (band(&plane, &first, "band")) (band(&plane, &second, "band second"))
            polyline class="curve" points=(line(&plane, &first)) {}
            polyline class="curve second" points=(line(&plane, &second)) {}
        }))
        @for p in &first { circle class="first" cx=(at(p.across)) cy=(plane.down(p.value)) r="4" { title { "first model, " (p.described) } } }
        @for p in &second {
            svg class="spot" x=(at(p.across)) y=(plane.down(p.value)) { rect class="second" x="-3.5" y="-3.5" width="7" height="7" { title { "retrained model, " (p.described) } } }
        }
        @for (index, day) in days.iter().enumerate().filter(|(_, day)| day.alarm) {
            svg class="spot" x=(at(middle(index, days.len()))) y="-20" { path class="flag" d="M0 0V14M0 .5L9 3.5L0 6.5Z" { title { "alarm on day " (day.day) } } }
        }
    };
    let scale: Vec<Tick> = (0..=10)
        .map(|tenth| f64::from(tenth) / 10.0)
        .filter(|value| *value > floor - 1e-9)
        .map(|value| (value, format!("{:.0}%", 100.0 * value)))
        .collect();
    html! {
        div class="timeline" { (plane.framed(&scale, &day_ticks(days), "share of right answers by day", &drawing)) }
    }
}

fn line(plane: &Plane, points: &[Point]) -> String {
    plane.points(points.iter().map(|p| (p.across, p.value)))
}

fn band(plane: &Plane, points: &[Point], class: &str) -> Markup {
    let there = points.iter().map(|p| (p.across, p.high));
    let back = points.iter().rev().map(|p| (p.across, p.low));
    html! { polygon class=(class) points=(plane.points(there.chain(back))) {} }
}

/// Grounds behind the days from which on something new comes, each with its name on top.
fn shades(days: &[DayView], height: f64) -> Markup {
    let since = |has: fn(&DayView) -> bool| days.iter().position(has);
    let marks = [
        (
            since(|day| day.new_merchant_rows > 0),
            "merchants",
            "new merchants",
            16.0,
        ),
        (since(|day| day.new_format_rows > 0), "format", "new format", 32.0),
    ];
    html! {
        @for (from, class, name, y) in marks {
            @if let Some(from) = from {
                @let left = from as f64 / days.len() as f64;
                rect class={ "shade " (class) } x=(at(left)) width=(at(1.0 - left)) y="0" height=(height) {}
                line class={ "since " (class) } x1=(at(left)) x2=(at(left)) y1="0" y2=(height) {}
                svg class="spot" x=(at(left)) y="0" {
                    @if left < 0.6 { text x="6" y=(height - 42.0 + y) { (name) } } @else { text x="-6" y=(height - 42.0 + y) text-anchor="end" { (name) } }
                }
            }
        }
    }
}

/// Every day, or every fifth or tenth where they are many.
fn day_ticks(days: &[DayView]) -> Vec<Tick> {
    let every = match days.len() {
        0..=10 => 1,
        11..=70 => 5,
        more => more.div_ceil(10),
    };
    days.iter()
        .enumerate()
        .filter(|(index, _)| *index == 0 || (index + 1).is_multiple_of(every))
        .map(|(index, day)| (middle(index, days.len()), day.day.to_string()))
        .collect()
}

/// Columns of the shares of rows that are new.
fn news(days: &[DayView]) -> Markup {
    let shares = |day: &DayView| {
        (
            share(day.new_merchant_rows, day.rows),
            share(day.new_format_rows, day.rows),
        )
    };
    let most = days
        .iter()
        .map(|day| shares(day).0.max(shares(day).1))
        .fold(0.0, f64::max);
    if most <= 0.0 {
        return html! {};
    }
    let plane = Plane {
        height: 64.0,
        range: (0.0, (most * 10.0).ceil() / 10.0),
        logarithmic: false,
    };
    let wide = 1.0 / days.len() as f64;
    let column = |class: &'static str, index: usize, side: f64, value: f64| {
        let top = plane.down(value);
        html! {
            @if value > 0.0 {
                rect class=(class) x=(at((index as f64 + side) * wide)) width=(at(0.38 * wide)) y=(top) height=(round(plane.height - top)) { title { "day " (days[index].day) ": " (percent(value)) } }
            }
        }
    };
    let drawing = html! {
        (hatching())
        @for (index, day) in days.iter().enumerate() {
            (column("merchants", index, 0.11, shares(day).0)) (column("format", index, 0.51, shares(day).1))
        }
    };
    let scale: Vec<Tick> = [0.0, plane.range.1].map(|value| (value, percent(value))).to_vec();
    html! {
        p class="small-head" { "Share of the day’s rows that are new" }
        (plane.framed(&scale, &day_ticks(days), "share of rows that are new, by day", &drawing))
    }
}

/// The same numbers for those who cannot see the picture.
fn table(days: &[DayView]) -> Markup {
    html! {
        details {
            summary { "The days as a table" }
            div class="scroll" { table {
                thead { tr {
                    th scope="col" { "Day" } th scope="col" class="num" { "Rows" } th scope="col" class="num" { "First model" }
                    th scope="col" class="num" { "Retrained" } th scope="col" class="num" { "New merchants" } th scope="col" class="num" { "New format" } th scope="col" { "Alarm" }
                } }
                tbody { @for day in days { tr {
                    td { (day.day) span class="wide" { " · " (one_line(&day.date, 20)) } } td class="num" { (count(day.rows)) }
                    td class="num" { (percent(share(day.right_first, day.rows))) }
                    td class="num" { @match day.right_second { Some(right) => (percent(share(right, day.rows))), None => "–" } }
                    td class="num" { (count(day.new_merchant_rows)) } td class="num" { (count(day.new_format_rows)) }
                    td { @if day.alarm { "⚑ alarm" } }
                } } }
            } }
        }
    }
}
