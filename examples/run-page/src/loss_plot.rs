//! Training and held-out loss over the steps.

use maud::{Markup, html};

use crate::{
    GenerationView,
    figures::{count, counted, duration, memory, one_line},
    plane::{Plane, Tick, at},
};

/// Points of a line; more are not seen, and the page stays small.
const POINTS: usize = 240;
/// The training loss is shown as its mean over this share of the steps.
const SMOOTHED_OVER: f64 = 0.02;

/// The curves of each generation on one scale, with what training took.
pub(crate) fn loss_plots(generations: &[GenerationView<'_>]) -> Markup {
    let range = range(generations);
    html! {
        div class="legend" aria-hidden="true" {
            span { svg width="26" height="12" { line class="raw" x1="0" x2="26" y1="6" y2="6" {} } "training loss by step" }
            span { svg width="26" height="12" { line class="curve" x1="0" x2="26" y1="6" y2="6" {} } "its moving mean" }
            span { svg width="26" height="12" { line class="curve held-out" x1="0" x2="26" y1="6" y2="6" {} circle class="held-out" cx="13" cy="6" r="3.5" {} } "held-out rows" }
        }
        div class="pair" {
            @for generation in generations {
                figure {
                    h3 { (one_line(generation.name, 60)) }
                    @if let Some(range) = range { (curves(generation, range)) }
                    (facts(generation))
                }
            }
        }
    }
}

fn finite(curve: &[(usize, f64)]) -> impl Iterator<Item = (usize, f64)> {
    curve.iter().copied().filter(|(_, loss)| loss.is_finite())
}

/// Lowest and highest of what is drawn as a line, over all generations.
fn range(generations: &[GenerationView<'_>]) -> Option<(f64, f64)> {
    let values = generations.iter().flat_map(|generation| {
        smoothed(generation.loss)
            .into_iter()
            .chain(finite(generation.held_out))
            .map(|(_, loss)| loss)
    });
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| {
        (low.min(loss), high.max(loss))
    });
    (low <= high).then_some((low, high))
}

fn curves(generation: &GenerationView<'_>, (low, high): (f64, f64)) -> Markup {
    // A loss falls by factors: on a plain scale all that happens after the first steps is one flat line.
    let logarithmic = low > 0.0 && high / low > 3.0;
    let plane = Plane {
        height: 220.0,
        range: if logarithmic {
            (low * 0.8, high * 1.15)
        } else {
            (low.min(0.0), high.max(low + 1e-9) * 1.05)
        },
        logarithmic,
    };
    let last = last_step(generation).max(1);
    let share = move |(step, loss): (usize, f64)| (step as f64 / last as f64, loss);
    let raw: Vec<(usize, f64)> = finite(generation.loss).collect();
    let held_out = thinned(&finite(generation.held_out).collect::<Vec<_>>());
    let drawing = html! {
        (plane.stretched(&html! {
            polyline class="raw" points=(plane.points(thinned(&raw).into_iter().map(share))) {}
            polyline class="curve" points=(plane.points(smoothed(generation.loss).into_iter().map(share))) {}
            polyline class="curve held-out" points=(plane.points(held_out.iter().copied().map(share))) {}
        }))
        @for &(step, loss) in &held_out {
            circle class="held-out" cx=(at(share((step, loss)).0)) cy=(plane.down(loss)) r="3.5" {
                title { "step " (step) ": " (format!("{loss:.4}")) " nats on held-out rows" }
            }
        }
    };
    let below: Vec<Tick> = [0.0, 0.25, 0.5, 0.75, 1.0]
        .into_iter()
        .map(|share| (share, count((share * last as f64).round() as u64)))
        .collect();
    html! {
        (plane.framed(&scale(&plane), &below, "training and held-out loss in nats over optimiser steps", &drawing))
        p class="axis-name" { "optimiser steps; loss in nats" @if logarithmic { ", logarithmic scale" } }
    }
}

fn last_step(generation: &GenerationView<'_>) -> usize {
    let steps = generation.loss.iter().chain(generation.held_out);
    steps.map(|(step, _)| *step).max().unwrap_or(0)
}

/// Marks at 1, 2 and 5 times powers of ten, or at quarters of a plain scale.
fn scale(plane: &Plane) -> Vec<Tick> {
    let (low, high) = plane.range;
    if !plane.logarithmic {
        return (0..=4)
            .map(|i| low + (high - low) * f64::from(i) / 4.0)
            .map(|value| (value, format!("{value:.2}")))
            .collect();
    }
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    // Over many powers of ten only these themselves have room.
    let steps: &[f64] = if high / low > 500.0 {
        &[1.0]
    } else {
        &[1.0, 2.0, 5.0]
    };
    powers
        .flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)))
        .filter(|value| (low..=high).contains(value))
        .map(|value| (value, trimmed(value)))
        .collect()
}

/// As many decimals as a mark needs.
fn trimmed(value: f64) -> String {
    let decimals = (-value.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}

/// The mean over a moving window of steps that ends at each step.
fn smoothed(loss: &[(usize, f64)]) -> Vec<(usize, f64)> {
    let loss: Vec<(usize, f64)> = finite(loss).collect();
    let window = window_of(&loss);
    let means: Vec<(usize, f64)> = loss
        .windows(window)
        .filter_map(|steps| {
            let sum: f64 = steps.iter().map(|(_, loss)| loss).sum();
            Some((steps.last()?.0, sum / steps.len() as f64))
        })
        .collect();
    thinned(&means)
}

fn window_of(loss: &[(usize, f64)]) -> usize {
    ((loss.len() as f64 * SMOOTHED_OVER) as usize).clamp(1, loss.len().max(1))
}

/// At most [`POINTS`] of the points, evenly spread, the last among them.
fn thinned(points: &[(usize, f64)]) -> Vec<(usize, f64)> {
    let every = points.len().div_ceil(POINTS).max(1);
    let skip = points.len().saturating_sub(1) % every;
    points.iter().skip(skip).step_by(every).copied().collect()
}

fn facts(generation: &GenerationView<'_>) -> Markup {
    let best = finite(generation.held_out).min_by(|a, b| a.1.total_cmp(&b.1));
    let last = smoothed(generation.loss).last().copied();
    html! {
        dl class="facts" {
            @if let Some((_, loss)) = last { div { dt { "Training loss, at the end" } dd { (format!("{loss:.3}")) } } }
            @if let Some((step, loss)) = best {
                div { dt { "Held-out loss, at best" } dd { (format!("{loss:.3}")) small { "at step " (count(step as u64)) } } }
            }
            div { dt { "Trained on" } dd { (counted(generation.manifest.ledger.train, "row")) } }
            div { dt { "Trained parameters" } dd { (count(generation.trained_parameters as u64)) } }
            div { dt { "Time" } dd { (duration(generation.seconds)) } }
            @if let Some(bytes) = generation.peak_memory_bytes { div { dt { "Peak memory" } dd { (memory(bytes)) } } }
        }
    }
}

#[cfg(test)]
mod tests;
