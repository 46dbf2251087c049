//! A split by time of units that are not all in one memory.

use std::collections::BTreeMap;

use super::{SplitPlan, SplitReport, report::Tally};

/// [`split`](crate::split) by time or log order for units that are read twice: once to find where parts begin, moment by
/// moment in the order of time, and once, in any order, to be told their parts. What is remembered is where parts begin, and
/// the rows that stay with an earlier near-duplicate.
///
/// ```
/// use std::collections::BTreeMap;
/// use distill_data::{SplitBy, SplitConfig, TimeSplit};
///
/// let plan = SplitConfig { by: SplitBy::Time, ..SplitConfig::held_out(0.4) }.check()?;
/// let mut split = TimeSplit::new(&plan, &BTreeMap::from([("a".to_owned(), 5)]));
/// // One row of unknown time, then so many of each time; a unit came when the first of its rows did.
/// for (time, rows) in [(None, 1), (Some(10), 2), (Some(20), 2)] {
///     split.moment(time.as_ref(), rows);
/// }
/// let units = [vec![(None, 0)], vec![(Some(10), 0), (Some(30), 0)], vec![(Some(20), 0)], vec![(Some(20), 0)]];
/// assert_eq!(units.map(|unit| split.place(&unit)), [0, 0, 1, 1]);
/// let report = split.report();
/// assert_eq!((report.without_time, report.later_than_their_part), (1, 1));
/// # Ok::<(), distill_data::SplitConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TimeSplit<'p, T> {
    plan: &'p SplitPlan,
    shares: Vec<f64>,
    tally: Tally,
    rows: usize,
    /// Rows of the moments so far.
    before: usize,
    /// The first moment of each part that is held out and has any.
    borders: Vec<(T, usize)>,
    /// The first row of each part.
    begins: BTreeMap<usize, T>,
    without_time: usize,
    /// Rows that are later than the first of their unit, with their parts. No other row is later than a part which follows
    /// its own.
    late: Vec<(T, usize)>,
}

impl<'p, T: Ord + Clone> TimeSplit<'p, T> {
    /// The split of units that have so many rows of each label together. Labels are numbered as they stand here.
    #[must_use]
    pub fn new(plan: &'p SplitPlan, rows_of_label: &BTreeMap<String, usize>) -> Self {
        Self {
            plan,
            shares: plan.shares(),
            tally: Tally::new(rows_of_label.keys().cloned().collect(), plan),
            rows: rows_of_label.values().sum(),
            before: 0,
            borders: Vec::new(),
            begins: BTreeMap::new(),
            without_time: 0,
            late: Vec::new(),
        }
    }

    /// The next moment, in the order of time and those of unknown time first, and how many rows are in units that came then.
    ///
    /// Units of one moment stay together, in the part in which the middle of their rows lies.
    pub fn moment(&mut self, time: Option<&T>, rows: usize) {
        let middle = (self.before as f64 + rows as f64 / 2.0) / self.rows as f64;
        self.before += rows;
        // However many are of unknown time: what is held out must be known to be later.
        let Some(time) = time else { return };
        let mut end = 0.0;
        let part = self.shares.iter().position(|share| {
            end += share;
            middle < end
        });
        let part = part.unwrap_or(self.shares.len() - 1);
        // Middles rise, and parts with them.
        if part > self.borders.last().map_or(0, |&(_, part)| part) {
            self.borders.push((time.clone(), part));
        }
    }

    /// The part of a unit, by the time and the label's number of each of its rows: 0 if it is trained on, else the number of
    /// its part, from 1 in the order of the settings. All moments are to be known.
    ///
    /// # Panics
    ///
    /// If a label's number is none of those that the split was made with.
    pub fn place(&mut self, unit: &[(Option<T>, usize)]) -> usize {
        // No time is less than any: a unit is of unknown time where one of its rows is.
        let came = unit.iter().map(|(time, _)| time.as_ref()).min().flatten();
        let part = came.map_or(0, |came| {
            let begun = self.borders.iter().rev().find(|(begin, _)| begin <= came);
            begun.map_or(0, |&(_, part)| part)
        });
        let mut counts = BTreeMap::new();
        for (time, label) in unit {
            *counts.entry(*label).or_default() += 1;
            let Some(time) = time else {
                self.without_time += 1;
                continue;
            };
            let begin = self.begins.entry(part).or_insert_with(|| time.clone());
            if time < begin {
                begin.clone_from(time);
            }
            if Some(time) != came {
                self.late.push((time.clone(), part));
            }
        }
        self.tally.add(&counts, part);
        part
    }

    /// The account of all units so far, without a measure of flattery.
    #[must_use]
    pub fn report(self) -> SplitReport {
        let is_later = |(time, part): &&(T, usize)| {
            let mut following = self.begins.range(part + 1..);
            following.next().is_some_and(|(_, begin)| time >= begin)
        };
        SplitReport {
            without_time: self.without_time,
            later_than_their_part: self.late.iter().filter(is_later).count(),
            ..self.tally.report(self.plan)
        }
    }
}
