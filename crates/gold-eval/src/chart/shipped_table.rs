//! Categories against the model that was shipped last, as a table.

use maud::{Markup, html};

use crate::{
    CategoryChange, CategoryScore,
    categories::changed_since_shipped,
    chart::{category_bars::breakable, plot::signed},
    figures::{count, p_value, percent, same_right},
};

/// The categories in which the candidate and the last shipped model have other rows right, the surest loss first.
///
/// At most `most` of them are shown; a last line says how many are left out, and in how many nothing changed.
#[must_use]
pub fn shipped_table(categories: &[CategoryScore], most: usize) -> Markup {
    let changed = changed_since_shipped(categories);
    let left_out = changed.len().saturating_sub(most);
    let same = (categories.len() - changed.len()) as u64;
    html! {
        table {
            thead { tr {
                th scope="col" { "Category" }
                th scope="col" class="num" { "Rows" }
                th scope="col" class="num" { "Recall" }
                th scope="col" class="num wide" { "Shipped" }
                th scope="col" class="num" title="Recall less the last shipped model’s, in percentage points" { "Change" }
                th scope="col" class="num" title="Rows that only the candidate has right" { "Gained" }
                th scope="col" class="num" title="Rows that only the last shipped model has right" { "Lost" }
                th scope="col" class="num wide" title="One-sided mid-p McNemar of “worse than the last shipped model”, after Holm" { "p, worse" }
            } }
            tbody {
                @for (category, change) in changed.iter().take(most) { (row(category, change)) }
                @if left_out > 0 {
                    tr { td colspan="8" class="lead" { (count(left_out as u64)) " more, none a surer loss than the last one shown, are in report.json." } }
                }
                @if same > 0 {
                    tr { td colspan="8" class="lead" { (same_right(same)) } }
                }
            }
        }
    }
}

fn row(category: &CategoryScore, change: &CategoryChange) -> Markup {
    html! {
        tr {
            td { (breakable(&category.label)) }
            td class="num" { (count(category.support)) }
            td class="num" { (percent(category.recall)) }
            td class="num wide" { (category.shipped_recall.map_or_else(|| "–".to_owned(), percent)) }
            td class="num" { (signed(change.difference)) }
            td class="num" { (count(change.counts.gains)) }
            td class="num" { (count(change.counts.losses)) }
            td class="num wide" { (p_value(change.p_worse_holm)) }
        }
    }
}
