//! Answers that mean no label of the task.

use crate::{
    Finding, Outcome, Rule, Share,
    evidence::Evidence,
    figures::{count, counted, percent, percent_range},
    interval::{two_sided_quantile, wilson_of_share},
};

impl Evidence<'_> {
    pub(super) fn outside_answers(&self, rule: &Rule, max_share: f64) -> Finding {
        let outside = self.given.outside;
        let Some(share) = outside.and_then(|outside| Share::new(outside, self.accuracy.of, self.confidence))
        else {
            return Finding::missing(
                rule,
                "The task has no labels that an answer could miss.",
                "a task of labels, or a gate without this rule",
            );
        };
        let outcome = if share.interval.high <= max_share {
            Outcome::Pass
        } else if share.interval.low > max_share {
            Outcome::Fail
        } else {
            Outcome::CannotTell
        };
        let z = two_sided_quantile(self.confidence);
        let settle = self.settling(outcome, |rows, _| {
            let interval = wilson_of_share(share.value, rows as f64, z);
            interval.high <= max_share || interval.low > max_share
        });
        let evidence = format!(
            "{} of {} mean no label: {} ({}).{}",
            count(share.count),
            counted(share.of, "answer"),
            percent(share.value),
            percent_range(share.interval),
            super::overall::what_settles(outcome, settle.as_ref())
        );
        Finding::new(rule, outcome, evidence)
            .with_numbers([
                ("share", share.value),
                ("low", share.interval.low),
                ("high", share.interval.high),
            ])
            .settled_by(settle)
    }
}
