//! The ways to serve beside one another.

use maud::{Markup, html};

use crate::shape::{
    MonthlyBalance, WayBalance,
    figures::{amount, count, one_line},
};

pub(super) fn table(balance: &MonthlyBalance, patience_days: f64) -> Markup {
    html! {
        div class="scroll" { table class="money" {
            thead { tr {
                th { (one_line(&balance.currency, 8)) " a month" }
                th class="num" { "Serving" } th class="num" { "Upkeep" } th class="num" { "Saved, net" }
                th class="num" { "Paid once" } th class="num" { "Paid back in" } th class="num" { "No dearer from, calls a day" }
            } }
            tbody {
                tr { td { "the frontier model, as now" } td class="num" { (amount(balance.frontier)) } td class="num" { "–" } td class="num" { "–" } td class="num" { "–" } td class="num" { "–" } td class="num" { "–" } }
                (row(&balance.hosted_decision, patience_days))
                (row(&balance.owned, patience_days))
            }
        } }
        p class="soft" { "A hosted decision model charges " (amount(balance.hosted_decision_range.0)) " to " (amount(balance.hosted_decision_range.1)) " over the range of its price. It can only choose among given answers." }
    }
}

fn row(way: &WayBalance, patience_days: f64) -> Markup {
    let calls = |calls: Option<f64>| calls.map_or_else(|| "never".to_owned(), count);
    let [half, twice] = way.break_even_at_hours;
    html! {
        tr {
            td { (way.way) }
            td class="num" { (amount(way.serving)) }
            td class="num" { (amount(way.upkeep)) }
            td class={ "num " (if way.net > 0.0 { "more" } else { "less" }) } { (amount(way.net)) }
            td class="num" { (amount(way.paid_once)) }
            td class="num" { @match way.payback_days {
                Some(days) if days <= patience_days => { (count(days)) " days" },
                Some(days) => span class="less" { (count(days)) " days" },
                None => span class="less" { "never" },
            } }
            td class="num" { (calls(way.break_even_calls_per_day)) div class="soft" { (calls(half.calls_per_day)) " / " (calls(twice.calls_per_day)) " at ½ / 2 × the hours" } }
        }
    }
}
