//! Recall by category, as bars.

use maud::{Markup, html};

use crate::{
    CategoryScore, Interval,
    chart::plot::{at, signed},
    figures::{count, one_line, p_value, percent, percent_range},
};

/// A table of categories in the order given, each with its recall as a bar, the interval as whiskers and the
/// baseline's recall as an upright mark.
///
/// At most `most` categories are shown; a last line says how many are left out.
#[must_use]
pub fn category_bars(categories: &[CategoryScore], most: usize) -> Markup {
    let left_out = categories.len().saturating_sub(most);
    html! {
        (legend("candidate’s recall", "baseline’s recall"))
        table class="bars" {
            thead { tr {
                th scope="col" { "Category" }
                th scope="col" class="num" { "Rows" }
                th scope="col" { "Recall, 0 to 100%" }
                th scope="col" class="num" { "Recall" }
                th scope="col" class="num wide" { "Precision" }
                th scope="col" class="num wide" { "F1" }
                th scope="col" class="num wide" { "Baseline" }
                th scope="col" class="num" title="Recall less the baseline’s, in percentage points" { "Change" }
                th scope="col" class="num wide" title="One-sided mid-p McNemar of “worse than the baseline”, after Holm" { "p, worse" }
                th scope="col" class="num wide" title="The smallest net drop that these rows show with 80% power" { "Visible drop, points" }
            } }
            tbody {
                @for category in categories.iter().take(most) { (row(category)) }
                @if left_out > 0 {
                    tr { td colspan="10" class="lead" { (count(left_out as u64)) " more categories, all with a recall of at least that of the last one shown, are in report.json." } }
                }
            }
        }
    }
}

fn row(category: &CategoryScore) -> Markup {
    let described = format!(
        "recall {}, interval {}, baseline {}",
        percent(category.recall),
        percent_range(category.recall_interval),
        percent(category.baseline_recall)
    );
    html! {
        tr {
            td { (breakable(&category.label)) }
            td class="num" { (count(category.support)) }
            td class="bar" { (bar(category.recall, category.recall_interval, category.baseline_recall, &described)) }
            td class="num" { (percent(category.recall)) }
            td class="num wide" { (category.precision.map_or_else(|| "–".to_owned(), percent)) }
            td class="num wide" { (percent(category.f1)) }
            td class="num wide" { (percent(category.baseline_recall)) }
            td class="num" { (signed(category.difference)) }
            td class="num wide" { (p_value(category.p_worse_holm)) }
            td class="num wide" { (category.smallest_visible_drop.map_or_else(|| "none".to_owned(), |drop| format!("{:.0}", 100.0 * drop))) }
        }
    }
}

/// A label that may be broken after an underscore, where labels have their words.
pub(super) fn breakable(label: &str) -> Markup {
    html! {
        @for (i, word) in one_line(label, 60).split_inclusive('_').enumerate() {
            @if i > 0 { wbr; }
            (word)
        }
    }
}

/// A share as a bar with its interval as whiskers, and the baseline's share as an upright mark.
pub(super) fn bar(share: f64, interval: Interval, baseline: f64, described: &str) -> Markup {
    let mark = at(baseline);
    html! {
        svg width="100%" height="18" role="img" aria-label=(described) {
            title { (described) }
            rect class="track" y="4" width="100%" height="10" rx="1.5" {}
            rect class="fill" y="4" width=(at(share)) height="10" rx="1.5" {}
            (whisker(&at(interval.low), &at(interval.high), 9.0))
            line class="mark" x1=(mark) x2=(mark) y1="1" y2="17" {}
        }
    }
}

/// What bars, whiskers and marks are.
pub(super) fn legend(candidate: &str, baseline: &str) -> Markup {
    html! {
        div class="legend" aria-hidden="true" {
            span { svg width="26" height="12" { rect class="fill" y="2" width="26" height="8" rx="1.5" {} } (candidate) }
            span { svg width="26" height="12" { (whisker("1", "25", 6.0)) } "its interval" }
            span { svg width="6" height="14" { line class="mark" x1="3" x2="3" y1="0" y2="14" {} } (baseline) }
        }
    }
}

pub(super) fn whisker(low: &str, high: &str, y: f64) -> Markup {
    html! {
        line class="whisker" x1=(low) x2=(high) y1=(y) y2=(y) {}
        line class="whisker" x1=(low) x2=(low) y1=(y - 3.0) y2=(y + 3.0) {}
        line class="whisker" x1=(high) x2=(high) y1=(y - 3.0) y2=(y + 3.0) {}
    }
}
