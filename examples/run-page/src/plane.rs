//! A drawing area that is as wide as its place, whose texts and marks keep their size.
//!
//! Places across are per cent of the width, places down are pixels. Lines that need coordinates go into
//! [`Plane::stretched`], which is [`ACROSS`] units wide however many pixels that is.

use maud::{Markup, html};

/// Units across inside [`Plane::stretched`].
pub(crate) const ACROSS: f64 = 1000.0;

/// A drawing area with a scale up its side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    /// Height in pixels.
    pub(crate) height: f64,
    /// The values at bottom and top.
    pub(crate) range: (f64, f64),
    /// Whether the scale is logarithmic; the range is then above 0.
    pub(crate) logarithmic: bool,
}

/// A label beside or below the area: the value or share where it stands, and what it says.
pub(crate) type Tick = (f64, String);

impl Plane {
    /// The place of a value, in pixels from the top.
    pub(crate) fn down(&self, value: f64) -> f64 {
        let on_scale = |value: f64| if self.logarithmic { value.ln() } else { value };
        let (low, high) = (on_scale(self.range.0), on_scale(self.range.1));
        let share = (on_scale(value) - low) / (high - low);
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        };
        round(self.height * (1.0 - share))
    }

    /// Points for a `polyline` inside [`stretched`](Self::stretched), from shares of the width and values.
    pub(crate) fn points(&self, line: impl Iterator<Item = (f64, f64)>) -> String {
        let points: Vec<String> = line
            .map(|(share, value)| format!("{},{}", round(ACROSS * share), self.down(value)))
            .collect();
        points.join(" ")
    }

    /// What is drawn in units of [`ACROSS`]; strokes keep their width.
    pub(crate) fn stretched(&self, drawing: &Markup) -> Markup {
        html! {
            svg class="stretched" width="100%" height=(self.height) viewBox=(format!("0 0 {ACROSS} {}", self.height)) preserveAspectRatio="none" {
                (drawing)
            }
        }
    }

    /// The area with its scale, labels below at shares of the width, and what is drawn in it.
    pub(crate) fn framed(&self, scale: &[Tick], below: &[Tick], described: &str, drawing: &Markup) -> Markup {
        html! {
            div class="plot" {
                svg width="100%" height=(self.height) role="img" aria-label=(described) {
                    @for (value, label) in scale {
                        @let y = self.down(*value);
                        line class="grid" x1="0" x2="100%" y1=(y) y2=(y) {}
                        text x="-8" y=(round(y + 4.0)) text-anchor="end" { (label) }
                    }
                    line class="axis" x1="0" x2="100%" y1=(self.height) y2=(self.height) {}
                    @for (share, label) in below {
                        text x=(at(*share)) y=(self.height + 18.0) text-anchor="middle" { (label) }
                    }
                    (drawing)
                }
            }
        }
    }
}

/// A share as a place along the width, in per cent.
pub(crate) fn at(share: f64) -> String {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    format!("{:.2}%", 100.0 * share)
}

/// A tenth of a pixel is finer than any screen shows.
pub(crate) fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}
