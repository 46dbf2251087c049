//! The share of right rows by aspect, as bars.

use maud::{Markup, html};

use crate::{
    AspectScore, PartKind,
    chart::{
        category_bars::{bar, legend},
        plot::signed,
    },
    figures::{capitalised, count, one_line, p_value, percent, percent_range},
};

/// A table of aspects in the order given, each with its share of right rows as a bar, the interval as whiskers and the
/// baseline's share as an upright mark.
///
/// At most `most` are shown; a last line says how many are left out.
#[must_use]
pub fn aspect_bars(aspects: &[AspectScore], kind: PartKind, most: usize) -> Markup {
    let left_out = aspects.len().saturating_sub(most);
    html! {
        (legend("candidate", "baseline"))
        table class="bars" {
            thead { tr {
                th scope="col" { (capitalised(kind.noun())) }
                th scope="col" class="num" { "Rows" }
                th scope="col" { "Right, 0 to 100%" }
                th scope="col" class="num" { "Right" }
                th scope="col" class="num wide" { "Baseline" }
                th scope="col" class="num" title="The share of right rows less the baseline’s, in percentage points" { "Change" }
                th scope="col" class="num wide" title="Rows that the candidate has right and the baseline wrong, and the other way round" { "Gained, lost" }
                th scope="col" class="num wide" title="One-sided mid-p McNemar of “worse than the baseline”, after Holm" { "p, worse" }
                th scope="col" class="num wide" title="The smallest net drop that these rows show with 80% power" { "Visible drop" }
            } }
            tbody {
                @for aspect in aspects.iter().take(most) { (row(aspect)) }
                @if left_out > 0 {
                    tr { td colspan="9" class="lead" { (count(left_out as u64)) " more are in report.json." } }
                }
            }
        }
    }
}

fn row(aspect: &AspectScore) -> Markup {
    let described = format!(
        "right {}, interval {}, baseline {}",
        percent(aspect.right.value),
        percent_range(aspect.right.interval),
        percent(aspect.baseline)
    );
    html! {
        tr {
            td { (one_line(&aspect.name, 60)) }
            td class="num" { (count(aspect.right.of)) }
            td class="bar" { (bar(aspect.right.value, aspect.right.interval, aspect.baseline, &described)) }
            td class="num" { (percent(aspect.right.value)) }
            td class="num wide" { (percent(aspect.baseline)) }
            td class="num" { (signed(aspect.difference)) }
            td class="num wide" { (count(aspect.counts.gains)) ", " (count(aspect.counts.losses)) }
            td class="num wide" { (p_value(aspect.p_worse_holm)) }
            td class="num wide" { (aspect.smallest_visible_drop.map_or_else(|| "none".to_owned(), |drop| format!("{:.1} points", 100.0 * drop))) }
        }
    }
}
