//! Confidence against accuracy.

use maud::{Markup, html};

use crate::{
    Calibration,
    chart::plot::Plane,
    figures::{count, percent},
};

/// The reliability curve: accuracy of each confidence bin over its mean confidence, with intervals, and the
/// diagonal on which they would agree. A bin's dot grows with its rows.
#[must_use]
pub fn reliability_plot(calibration: &Calibration) -> Markup {
    let plane = Plane {
        x: (0.0, 1.0),
        y: (0.0, 1.0),
    };
    let most = calibration
        .bins
        .iter()
        .map(|bin| bin.accuracy.of)
        .max()
        .unwrap_or(1) as f64;
    let drawing = html! {
        line class="ideal" x1=(plane.across(0.0)) x2=(plane.across(1.0)) y1=(plane.up(0.0)) y2=(plane.up(1.0)) {}
        @for bin in &calibration.bins {
            @let x = plane.across(bin.mean_confidence);
            line class="whisker" x1=(x) x2=(x) y1=(plane.up(bin.accuracy.interval.low)) y2=(plane.up(bin.accuracy.interval.high)) {}
        }
        @for bin in &calibration.bins {
            circle class="dot" cx=(plane.across(bin.mean_confidence)) cy=(plane.up(bin.accuracy.value)) r=(format!("{:.1}", 3.0 + 5.0 * (bin.accuracy.of as f64 / most).sqrt())) {
                title { "mean confidence " (percent(bin.mean_confidence)) ", right " (percent(bin.accuracy.value)) " of " (count(bin.accuracy.of)) " rows" }
            }
        }
    };
    html! {
        figure {
            (plane.framed("mean confidence", "accuracy", "accuracy against mean confidence, by bins of confidence", &drawing))
            figcaption {
                "Expected calibration error " (percent(calibration.ece)) " over ten bins of equal width, Brier score "
                (format!("{:.4}", calibration.brier)) ", on " (count(calibration.rows))
                " rows with a confidence. Above the dashed line the model is too modest, below it too sure."
            }
        }
    }
}
