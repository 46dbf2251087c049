//! Accuracy against coverage.

use maud::{Markup, html};

use crate::{
    CoveragePoint,
    chart::plot::Plane,
    figures::{percent, quoted},
};

/// Accuracy on the rows that are answered, over the share of rows that is, with its interval as a band; the
/// baseline's accuracy on all rows is the level line.
#[must_use]
pub fn coverage_plot(curve: &[CoveragePoint], baseline: &str, baseline_accuracy: f64) -> Markup {
    // The least of what matters: the first few rows answered always have intervals that reach far down.
    let accuracies = curve
        .iter()
        .map(|point| point.accuracy.value)
        .chain(curve.last().map(|all| all.accuracy.interval.low));
    let lowest = accuracies.fold(baseline_accuracy, f64::min) - 0.01;
    // Down to the next five points below, so that a curve near the top still shows its shape.
    let plane = Plane {
        x: (0.0, 1.0),
        y: (((lowest * 20.0).floor() / 20.0).clamp(0.0, 0.95), 1.0),
    };
    let place =
        |point: &CoveragePoint, share: f64| format!("{},{}", plane.across(point.coverage), plane.up(share));
    let line: Vec<String> = curve
        .iter()
        .map(|point| place(point, point.accuracy.value))
        .collect();
    let above = curve
        .iter()
        .map(|point| place(point, point.accuracy.interval.high));
    let below = curve
        .iter()
        .rev()
        .map(|point| place(point, point.accuracy.interval.low));
    let band: Vec<String> = above.chain(below).collect();
    let level = plane.up(baseline_accuracy);
    let drawing = html! {
        polygon class="band" points=(band.join(" ")) {}
        line class="mark" x1=(plane.across(0.0)) x2=(plane.across(1.0)) y1=(level) y2=(level) {}
        polyline class="curve" points=(line.join(" ")) {}
    };
    html! {
        figure {
            (plane.framed("share of rows answered", "accuracy on these", "accuracy of the answered rows against the share of rows answered", &drawing))
            figcaption {
                (in_words(curve)) " The level line is " (quoted(baseline)) " on all rows, " (percent(baseline_accuracy)) "."
            }
        }
    }
}

/// What the least sure fifth is worth.
fn in_words(curve: &[CoveragePoint]) -> String {
    let Some((last, part)) = curve
        .last()
        .zip(curve.iter().rev().find(|point| point.coverage <= 0.8))
    else {
        return "Rows are kept from the most confident down.".to_owned();
    };
    format!(
        "Answering the {} of rows with a confidence of at least {:.3} gives {}, answering {} gives {}.",
        percent(part.coverage),
        part.threshold,
        percent(part.accuracy.value),
        percent(last.coverage),
        percent(last.accuracy.value)
    )
}
