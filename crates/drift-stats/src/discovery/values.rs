//! Words and formats that are new or have risen, grouped by the rows that they share.

use std::collections::{BTreeMap, BTreeSet};

use super::{Discovery, evidence, part};
use crate::{
    Finding, MovedValue, Movement, Standing, Strength, ValueKind, ValueTable, cluster::stars,
    multiplicity::Family,
};

/// A value that passed, with the rows that have it.
struct Suspect {
    value: MovedValue,
    strength: Strength,
    rows: Vec<usize>,
}

impl Discovery<'_> {
    pub(super) fn value_family(&self, table: &ValueTable, window: &BTreeMap<String, u64>) -> Family {
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

    pub(super) fn value_findings(&self) -> Vec<Finding> {
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
                self.finding(strength, Movement::Values { values }, &rows)
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
}
