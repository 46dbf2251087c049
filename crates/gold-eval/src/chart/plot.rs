//! Where things go in a picture.

use maud::{Markup, html};

use crate::figures::points;

/// A share as a place along the width, in per cent.
pub(super) fn at(share: f64) -> String {
    format!("{:.2}%", 100.0 * share.clamp(0.0, 1.0))
}

/// A difference in points, coloured as well as signed.
pub(super) fn signed(difference: f64) -> Markup {
    let shown = points(difference);
    let class = match () {
        () if shown == "0.0" => "",
        () if difference < 0.0 => "less",
        () => "more",
    };
    html! { span class=(class) { (shown) } }
}

/// A square plot of two shares with its frame and ticks; the drawing area is 320 by 260 units.
pub(super) struct Plane {
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
}

const LEFT: f64 = 62.0;
const TOP: f64 = 8.0;
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 260.0;

impl Plane {
    pub(super) fn across(&self, value: f64) -> f64 {
        round(LEFT + WIDTH * ((value - self.x.0) / (self.x.1 - self.x.0)).clamp(0.0, 1.0))
    }

    pub(super) fn up(&self, value: f64) -> f64 {
        round(TOP + HEIGHT - HEIGHT * ((value - self.y.0) / (self.y.1 - self.y.0)).clamp(0.0, 1.0))
    }

    /// The plot with what is drawn in it.
    pub(super) fn framed(&self, x_name: &str, y_name: &str, described: &str, drawing: &Markup) -> Markup {
        let ticks = |(low, high): (f64, f64)| (0..=4).map(move |i| low + (high - low) * f64::from(i) / 4.0);
        let (bottom, right) = (TOP + HEIGHT, LEFT + WIDTH);
        html! {
            svg viewBox="0 0 396 312" width="100%" style="max-width:30rem" role="img" aria-label=(described) {
                @for tick in ticks(self.y) {
                    @let y = self.up(tick);
                    line class="grid" x1=(LEFT) x2=(right) y1=(y) y2=(y) {}
                    text x=(LEFT - 7.0) y=(y + 4.0) text-anchor="end" { (tick_label(tick, self.y)) }
                }
                @for tick in ticks(self.x) {
                    text x=(self.across(tick)) y=(bottom + 17.0) text-anchor="middle" { (tick_label(tick, self.x)) }
                }
                line class="axis" x1=(LEFT) x2=(right) y1=(bottom) y2=(bottom) {}
                text x=(f64::midpoint(LEFT, right)) y=(bottom + 37.0) text-anchor="middle" { (x_name) }
                text transform=(format!("translate(11 {}) rotate(-90)", TOP + HEIGHT / 2.0)) text-anchor="middle" { (y_name) }
                (drawing)
            }
        }
    }
}

/// A tick with a decimal where the four steps of the scale are no whole per cents.
fn tick_label(tick: f64, (low, high): (f64, f64)) -> String {
    let step = 100.0 * (high - low) / 4.0;
    if (step - step.round()).abs() < 1e-9 {
        format!("{:.0}%", 100.0 * tick)
    } else {
        format!("{:.1}%", 100.0 * tick)
    }
}

/// A tenth of a unit is finer than any screen shows.
fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}
