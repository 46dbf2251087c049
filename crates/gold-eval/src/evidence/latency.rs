//! How long answers take.

use crate::{
    Finding, Outcome, Rule,
    evidence::{Evidence, scaled},
    figures::{count, counted, decimal, milliseconds},
    finding::rows_until,
    order_statistics::{decides, quantile_interval},
};

impl Evidence<'_> {
    pub(super) fn latency(&self, rule: &Rule, quantile: f64, max_ms: f64) -> Finding {
        let usage = self.given.usage.filter(|usage| !usage.latency_ms().is_empty());
        let Some(usage) = usage else {
            return Finding::missing(
                rule,
                "No answer of the candidate has a latency.",
                "`latency_ms` in the lines of the predictions, or in a file of measured answers",
            );
        };
        let (measured, all) = (usage.latency_ms(), usage.answers());
        // An answer that was not measured may be one that never came: endless for passing, none for failing.
        let unmeasured = all.saturating_sub(measured.len() as u64) as usize;
        let padded = |with: f64| [measured, &vec![with; unmeasured]].concat();
        let at_most = quantile_interval(&padded(f64::INFINITY), quantile, self.confidence);
        let at_least = quantile_interval(&padded(0.0), quantile, self.confidence);
        let high = at_most
            .and_then(|found| found.high)
            .filter(|high| high.is_finite());
        let low = at_least.and_then(|found| found.low);
        let outcome = match (low, high) {
            (_, Some(high)) if high <= max_ms => Outcome::Pass,
            (Some(low), _) if low > max_ms => Outcome::Fail,
            _ => Outcome::CannotTell,
        };
        let seen = quantile_interval(measured, quantile, self.confidence).map_or(0.0, |found| found.value);
        let percentile = format!("p{}", decimal(100.0 * quantile));
        let interval = match (low, high) {
            (Some(low), Some(high)) => format!("between {} and {}", milliseconds(low), milliseconds(high)),
            (Some(low), None) => format!("at least {}, without an upper end", milliseconds(low)),
            (None, Some(high)) => format!("at most {}", milliseconds(high)),
            (None, None) => "not known".to_owned(),
        };
        let lacking = if unmeasured > 0 {
            format!(
                " {} without a latency, which may be the slowest.",
                are(unmeasured as u64)
            )
        } else {
            String::new()
        };
        let evidence = format!(
            "{percentile} is {} on {}; that of all requests like these is {interval}.{lacking}",
            milliseconds(seen),
            counted(measured.len() as u64, "measured answer")
        );
        let exceeding = measured.len() - measured.partition_point(|latency| *latency <= max_ms);
        let finding = Finding::new(rule, outcome, evidence).with_numbers([
            ("measured", measured.len() as f64),
            ("unmeasured", unmeasured as f64),
            ("percentile_ms", seen),
            ("low_ms", low.unwrap_or(0.0)),
            ("above_limit", exceeding as f64),
        ]);
        let finding = finding.with_number("high_ms", high);
        if outcome != Outcome::CannotTell {
            return finding;
        }
        let have = measured.len() as u64;
        let need = rows_until(have, |rows| {
            decides(
                scaled(exceeding as u64, have, rows),
                rows,
                quantile,
                self.confidence,
            )
        });
        finding.giving(match need {
            _ if unmeasured > 0 => format!(
                "the latency of the {} that lack it",
                counted(unmeasured as u64, "answer")
            ),
            Some(need) => format!("the latency of at least {}", counted(need, "answer")),
            None => {
                "another limit: so near to it no number of measured answers settles on which side it lies"
                    .to_owned()
            }
        })
    }
}

fn are(answers: u64) -> String {
    let verb = if answers == 1 { "answer is" } else { "answers are" };
    format!("{} {verb}", count(answers))
}
