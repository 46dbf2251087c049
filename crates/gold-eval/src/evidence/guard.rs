//! A plain count of lost rows.

use statrs::distribution::DiscreteCDF;

use crate::{
    Finding, Outcome, Rule,
    evidence::{Evidence, loss_of},
    figures::{counted, percent, quoted},
    mcnemar::fair_coin,
    part::Part,
};

impl Evidence<'_> {
    pub(super) fn guard(&self, rule: &Rule, max_losses: u64, max_support: u64) -> Finding {
        let mut watched: Vec<&Part> = self
            .categories
            .iter()
            .filter(|c| c.support <= max_support)
            .collect();
        watched.sort_by(|a, b| {
            (b.counts.net_losses().cmp(&a.counts.net_losses()))
                .then(a.support.cmp(&b.support))
                .then_with(|| a.label.cmp(&b.label))
        });
        let most = watched.first().copied();
        let lost = most.map_or(0, |c| c.counts.net_losses());
        let trips = |c: &Part| u64::try_from(c.counts.net_losses()).is_ok_and(|lost| lost >= max_losses);
        let outcome = if most.is_some_and(trips) {
            Outcome::Fail
        } else {
            Outcome::Pass
        };
        let no_alarm: f64 = watched
            .iter()
            .map(|c| 1.0 - chance_of_net_losses(c, max_losses))
            .product();
        let what = match most {
            Some(c) if lost > 0 => format!("{} lost most: {}.", quoted(&c.label), loss_of(c)),
            Some(_) => "None lost more rows than it gained.".to_owned(),
            None => format!("No {} is so small.", self.kind.noun()),
        };
        let by_chance = if watched.is_empty() {
            String::new()
        } else {
            format!(
                " Two equal models that disagree as often would trip this in {} of cases.",
                percent(1.0 - no_alarm)
            )
        };
        let evidence = format!(
            "{} watched. {what}{by_chance}",
            counted(watched.len() as u64, self.kind.noun())
        );
        Finding::new(rule, outcome, evidence)
            .about(most.map(|c| c.label.as_str()))
            .broken_by(watched.iter().filter(|c| trips(c)).map(|c| c.label.as_str()))
            .with_numbers([
                ("watched", watched.len() as f64),
                ("net_losses", lost as f64),
                ("false_alarm", 1.0 - no_alarm),
            ])
    }
}

/// The probability that a category whose disagreements are even loses so many more than it gains.
fn chance_of_net_losses(category: &Part, net: u64) -> f64 {
    let disagreements = category.counts.gains + category.counts.losses;
    let Some(losses) = fair_coin(disagreements).filter(|_| net <= disagreements) else {
        return 0.0;
    };
    losses.sf((disagreements + net).div_ceil(2) - 1)
}
