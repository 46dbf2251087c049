//! The ways to serve beside one another.

use maud::{Markup, html};

use crate::{
    figures::{amount, count, one_line},
    shape::{AnswersKind, MonthlyBalance, WayBalance},
};

/// `kind` decides which ways are none for such answers.
pub(super) fn table(balance: &MonthlyBalance, kind: AnswersKind, patience_days: f64) -> Markup {
    let can_choose = !matches!(kind, AnswersKind::Record | AnswersKind::Text);
    html! {
        div class="scroll" { table class="money" {
            thead { tr {
                th { (one_line(&balance.currency, 8)) " a month" }
                th class="num" { "Serving" } th class="num" { "Upkeep" } th class="num" { "Saved, net" }
                th class="num" { "Paid once" } th class="num" { "Paid back in" } th class="num" { "No dearer from, calls a day" }
            } }
            tbody {
                tr { td { "the frontier model, as now" } td class="num" { (amount(balance.frontier)) } td class="num" { "–" } td class="num" { "–" } td class="num" { "–" } td class="num" { "–" } td class="num" { "–" } }
                (row(&balance.hosted_decision, can_choose, patience_days))
                (row(&balance.owned, kind != AnswersKind::Text, patience_days))
            }
        } }
        p class="soft" { "A hosted decision model charges " (amount(balance.hosted_decision_range.0)) " to " (amount(balance.hosted_decision_range.1)) " over the range of its price. It can only choose among given answers." }
    }
}

fn row(way: &WayBalance, is_able: bool, patience_days: f64) -> Markup {
    let calls = |calls: Option<f64>| calls.map_or_else(|| "never".to_owned(), count);
    let [half, twice] = way.break_even_at_hours;
    html! {
        tr {
            td { (way.way) @if !is_able { div class="soft" { "cannot give such answers" } } }
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
