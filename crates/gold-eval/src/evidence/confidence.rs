//! Rules on the candidate's confidences.

use crate::{
    Finding, Outcome, RowsNeeded, Rule, Share,
    evidence::Evidence,
    figures::{count, counted, decimal, percent, percent_range},
    finding::rows_until,
    interval::{two_sided_quantile, wilson_of_share},
};

const GIVE_CONFIDENCE: &str = "a `confidence` or `probabilities` in every line of the predictions";

impl Evidence<'_> {
    pub(super) fn calibration_limit(&self, rule: &Rule, max_error: f64) -> Finding {
        let Some(calibration) = self.given.calibration else {
            return Finding::missing(rule, "No answer has a confidence.", GIVE_CONFIDENCE);
        };
        if calibration.rows < self.accuracy.of {
            return Finding::missing(rule, self.some_confidences(calibration.rows), GIVE_CONFIDENCE);
        }
        let interval = calibration.error_interval(self.confidence);
        let outcome = if interval.high <= max_error {
            Outcome::Pass
        } else if interval.low > max_error {
            Outcome::Fail
        } else {
            Outcome::CannotTell
        };
        let verb = match outcome {
            Outcome::Pass => "below the limit",
            Outcome::Fail => "above the limit",
            Outcome::CannotTell => "on both sides of the limit",
        };
        let settle = self.settling(outcome, |rows, have| {
            let interval = calibration.interval_at(self.confidence, rows as f64 / have as f64);
            interval.high <= max_error || interval.low > max_error
        });
        let evidence = format!(
            "The error is {} over ten bins of equal width, and its interval, {}, lies {verb}.{}",
            percent(calibration.ece),
            percent_range(interval),
            super::overall::what_settles(outcome, settle.as_ref())
        );
        Finding::new(rule, outcome, evidence)
            .with_numbers([
                ("error", calibration.ece),
                ("low", interval.low),
                ("high", interval.high),
            ])
            .settled_by(settle)
    }

    pub(super) fn coverage(&self, rule: &Rule, coverage: f64, accuracy: f64) -> Finding {
        let all = self.accuracy.of;
        let mut surest = self.given.confident.to_vec();
        surest.sort_by(|a, b| b.0.total_cmp(&a.0));
        let wanted = ((coverage * all as f64 - 1e-9).ceil() as usize).max(1);
        let Some(&(threshold, _)) = surest.get(wanted - 1) else {
            let evidence = match surest.len() as u64 {
                0 => "No answer has a confidence.".to_owned(),
                some => self.some_confidences(some),
            };
            return Finding::missing(rule, evidence, GIVE_CONFIDENCE);
        };
        // Rows of the same confidence are answered together.
        surest.truncate(surest.partition_point(|row| row.0 >= threshold));
        let right = surest.iter().filter(|row| row.1).count() as u64;
        let rows = surest.len() as u64;
        let Some(share) = Share::new(right, rows, self.confidence) else {
            return Finding::missing(rule, "No answer has a confidence.", GIVE_CONFIDENCE);
        };
        let decided = |low: f64, high: f64| low >= accuracy || high < accuracy;
        let outcome = if share.interval.low >= accuracy {
            Outcome::Pass
        } else if share.interval.high < accuracy {
            Outcome::Fail
        } else {
            Outcome::CannotTell
        };
        let z = two_sided_quantile(self.confidence);
        let need = (outcome == Outcome::CannotTell)
            .then(|| {
                rows_until(rows, |rows| {
                    let interval = wilson_of_share(share.value, rows as f64, z);
                    decided(interval.low, interval.high)
                })
            })
            .flatten();
        // So many more gold rows in all that their surest share is as many as it takes.
        let settle = need.map(|need| RowsNeeded {
            category: None,
            have: all,
            need: (need as f64 / rows as f64 * all as f64).ceil() as u64,
        });
        let evidence = format!(
            "{} with a confidence of at least {}, {}% of all, are right in {} ({}).{}",
            counted(rows, "row"),
            decimal((threshold * 1e4).floor() / 1e4),
            decimal((1000.0 * rows as f64 / all as f64).round() / 10.0),
            percent(share.value),
            percent_range(share.interval),
            super::overall::what_settles(outcome, settle.as_ref())
        );
        Finding::new(rule, outcome, evidence)
            .with_numbers([
                ("accuracy", share.value),
                ("low", share.interval.low),
                ("high", share.interval.high),
                ("rows", rows as f64),
                ("threshold", threshold),
            ])
            .settled_by(settle)
    }

    fn some_confidences(&self, some: u64) -> String {
        format!(
            "Only {} of {} have a confidence.",
            count(some),
            counted(self.accuracy.of, "answer")
        )
    }
}
