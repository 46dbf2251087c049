//! Curves as an SVG that reads on a light and on a dark page.

use std::fmt::Write;

/// A line of the picture.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) colour: &'static str,
    /// From left to right; the height is a share.
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 56.0;

/// The curves with both axes named; the legend stands in the upper left.
pub(crate) fn picture(curves: &[Curve], across: &str, up: &str) -> String {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let most_across = points().map(|point| point.0).fold(1.0, f64::max);
    // Whole multiples of five per cent around the heights.
    let low = (points().map(|point| point.1).fold(1.0, f64::min) * 20.0).floor() / 20.0;
    let high = ((points().map(|point| point.1).fold(0.0, f64::max) * 20.0).ceil() / 20.0).max(low + 0.05);
    let x = |value: f64| LEFT + (WIDTH - LEFT - RIGHT) * value / most_across;
    let y = |share: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (share - low) / (high - low);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#3b4653\">\n\
         <title>{up} by {across}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\" fill=\"#ffffff\"/>\n"
    );
    let mut draw = |piece: String| {
        // Writing into a string cannot fail.
        let _infallible = writeln!(svg, "{piece}");
    };
    let steps = ((high - low) / 0.05).round() as u32;
    for step in 0..=steps {
        let share = low + 0.05 * f64::from(step);
        draw(format!(
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{1:.1}\" y2=\"{1:.1}\" stroke=\"#e1e5e9\"/>\
             <text x=\"{2:.1}\" y=\"{3:.1}\" text-anchor=\"end\">{4:.0}%</text>",
            WIDTH - RIGHT,
            y(share),
            LEFT - 8.0,
            y(share) + 4.5,
            100.0 * share
        ));
    }
    for quarter in 0..=4 {
        let value = most_across * f64::from(quarter) / 4.0;
        draw(format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.0}</text>",
            x(value),
            HEIGHT - BOTTOM + 20.0
        ));
    }
    draw(format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>\
         <text transform=\"translate(16 {:.1}) rotate(-90)\" text-anchor=\"middle\">{up}</text>",
        f64::midpoint(LEFT, WIDTH - RIGHT),
        HEIGHT - 12.0,
        f64::midpoint(TOP, HEIGHT - BOTTOM)
    ));
    for (place, curve) in curves.iter().enumerate() {
        let line: Vec<String> = (curve.points.iter())
            .map(|&(a, b)| format!("{:.1},{:.1}", x(a), y(b)))
            .collect();
        let height = TOP + 18.0 + 20.0 * place as f64;
        draw(format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{2}\" stroke-width=\"2.4\" stroke-linejoin=\"round\"/>\
             <line x1=\"{3:.1}\" x2=\"{4:.1}\" y1=\"{5:.1}\" y2=\"{5:.1}\" stroke=\"{2}\" stroke-width=\"2.4\"/>\
             <text x=\"{6:.1}\" y=\"{7:.1}\">{1}</text>",
            line.join(" "),
            curve.name,
            curve.colour,
            LEFT + 16.0,
            LEFT + 40.0,
            height,
            LEFT + 48.0,
            height + 4.5
        ));
    }
    svg + "</svg>\n"
}
