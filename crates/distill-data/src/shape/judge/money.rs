//! Which way to serve is worth most, and why.

use super::Evidence;
use crate::{
    figures::{amount, count},
    shape::{AnswersKind, MonthlyBalance, ServingWay, ShapeConfig, WayBalance, balance::DAYS_PER_MONTH},
};

/// Calls in the mean day, and how many times that in the peak day.
pub(super) fn volume(evidence: &Evidence<'_>, config: &ShapeConfig) -> Option<(f64, f64)> {
    match (evidence.traffic, config.calls_per_day) {
        (Some(traffic), _) => Some((
            traffic.mean_per_day,
            traffic.peak_per_day / traffic.mean_per_day.max(f64::MIN_POSITIVE),
        )),
        (None, Some(all)) => Some((all * evidence.share_of_calls, 1.0)),
        (None, None) => None,
    }
}

/// The way that is worth most over the time in which a change must have paid for itself; of equals the one with the least to
/// look after.
pub(super) fn best(balance: &MonthlyBalance, kind: AnswersKind, config: &ShapeConfig) -> ServingWay {
    let months = config.patience_days / DAYS_PER_MONTH;
    let worth = |way: &WayBalance| way.net * months - way.paid_once;
    let mut best = (0.0, ServingWay::Frontier);
    for way in possible(balance, kind) {
        if worth(way) > best.0 {
            best = (worth(way), way.way);
        }
    }
    best.1
}

fn possible(balance: &MonthlyBalance, kind: AnswersKind) -> Vec<&WayBalance> {
    match kind {
        AnswersKind::Choice => vec![&balance.hosted_decision, &balance.owned],
        AnswersKind::Record => vec![&balance.owned],
        _ => Vec::new(),
    }
}

pub(super) fn reasons(
    balance: &MonthlyBalance,
    kind: AnswersKind,
    chosen: ServingWay,
    config: &ShapeConfig,
) -> Vec<String> {
    let currency = &balance.currency;
    let mut reasons = vec![format!(
        "the answers are {}; the frontier model costs {} {currency} a month at {} calls a day",
        kind.as_str(),
        amount(balance.frontier),
        count(balance.calls_per_day)
    )];
    for way in possible(balance, kind) {
        let break_even = match way.break_even_calls_per_day {
            Some(calls) => format!("is no dearer from {} calls a day on", count(calls)),
            None => "is dearer at every volume".to_owned(),
        };
        let payback = match way.payback_days {
            Some(days) if days <= config.patience_days => format!("come back in {} days", count(days)),
            Some(days) => format!(
                "come back only in {} days, and {} are allowed",
                count(days),
                count(config.patience_days)
            ),
            None => "never come back".to_owned(),
        };
        let saves = match way.net > 0.0 {
            true => format!("saves {} a month net", amount(way.net)),
            false => format!("is {} a month dearer", amount(-way.net)),
        };
        let chosen = match way.way == chosen {
            true => ", the way that is worth most",
            false => "",
        };
        reasons.push(format!(
            "{}: {} for serving and {} for upkeep, which {saves}{chosen}; it {break_even}; the {} paid once {payback}",
            way.way,
            amount(way.serving),
            amount(way.upkeep),
            amount(way.paid_once)
        ));
    }
    if kind == AnswersKind::Record {
        reasons.push(
            "a hosted decision model chooses and does not copy or write, so that it is none of the ways"
                .to_owned(),
        );
    }
    reasons
}

/// Assumptions under which the verdict would be another.
pub(super) fn flips(
    balance: &MonthlyBalance,
    kind: AnswersKind,
    chosen: ServingWay,
    config: &ShapeConfig,
) -> Vec<String> {
    let with_hosted_at = |charged: f64| {
        let mut other = balance.clone();
        let way = &mut other.hosted_decision;
        way.saved += way.serving - charged;
        way.net += way.serving - charged;
        way.serving = charged;
        other
    };
    let with_hours = |times: f64| {
        let mut other = balance.clone();
        let upkeep = &config.upkeep;
        let hours = [
            (&mut other.hosted_decision, upkeep.hosted_hours_per_month),
            (&mut other.owned, upkeep.maintenance_hours_per_month),
        ];
        for (way, hours) in hours {
            let more = (times - 1.0) * hours * upkeep.cost_per_hour;
            way.upkeep += more;
            way.net -= more;
        }
        other
    };
    let prices = &config.prices;
    let (low, high) = balance.hosted_decision_range;
    [
        (
            with_hosted_at(low),
            format!(
                "at {} {} per million tokens",
                prices.decision_per_million_low, prices.currency
            ),
        ),
        (
            with_hosted_at(high),
            format!(
                "at {} {} per million tokens",
                prices.decision_per_million_high, prices.currency
            ),
        ),
        (with_hours(0.5), "with half the hours of upkeep".to_owned()),
        (with_hours(2.0), "with twice the hours of upkeep".to_owned()),
    ]
    .into_iter()
    .filter_map(|(other, when)| {
        let way = best(&other, kind, config);
        (way != chosen).then(|| format!("{when} it would be {way}"))
    })
    .collect()
}
