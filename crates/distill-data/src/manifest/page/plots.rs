//! Pictures of a curation, as inline SVG.

use maud::{Markup, html};

use crate::{
    AuditShare, ConfidenceRecord, QueueRecord,
    figures::{count, one_line, percent},
    manifest::words::NAME,
};

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 96.0;

/// How many wrong calls are put right after how many minutes.
pub(super) fn review_curve(review: &QueueRecord) -> Markup {
    let most = review.curve.last().map_or(0.0, |point| point.calls);
    let minutes = review.curve.last().map_or(0.0, |point| point.minutes);
    let at = |x: f64, y: f64| {
        let x = WIDTH * if minutes > 0.0 { x / minutes } else { 0.0 };
        let y = HEIGHT * (1.0 - if most > 0.0 { y / most } else { 0.0 });
        format!("{x:.1},{y:.1}")
    };
    let points: Vec<String> = std::iter::once(at(0.0, 0.0))
        .chain(review.curve.iter().map(|point| at(point.minutes, point.calls)))
        .collect();
    let label = format!(
        "{} calls put right after {} minutes",
        count(most.round()),
        count(minutes.round())
    );
    html! {
        figure {
            figcaption { "Wrong calls put right, by minutes of reading from the top" }
            svg viewBox=(format!("-2 -16 {} {}", WIDTH + 4.0, HEIGHT + 34.0)) role="img" aria-label=(label) {
                polygon class="area" points=(format!("{} {WIDTH},{HEIGHT}", points.join(" "))) {}
                polyline class="curve" points=(points.join(" ")) {}
                line class="axis" x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                text x=(WIDTH) y="-5" text-anchor="end" { (count(most.round())) " calls" }
                text x="0" y=(HEIGHT + 14.0) { "0" }
                text x=(WIDTH) y=(HEIGHT + 14.0) text-anchor="end" { (count(minutes.round())) " minutes" }
            }
        }
    }
}

/// An interval of a share, on a line from 0 to a share that all rows have in common.
pub(super) fn interval(share: &AuditShare, most: f64) -> Markup {
    let at = |x: f64| {
        format!(
            "{:.1}%",
            100.0 * (x / most.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
        )
    };
    html! {
        svg class="interval" width="100%" height="14" aria-hidden="true" {
            line class="track" x1="0" x2="100%" y1="7" y2="7" {}
            line class="span" x1=(at(share.interval.0)) x2=(at(share.interval.1)) y1="7" y2="7" {}
            @if let Some(estimate) = share.share { circle class="fill" cx=(at(estimate)) cy="7" r="4.5" {} }
        }
    }
}

/// How many calls have which confidence of a kind, in ten steps.
pub(super) fn confidence(kind: &str, record: &ConfidenceRecord, labelled: u64) -> Markup {
    let most = record.tenths.iter().copied().max().unwrap_or(0).max(1) as f64;
    let known: u64 = record.tenths.iter().sum();
    let step = WIDTH / record.tenths.len() as f64;
    let share = |number: u64| percent(number as f64 / labelled.max(1) as f64);
    html! {
        figure {
            figcaption { (one_line(kind, NAME)) ": " (count(record.calls as f64)) " calls, " (share(record.calls)) }
            @if known > 0 {
                svg viewBox=(format!("-2 -2 {} {}", WIDTH + 4.0, HEIGHT + 20.0)) role="img"
                    aria-label=(format!("calls by confidence: {:?}", record.tenths)) {
                    @for (place, &calls) in record.tenths.iter().enumerate() {
                        rect class="fill" x=(format!("{:.1}", place as f64 * step + 0.8))
                            width=(format!("{:.1}", step - 1.6))
                            y=(format!("{:.1}", HEIGHT * (1.0 - calls as f64 / most)))
                            height=(format!("{:.1}", HEIGHT * calls as f64 / most)) {
                            title { (count(calls as f64)) " calls at "
                                (format!("{:.1} to {:.1}", place as f64 / 10.0, (place + 1) as f64 / 10.0)) }
                        }
                    }
                    line class="axis" x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                    text x="0" y=(HEIGHT + 14.0) { "0" }
                    text x=(WIDTH) y=(HEIGHT + 14.0) text-anchor="end" { "sure: 1" }
                }
            }
        }
    }
}
