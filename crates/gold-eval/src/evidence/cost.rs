//! What answers cost.

use crate::{
    Finding, Interval, Mean, Outcome, Rule, Usage,
    evidence::Evidence,
    figures::{counted, decimal, usd},
    finding::rows_until,
    mean_ratio_interval,
};

/// Measured costs below which their mean has no interval that can be relied on: costs are skewed.
const LEAST_COSTS: u64 = 30;

impl Evidence<'_> {
    pub(super) fn cost(&self, rule: &Rule, max_usd: f64, per_answers: u64) -> Finding {
        let mean = match mean_cost(self.given.usage, "the candidate") {
            Ok(mean) => mean,
            Err((evidence, give)) => return Finding::missing(rule, evidence, give),
        };
        let (times, limit) = (per_answers as f64, max_usd / per_answers as f64);
        let interval = mean.interval(self.confidence);
        let outcome = side(interval, limit);
        let evidence = format!(
            "{} cost {} on the average of {} ({} to {}).",
            counted(per_answers, "answer"),
            usd(times * mean.value),
            counted(mean.count, "measured answer"),
            usd((times * interval.low).max(0.0)),
            usd(times * interval.high)
        );
        let finding = Finding::new(rule, outcome, evidence).with_numbers([
            ("usd", times * mean.value),
            ("low_usd", times * interval.low),
            ("high_usd", times * interval.high),
            ("measured", mean.count as f64),
        ]);
        let decides =
            |rows| side(Mean { count: rows, ..mean }.interval(self.confidence), limit) != Outcome::CannotTell;
        with_need(finding, mean.count, decides, "the cost of at least")
    }

    pub(super) fn relative_cost(&self, rule: &Rule, max_share: f64) -> Finding {
        let means = mean_cost(self.given.usage, "the candidate")
            .and_then(|ours| Ok((ours, mean_cost(self.given.baseline_usage, "the baseline")?)));
        let (ours, theirs) = match means {
            Ok(means) => means,
            Err((evidence, give)) => return Finding::missing(rule, evidence, give),
        };
        let at = |ours: &Mean, theirs: &Mean| mean_ratio_interval(ours, theirs, self.confidence);
        let Some(interval) = at(&ours, &theirs) else {
            return Finding::missing(
                rule,
                format!(
                    "The baseline’s cost, {} an answer, is not shown to be above 0.",
                    usd(theirs.value)
                ),
                "the true `cost_usd` of the baseline’s answers",
            );
        };
        let outcome = side(interval, max_share);
        let ratio = ours.value / theirs.value;
        let evidence = format!(
            "An answer costs {}, one of the baseline {}: {}% of it ({} to {}%).",
            usd(ours.value),
            usd(theirs.value),
            short(ratio),
            short(interval.low.max(0.0)),
            short(interval.high)
        );
        let finding = Finding::new(rule, outcome, evidence).with_numbers([
            ("share", ratio),
            ("low", interval.low),
            ("high", interval.high),
            ("usd", ours.value),
            ("baseline_usd", theirs.value),
        ]);
        let have = ours.count.min(theirs.count);
        let more = |mean: &Mean, rows: u64| Mean {
            count: mean.count.max(rows),
            ..*mean
        };
        let decides = |rows| {
            at(&more(&ours, rows), &more(&theirs, rows))
                .is_some_and(|i| side(i, max_share) != Outcome::CannotTell)
        };
        with_need(finding, have, decides, "the cost of both models for at least")
    }
}

/// A share as a percentage, of three digits that are not 0.
fn short(share: f64) -> String {
    let percent = 100.0 * share;
    let places = if percent > 0.0 && percent < 100.0 {
        (2.0 - percent.log10().floor()).clamp(0.0, 6.0)
    } else {
        0.0
    };
    let scale = 10_f64.powf(places);
    decimal((percent * scale).round() / scale)
}

/// Where an interval lies of the most that is allowed.
fn side(interval: Interval, most: f64) -> Outcome {
    if interval.high <= most {
        Outcome::Pass
    } else if interval.low > most {
        Outcome::Fail
    } else {
        Outcome::CannotTell
    }
}

/// The mean cost of an answer, or what there is instead and what to give.
fn mean_cost(usage: Option<&Usage>, who: &str) -> Result<Mean, (String, String)> {
    let place = if who == "the candidate" {
        "the lines of the predictions, or in a file of measured answers"
    } else {
        "the lines of the teacher’s answers when they are pinned"
    };
    let Some(usage) = usage.filter(|usage| !usage.cost_usd().is_empty()) else {
        return Err((
            format!("No answer of {who} has a cost."),
            format!("`cost_usd` in {place}"),
        ));
    };
    let (known, all) = (usage.cost_usd().len() as u64, usage.answers());
    if known < all {
        return Err((
            format!(
                "Only {known} of {} of {who} have a cost: the others may be the dear ones.",
                counted(all, "answer")
            ),
            format!("`cost_usd` of every answer of {who}"),
        ));
    }
    match Mean::of(usage.cost_usd()) {
        Some(mean) if known >= LEAST_COSTS => Ok(mean),
        _ => Err((
            format!(
                "{} of {who} with a cost are too few for an average.",
                counted(known, "answer")
            ),
            format!("the cost of at least {LEAST_COSTS} answers of {who}"),
        )),
    }
}

fn with_need(finding: Finding, have: u64, decides: impl Fn(u64) -> bool, what: &str) -> Finding {
    if finding.outcome != Outcome::CannotTell {
        return finding;
    }
    finding.giving(match rows_until(have, decides) {
        Some(need) => format!("{what} {}", counted(need, "answer")),
        None => "another limit: so near to it no number of measured answers settles on which side it lies"
            .to_owned(),
    })
}
