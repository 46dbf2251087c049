//! Labels up or down, rows that are unfamiliar, doubtful or outside the label set.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bars, Discovery, evidence, part, usable};
use crate::{Finding, Movement, RowShare, Strength, UnitHistogram, multiplicity::Family};

impl Discovery<'_> {
    pub(super) fn label_findings(&self) -> Vec<Finding> {
        let names: BTreeSet<&String> = self
            .reference
            .labels()
            .keys()
            .chain(self.tally.labels.keys())
            .collect();
        let rows = |table: &BTreeMap<String, u64>, name: &str| table.get(name).copied().unwrap_or(0);
        let shares: Vec<(&String, RowShare)> = names
            .into_iter()
            .map(|name| {
                (
                    name,
                    self.share(
                        rows(self.reference.labels(), name),
                        rows(&self.tally.labels, name),
                    ),
                )
            })
            .collect();
        let mut family = Family::new(self.reference.rows(), self.tally.rows);
        for (_, share) in &shares {
            family.add(*share);
            family.add(share.of_absence());
        }
        let bars = self.bars(&family, part::LABELS);
        let mut findings = Vec::new();
        for (name, share) in shares {
            let rises = share.change() > 0.0;
            let p_value = if rises { share } else { share.of_absence() }.p_value_of_rise();
            let Some(strength) = self.strength_of_change(bars, p_value, share) else {
                continue;
            };
            let (label, evidence) = (name.clone(), evidence(share, p_value, bars));
            let movement = if rises {
                Movement::LabelUp { label, evidence }
            } else {
                Movement::LabelDown { label, evidence }
            };
            findings.push(self.finding(
                strength,
                movement,
                &self.rows_where(|row| row.served.label == *name),
            ));
        }
        findings
    }

    pub(super) fn unfamiliar_finding(&self) -> Option<Finding> {
        let share = self.novelty.unfamiliar;
        let mut family = Family::new(share.reference_of, share.window_of);
        family.add(share);
        let bars = self.bars(&family, part::UNFAMILIAR);
        let p_value = share.p_value_of_rise();
        let strength = self.strength_of_change(bars, p_value, share)?;
        let rows = self.rows_where(|row| row.words.iter().any(|word| self.reference.is_unfamiliar(word)));
        let movement = Movement::Unfamiliar {
            evidence: evidence(share, p_value, bars),
        };
        Some(self.finding(strength, movement, &rows))
    }

    pub(super) fn doubtful_finding(&self) -> Option<Finding> {
        let (reference, window) = (self.reference.confidence(), &self.tally.confidence);
        let shares = reference
            .below_edges()
            .zip(window.below_edges())
            .map(|((edge, before), (_, now))| (edge, of_probabilities(reference, before, window, now)));
        let (below, share, p_value, bars) = self.most_surprising_edge(shares, part::DOUBTFUL)?;
        let strength = self.strength_of_change(bars, p_value, share)?;
        let movement = Movement::Doubtful {
            below,
            evidence: evidence(share, p_value, bars),
        };
        let rows =
            self.rows_where(|row| usable(row.served.confidence).is_some_and(|confidence| confidence < below));
        Some(self.finding(strength, movement, &rows))
    }

    pub(super) fn outside_finding(&self) -> Option<Finding> {
        let (reference, window) = (self.reference.outside(), &self.tally.outside);
        let shares = reference
            .below_edges()
            .zip(window.below_edges())
            .map(|((edge, before), (_, now))| {
                (
                    edge,
                    of_probabilities(
                        reference,
                        reference.count() - before,
                        window,
                        window.count() - now,
                    ),
                )
            });
        let (from, share, p_value, bars) = self.most_surprising_edge(shares, part::OUTSIDE)?;
        let strength = self.strength_of_change(bars, p_value, share)?;
        let movement = Movement::Outside {
            from,
            evidence: evidence(share, p_value, bars),
        };
        let rows = self.rows_where(|row| {
            row.served
                .outside
                .and_then(usable)
                .is_some_and(|outside| outside >= from)
        });
        Some(self.finding(strength, movement, &rows))
    }

    /// The edge whose share rose most surprisingly, with the bars of the family of all edges.
    fn most_surprising_edge(
        &self,
        shares: impl Iterator<Item = (f64, RowShare)>,
        part: f64,
    ) -> Option<(f64, RowShare, f64, Bars)> {
        let shares: Vec<(f64, RowShare)> = shares.collect();
        let (_, any) = shares.first()?;
        let mut family = Family::new(any.reference_of, any.window_of);
        for (_, share) in &shares {
            family.add(*share);
        }
        let bars = self.bars(&family, part);
        shares
            .into_iter()
            .map(|(edge, share)| (edge, share, share.p_value_of_rise(), bars))
            .min_by(|a, b| a.2.total_cmp(&b.2))
    }

    /// A change that is significant only because the window is large is a note.
    fn strength_of_change(&self, bars: Bars, p_value: f64, share: RowShare) -> Option<Strength> {
        let small = share.change().abs() < self.plan.config().least_change;
        bars.strength(p_value)
            .map(|strength| if small { Strength::Note } else { strength })
    }
}

fn of_probabilities(reference: &UnitHistogram, before: u64, window: &UnitHistogram, now: u64) -> RowShare {
    RowShare {
        reference_rows: before,
        reference_of: reference.count(),
        window_rows: now,
        window_of: window.count(),
    }
}
