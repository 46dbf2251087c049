//! From counts to findings: what is tested, what passes, and what belongs together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Answered, DriftPlan, Evidence, ExampleRow, Finding, LabelRows, MovedValue, Movement, Reference, RowShare,
    Share, Standing, Strength, UnitHistogram, ValueKind, ValueTable,
    cluster::stars,
    lottery::ticket,
    multiplicity::{Bar, Family},
    statistics::Novelty,
    tally::{Row, Tally},
    text::normalised,
};

/// The part of a window's level that each family of tests may use; they sum to 1. Words have by far the most
/// tests and the most to tell.
mod part {
    pub(super) const WORDS: f64 = 0.4;
    pub(super) const LABELS: f64 = 0.2;
    pub(super) const FORMATS: f64 = 0.1;
    pub(super) const UNFAMILIAR: f64 = 0.1;
    pub(super) const DOUBTFUL: f64 = 0.1;
    pub(super) const OUTSIDE: f64 = 0.1;
}

/// How many labels an [`Answered`] lists.
const LISTED_LABELS: usize = 5;

/// How much of an input an example shows, in characters.
const EXAMPLE_CHARS: usize = 200;

/// A window beside its reference, ready to be searched.
#[derive(Debug)]
pub(crate) struct Discovery<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) tally: &'a Tally,
    pub(crate) rows: &'a [Row<'a>],
    pub(crate) novelty: &'a Novelty,
    pub(crate) plan: &'a DriftPlan,
    /// The chance of a false alarm that this window may spend.
    pub(crate) alpha: f64,
}

/// What the tests of one family need, to be an alarm and to be a note.
#[derive(Debug, Clone, Copy)]
struct Bars {
    alarm: Bar,
    note: Bar,
}

impl Bars {
    fn strength(&self, p_value: f64) -> Option<Strength> {
        if p_value <= self.alarm.p_value {
            Some(Strength::Alarm)
        } else {
            (p_value <= self.note.p_value).then_some(Strength::Note)
        }
    }
}

/// A value that passed, with the rows that have it.
struct Suspect {
    value: MovedValue,
    strength: Strength,
    rows: Vec<usize>,
}

impl Discovery<'_> {
    /// Everything that passed, strongest and most surprising first.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.value_findings();
        findings.extend(self.label_findings());
        findings.extend(self.unfamiliar_finding());
        findings.extend(self.doubtful_finding());
        findings.extend(self.outside_finding());
        findings.sort_by_cached_key(|finding| {
            let p_value = finding
                .movement
                .evidence()
                .map_or(1.0, |evidence| evidence.p_value);
            // P-values are not negative, so that their bits are in their order.
            (finding.strength, p_value.to_bits(), finding.movement.to_string())
        });
        findings
    }

    /// The fewest rows in which a word that the reference never had would be an alarm in this window.
    pub(crate) fn rows_for_a_new_word(&self) -> Option<u64> {
        let family = self.value_family(self.reference.words(), &self.tally.words);
        family.rows_for_a_new_value(self.bars(&family, part::WORDS).alarm)
    }

    fn bars(&self, family: &Family, part: f64) -> Bars {
        Bars {
            alarm: family.bar(self.alpha * part),
            note: family.bar(self.plan.config().notes_per_window * part),
        }
    }

    fn share(&self, reference_rows: u64, window_rows: u64) -> RowShare {
        RowShare {
            reference_rows,
            reference_of: self.reference.rows(),
            window_rows,
            window_of: self.tally.rows,
        }
    }

    fn value_family(&self, table: &ValueTable, window: &BTreeMap<String, u64>) -> Family {
        let mut family = Family::new(self.reference.rows(), self.tally.rows);
        for (value, reference_rows) in table.iter() {
            family.add(self.share(reference_rows, window.get(value).copied().unwrap_or(0)));
        }
        for (value, window_rows) in window.iter().filter(|(value, _)| table.get(value).is_none()) {
            family.add(self.share(table.at_most(value), *window_rows));
        }
        family.add_many(table.tail().most_rows, table.tail().values);
        family
    }

    fn value_findings(&self) -> Vec<Finding> {
        let mut suspects = self.suspects(ValueKind::Word);
        suspects.extend(self.suspects(ValueKind::Format));
        suspects.sort_by(|a, b| {
            let by_surprise = a.value.evidence.p_value.total_cmp(&b.value.evidence.p_value);
            by_surprise.then_with(|| (a.value.kind, &a.value.text).cmp(&(b.value.kind, &b.value.text)))
        });
        let row_sets: Vec<&[usize]> = suspects.iter().map(|suspect| suspect.rows.as_slice()).collect();
        stars(&row_sets, self.rows.len())
            .into_iter()
            .map(|members| {
                let of = |member: &usize| &suspects[*member];
                let rows: BTreeSet<usize> = members
                    .iter()
                    .flat_map(|member| of(member).rows.iter().copied())
                    .collect();
                let strength = members
                    .iter()
                    .map(|member| of(member).strength)
                    .min()
                    .unwrap_or(Strength::Note);
                let values = members.iter().map(|member| of(member).value.clone()).collect();
                self.finding(strength, Movement::Values { values }, rows)
            })
            .collect()
    }

    fn suspects(&self, kind: ValueKind) -> Vec<Suspect> {
        let (table, window, part) = match kind {
            ValueKind::Word => (self.reference.words(), &self.tally.words, part::WORDS),
            ValueKind::Format => (self.reference.skeletons(), &self.tally.skeletons, part::FORMATS),
        };
        let bars = self.bars(&self.value_family(table, window), part);
        let mut suspects: BTreeMap<&str, Suspect> = BTreeMap::new();
        for (text, window_rows) in window {
            let share = self.share(table.at_most(text), *window_rows);
            if share.change() <= 0.0 {
                continue;
            }
            let p_value = share.p_value_of_rise();
            let Some(strength) = bars.strength(p_value) else {
                continue;
            };
            let standing = match (table.get(text), table.tail().values) {
                (Some(_), _) => Standing::Risen,
                (None, 0) => Standing::New,
                (None, _) => Standing::NewOrRare,
            };
            let evidence = evidence(share, p_value, bars);
            let value = MovedValue {
                kind,
                text: text.clone(),
                standing,
                evidence,
            };
            suspects.insert(
                text,
                Suspect {
                    value,
                    strength,
                    rows: Vec::new(),
                },
            );
        }
        for (index, row) in self.rows.iter().enumerate() {
            let mut note = |text: &str| {
                if let Some(suspect) = suspects.get_mut(text) {
                    suspect.rows.push(index);
                }
            };
            match kind {
                ValueKind::Word => row.words.iter().for_each(|word| note(word)),
                ValueKind::Format => note(&row.skeleton),
            }
        }
        suspects.into_values().collect()
    }

    fn label_findings(&self) -> Vec<Finding> {
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
                self.rows_where(|row| row.served.label == *name),
            ));
        }
        findings
    }

    fn unfamiliar_finding(&self) -> Option<Finding> {
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
        Some(self.finding(strength, movement, rows))
    }

    fn doubtful_finding(&self) -> Option<Finding> {
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
        Some(self.finding(strength, movement, rows))
    }

    fn outside_finding(&self) -> Option<Finding> {
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
        Some(self.finding(strength, movement, rows))
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

    fn rows_where(&self, wanted: impl Fn(&Row<'_>) -> bool) -> BTreeSet<usize> {
        self.rows
            .iter()
            .enumerate()
            .filter(|(_, row)| wanted(row))
            .map(|(index, _)| index)
            .collect()
    }

    fn finding(&self, strength: Strength, movement: Movement, rows: BTreeSet<usize>) -> Finding {
        let config = self.plan.config();
        let mut order: Vec<&Row<'_>> = rows.iter().map(|&index| &self.rows[index]).collect();
        order.sort_by_cached_key(|row| ticket(config.seed, "examples", row.served));
        let (mut texts, mut drawn) = (BTreeSet::new(), Vec::new());
        for row in &order {
            if texts.insert(normalised(&row.served.input)) && drawn.len() < config.rows_per_finding {
                drawn.push(row.served);
            }
        }
        let examples = drawn.iter().take(config.examples).map(|served| ExampleRow {
            id: served.id.clone(),
            input: served.input.chars().take(EXAMPLE_CHARS).collect(),
            label: served.label.clone(),
            confidence: usable(served.confidence),
        });
        Finding {
            strength,
            movement,
            answered: answered(&order, texts.len() as u64),
            examples: examples.collect(),
            row_ids: drawn.iter().map(|served| served.id.clone()).collect(),
        }
    }
}

fn answered(rows: &[&Row<'_>], distinct_inputs: u64) -> Answered {
    let (mut labels, mut confidence) = (BTreeMap::<&str, u64>::new(), UnitHistogram::default());
    for row in rows {
        *labels.entry(&row.served.label).or_default() += 1;
        confidence.add(row.served.confidence);
    }
    let mut labels: Vec<LabelRows> = labels
        .into_iter()
        .map(|(label, rows)| LabelRows {
            label: label.to_owned(),
            rows,
        })
        .collect();
    labels.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.label.cmp(&b.label)));
    labels.truncate(LISTED_LABELS);
    Answered {
        rows: rows.len() as u64,
        distinct_inputs,
        labels,
        mean_confidence: confidence.mean(),
    }
}

fn evidence(rows: RowShare, p_value: f64, bars: Bars) -> Evidence {
    Evidence {
        rows,
        reference: Share::of(rows.reference_rows, rows.reference_of),
        window: Share::of(rows.window_rows, rows.window_of),
        p_value,
        alarm_at: bars.alarm.p_value,
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

/// The number as a probability, or `None` if it is none.
pub(crate) fn usable(probability: f64) -> Option<f64> {
    (0.0..=1.0).contains(&probability).then_some(probability)
}
