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
        let net = |c: &Part| u64::try_from(c.counts.net_losses()).unwrap_or_default();
        // How often some watched category of two equal models loses so many net or more.
        let by_luck = |net: u64| {
            let none = watched.iter().map(|c| 1.0 - chance_of_net_losses(c, net));
            1.0 - none.product::<f64>()
        };
        // The count alone keeps a candidate from shipping. Of many small categories one loses as many by luck, so only what
        // luck seldom does is a fact against it.
        let trips = |c: &Part| net(c) >= max_losses;
        let is_fact = |c: &Part| trips(c) && by_luck(net(c)) <= 1.0 - self.confidence;
        let (false_alarm, most_by_luck) = (by_luck(max_losses), by_luck(most.map_or(1, net).max(1)));
        let outcome = match most {
            Some(most) if is_fact(most) => Outcome::Fail,
            Some(most) if trips(most) => Outcome::CannotTell,
            _ => Outcome::Pass,
        };
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
                percent(false_alarm)
            )
        };
        let no_proof = match outcome {
            Outcome::CannotTell => format!(
                " One that loses so many or more would be among them in {}: that is no fact yet.",
                percent(most_by_luck)
            ),
            _ => String::new(),
        };
        let evidence = format!(
            "{} watched. {what}{by_chance}{no_proof}",
            counted(watched.len() as u64, self.kind.noun())
        );
        let finding = Finding::new(rule, outcome, evidence)
            .about(most.map(|c| c.label.as_str()))
            .broken_by(watched.iter().filter(|c| is_fact(c)).map(|c| c.label.as_str()))
            .with_numbers([
                ("watched", watched.len() as f64),
                ("net_losses", lost as f64),
                ("false_alarm", false_alarm),
                ("most_by_luck", most_by_luck),
            ]);
        match outcome {
            Outcome::CannotTell => finding.giving(
                "more gold rows in the categories that lost most, so that a test can see them, or a higher `max_losses`",
            ),
            _ => finding,
        }
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
