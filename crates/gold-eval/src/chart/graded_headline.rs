//! The scores of a graded report, the worst aspect beside the whole.

use maud::{Markup, html};

use crate::{
    GradedReport,
    chart::headline::score_scale,
    figures::{count, one_line, p_value, percent, percent_range, points, points_range},
};

/// Both shares of whole rows on one scale, the difference, and the worst aspect as large as the average.
#[must_use]
pub fn graded_headline<D>(report: &GradedReport<D>) -> Markup {
    let (candidate, baseline) = (&report.candidate, &report.baseline);
    let comparison = &report.against_baseline;
    html! {
        (score_scale((&candidate.name, candidate.accuracy), (&baseline.name, baseline.accuracy)))
        dl class="facts" {
            @if let Some(worst) = report.aspects.first() {
                div { dt { "Worst " (report.kind.noun()) ": " (one_line(&worst.name, 60)) } dd { (percent(worst.right.value)) small { (percent_range(worst.right.interval)) ", baseline " (percent(worst.baseline)) } } }
            }
            div { dt { "Difference" } dd { (points(comparison.difference)) " points" small { (points_range(comparison.interval)) } } }
            div { dt { "Rows that differ" } dd { (count(comparison.counts.gains)) " gained, " (count(comparison.counts.losses)) " lost" small { "mid-p " (p_value(comparison.p_mid)) ", exact " (p_value(comparison.p_exact)) } } }
            @if let Some(shipped) = &report.against_shipped {
                div { dt { "Against the last shipped" } dd { (points(shipped.difference)) " points" small { (points_range(shipped.interval)) ", mid-p " (p_value(shipped.p_mid)) } } }
            }
        }
    }
}
