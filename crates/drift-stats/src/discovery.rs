//! From counts to findings: what is tested, what passes, and what belongs together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Answered, DriftPlan, Evidence, ExampleRow, Finding, LabelRows, Movement, Reference, RowShare, Share,
    Strength, UnitHistogram,
    lottery::ticket,
    multiplicity::{Bar, Family},
    statistics::Novelty,
    tally::{Row, Tally},
    text::normalised,
};

mod shares;
mod values;

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

    fn rows_where(&self, wanted: impl Fn(&Row<'_>) -> bool) -> BTreeSet<usize> {
        self.rows
            .iter()
            .enumerate()
            .filter(|(_, row)| wanted(row))
            .map(|(index, _)| index)
            .collect()
    }

    fn finding(&self, strength: Strength, movement: Movement, rows: &BTreeSet<usize>) -> Finding {
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

/// The number as a probability, or `None` if it is none.
pub(crate) fn usable(probability: f64) -> Option<f64> {
    (0.0..=1.0).contains(&probability).then_some(probability)
}
