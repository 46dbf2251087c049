//! The verdict and the scores.

use maud::{Markup, html};

use crate::{
    Interval, Report, Share, Verdict,
    chart::{category_bars::whisker, plot::at},
    figures::{count, milliseconds, one_line, p_value, percent, percent_range, points, points_range, usd},
};

/// The verdict with its sentence.
#[must_use]
pub fn verdict_banner(verdict: Verdict, summary: &str) -> Markup {
    let (class, sign, word) = match verdict {
        Verdict::Ship => ("ship", "✓", "Ship"),
        Verdict::Hold => ("hold", "✕", "Hold"),
        Verdict::CannotTell => ("open", "?", "Cannot tell"),
    };
    html! {
        div class={ "verdict " (class) } {
            div class="word" { span aria-hidden="true" { (sign) } span { (word) } }
            p { (summary) }
        }
    }
}

/// Both accuracies on one scale, the difference on another, and the other figures of the candidate.
#[must_use]
pub fn headline(report: &Report) -> Markup {
    let (candidate, baseline) = (&report.candidate.score, &report.baseline.score);
    let comparison = &report.against_baseline;
    let counts = &comparison.counts;
    let candidate_usage = report.candidate.usage.as_ref();
    html! {
        (score_scale((&candidate.name, candidate.accuracy), (&baseline.name, baseline.accuracy)))
        dl class="facts" {
            div { dt { "Difference" } dd { (points(comparison.difference)) " points" small { (points_range(comparison.interval)) } } }
            div { dt { "Rows that differ" } dd { (count(counts.gains)) " gained, " (count(counts.losses)) " lost" small { "mid-p " (p_value(comparison.p_mid)) ", exact " (p_value(comparison.p_exact)) } } }
            div { dt { "Macro F1" } dd { (percent(candidate.macro_f1)) small { "baseline " (percent(baseline.macro_f1)) } } }
            @if let Some(calibration) = &report.calibration {
                div { dt { "Calibration error" } dd { (percent(calibration.ece)) small { "Brier " (format!("{:.4}", calibration.brier)) } } }
            }
            @if let Some(usage) = &candidate_usage { @if let (Some(p50), Some(p95)) = (usage.p50_ms, usage.p95_ms) {
                div { dt { "Latency, p95" } dd { (milliseconds(p95)) small { "p50 " (milliseconds(p50)) @if let Some(p99) = usage.p99_ms { ", p99 " (milliseconds(p99)) } } } }
            } }
            @if let Some(mean) = candidate_usage.and_then(|usage| usage.mean_usd) {
                div { dt { "Cost of 1,000 answers" } dd { (usd(1000.0 * mean)) @if let Some(theirs) = report.baseline.usage.as_ref().and_then(|usage| usage.mean_usd) { small { "baseline " (usd(1000.0 * theirs)) } } } }
            }
            @if let Some(shipped) = &report.against_shipped {
                div { dt { "Against the last shipped" } dd { (points(shipped.difference)) " points" small { (points_range(shipped.interval)) ", mid-p " (p_value(shipped.p_mid)) } } }
            }
            @if let Some(standing) = report.standing.as_ref().filter(|standing| standing.candidates > 1) {
                div { dt { "Score to quote" } dd { (percent(standing.released)) small { (standing.in_short()) } } }
            }
            @if let Some(apart) = &report.apart_from_neighbours { @if let Some(share) = apart.candidate {
                div { dt { "Without near neighbours" } dd { (percent(share.value)) small { (count(share.of)) " rows, baseline " (apart.baseline.map_or_else(String::new, |b| percent(b.value))) } } }
            } }
        }
    }
}

/// The candidate and the baseline, each by name and share, on one scale.
pub(super) fn score_scale(candidate: (&str, Share), baseline: (&str, Share)) -> Markup {
    let scale = scale_of(&[candidate.1, baseline.1]);
    html! {
        div class="scores" {
            (score_strip(candidate.0, "candidate", candidate.1, scale, false))
            (score_strip(baseline.0, "baseline", baseline.1, scale, true))
            div class="blank" {} div class="strip scale" style="display:flex;justify-content:space-between" { span { (whole_percent(scale.low)) } span { (whole_percent(scale.high)) } } div class="blank" {}
        }
    }
}

fn score_strip(name: &str, role: &str, accuracy: Share, scale: Interval, is_baseline: bool) -> Markup {
    let place = |share: f64| at((share - scale.low) / (scale.high - scale.low));
    let middle = place(accuracy.value);
    html! {
        div class="name" { (one_line(name, 60)) " " span class="scale" { (role) } }
        svg class="strip" width="100%" height="22" role="img" aria-label=(format!("{} to {}", percent(accuracy.interval.low), percent(accuracy.interval.high))) {
            rect class="track" y="9" width="100%" height="4" rx="2" {}
            (whisker(&place(accuracy.interval.low), &place(accuracy.interval.high), 11.0))
            @if is_baseline {
                line class="mark" x1=(middle) x2=(middle) y1="3" y2="19" {}
            } @else {
                circle class="dot" cx=(middle) cy="11" r="5.5" {}
            }
        }
        div class="value" { b { (percent(accuracy.value)) } " " span { (percent_range(accuracy.interval)) } }
    }
}

/// Whole multiples of five points around the intervals.
fn scale_of(shares: &[Share]) -> Interval {
    let low = shares.iter().map(|share| share.interval.low).fold(1.0, f64::min);
    let high = shares.iter().map(|share| share.interval.high).fold(0.0, f64::max);
    let low = ((low * 20.0).floor() / 20.0).clamp(0.0, 0.95);
    Interval {
        low,
        high: ((high * 20.0).ceil() / 20.0).clamp(low + 0.05, 1.0),
    }
}

fn whole_percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}
