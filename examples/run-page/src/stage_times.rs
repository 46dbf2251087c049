//! How long an answer takes, and where the time of the run went.

use maud::{Markup, html};

use crate::{
    ServingView,
    figures::{amount, counted, duration, milliseconds, one_line, percent},
    plane::at,
};

/// Latency and throughput, then the stages as bars.
pub(crate) fn times(serving: &ServingView, stages: &[(String, f64)]) -> Markup {
    let seconds = |(_, seconds): &(String, f64)| {
        if seconds.is_finite() {
            seconds.max(0.0)
        } else {
            0.0
        }
    };
    let total: f64 = stages.iter().map(seconds).sum();
    let longest = stages.iter().map(seconds).fold(0.0, f64::max);
    html! {
        dl class="facts" {
            div { dt { "Half of the answers within" } dd { (milliseconds(serving.p50_ms)) } }
            div { dt { "Nine in ten within" } dd { (milliseconds(serving.p90_ms)) } }
            div { dt { "99 in 100 within" } dd { (milliseconds(serving.p99_ms)) } }
            div { dt { "Throughput" } dd { (amount(serving.rows_per_second)) small { "rows a second, in batches" } } }
            div { dt { "Measured on" } dd { (counted(serving.threads as u64, "thread")) small { (counted(serving.answers, "answer")) ", in this process" } } }
        }
        @if !stages.is_empty() {
            h3 { "Where the " (duration(total)) " of this run went" }
            div class="lines" {
                @for stage in stages { div class="line" {
                    div class="name" { (one_line(&stage.0, 60)) }
                    div class="stack" { div class="kept" style=(format!("width:{}", at(seconds(stage) / longest))) {} }
                    div class="value" { b { (duration(stage.1)) } span { " · " (percent(seconds(stage) / total)) } }
                } }
            }
        }
    }
}
