//! A split of units that are not all in one memory.

use std::{cmp::Reverse, collections::BTreeMap};

use stage_files::ContentHash;

use super::{
    SplitPlan, SplitReport,
    assignment::{Greedy, spread},
    report::Tally,
};

/// Where a unit comes among those that are assigned: one-sided and large ones first, equal ones by the draw.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitOrder(Reverse<u128>, ContentHash);

/// [`split`](crate::split) by cluster or group for units that come one by one, in the order of
/// [`order`](Self::order): each is told its part at once, and what is remembered is how full the parts are.
///
/// ```
/// use std::collections::BTreeMap;
/// use distill_data::{SplitConfig, SplitRow, UnitSplit, split, unit_draw};
///
/// let plan = SplitConfig { measure: false, ..SplitConfig::held_out(0.2) }.check()?;
/// let texts = ["my card has not come", "why was I charged", "top up failed", "close the account", "it is stolen"];
/// let rows = texts.map(|text| SplitRow { id: text.into(), text: text.into(), label: "a".into(), ..SplitRow::default() });
/// let whole = split(&rows, &plan);
///
/// let mut units = UnitSplit::new(&plan, &BTreeMap::from([("a".to_owned(), 5)]));
/// let alone = BTreeMap::from([(0, 1)]);
/// let mut sorted: Vec<usize> = (0..5).collect();
/// sorted.sort_by_key(|&row| units.order(&alone, unit_draw(0, texts[row], "a", texts[row])));
/// for row in sorted {
///     assert_eq!(units.place(&alone), whole.part_of[row]);
/// }
/// assert_eq!(units.report(), whole.report);
/// # Ok::<(), distill_data::SplitConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct UnitSplit<'p> {
    plan: &'p SplitPlan,
    labels: usize,
    greedy: Greedy,
    tally: Tally,
}

impl<'p> UnitSplit<'p> {
    /// The split of units that have so many rows of each label together, at least one of each. Labels are numbered as they
    /// stand here.
    #[must_use]
    pub fn new(plan: &'p SplitPlan, rows_of_label: &BTreeMap<String, usize>) -> Self {
        Self {
            plan,
            labels: rows_of_label.len(),
            greedy: Greedy::new(rows_of_label.values().copied().collect(), &plan.shares()),
            tally: Tally::new(rows_of_label.keys().cloned().collect(), plan),
        }
    }

    /// Where a unit comes that has so many rows of each label, by the label's number; the draw is [`unit_draw`] of its first
    /// row, by id.
    #[must_use]
    pub fn order(&self, unit: &BTreeMap<usize, usize>, draw: ContentHash) -> UnitOrder {
        UnitOrder(Reverse(spread(unit, self.labels)), draw)
    }

    /// The part of the next unit: 0 if it is trained on, else the number of its part, from 1 in the order of the settings.
    ///
    /// # Panics
    ///
    /// If a label's number is none of those that the split was made with.
    pub fn place(&mut self, unit: &BTreeMap<usize, usize>) -> usize {
        let part = self.greedy.place(unit);
        self.tally.add(unit, part);
        part
    }

    /// The account of all units so far, without a measure of flattery.
    #[must_use]
    pub fn report(self) -> SplitReport {
        self.tally.report(self.plan)
    }
}

/// A number as good as random that follows from the seed and the content of a unit's first row.
#[must_use]
pub fn unit_draw(seed: u64, id: &str, label: &str, text: &str) -> ContentHash {
    ContentHash::of_bytes(format!("{seed}\n{id}\n{label}\n{text}").as_bytes())
}
