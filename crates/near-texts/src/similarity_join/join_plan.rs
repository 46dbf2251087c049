//! The join of texts that are not all in one memory: keys that bring similar texts together, and the pairs of a key.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    JaccardThreshold, NearPair,
    cut::{Cut, KeyPlace},
    length_class::{Close, Gathered, POWERS, classes_of, each_close, intervals, smallest_partner},
    rows::Rows,
};
use crate::shingles::{most_distance, shingle_keys};

/// What it costs to bring a text to those that share a key with it, in comparisons of two rows: it is written, sent,
/// sorted, read and cut up again.
const COST_OF_A_SENT_KEY: f64 = 500.0;
/// A key holds its class in the uppermost bits, then its place, and 32 bits of what stands there.
const PLACE_BITS: u32 = 22;
const KEY_BITS: u32 = 32;
const MOST_CLASSES: usize = 1 << (64 - PLACE_BITS - KEY_BITS);

/// How texts are joined that an engine for large tables holds: [`near_pairs_of_normal`](crate::near_pairs_of_normal)
/// taken apart.
///
/// Every text has some keys. Two texts whose similarity reaches the threshold share at least one, so that the pairs among
/// the texts of each key are all pairs, and each is found with exactly one key. Nothing is missed and nothing is found
/// twice, whatever the plan was made from; what it was made from decides what the join costs.
///
/// ```
/// use std::collections::BTreeMap;
/// use near_texts::{JaccardThreshold, JoinPlan, shingle_count};
///
/// let texts = ["where is my card", "where is my new card", "top up failed", "where is my cards"];
/// let mut sizes = BTreeMap::new();
/// for text in texts {
///     *sizes.entry(shingle_count(text)).or_default() += 1;
/// }
/// let plan = JoinPlan::of(&sizes, &texts, JaccardThreshold::default());
/// let mut keyed = Vec::new();
/// for text in texts {
///     let mut keys = Vec::new();
///     plan.keys(text, &mut keys)?;
///     keyed.extend(keys.into_iter().map(|key| (key, text)));
/// }
/// keyed.sort(); // What the engine does, on as many machines as it likes.
/// let (keys, texts): (Vec<u64>, Vec<&str>) = keyed.into_iter().unzip();
/// let pairs = plan.pairs(&keys, &texts)?;
/// assert_eq!(pairs.len(), 1);
/// assert_eq!((texts[pairs[0].left], texts[pairs[0].right]), ("where is my card", "where is my cards"));
/// # Ok::<(), near_texts::JoinPlanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinPlan {
    threshold: JaccardThreshold,
    /// By rising sizes.
    classes: Vec<PlannedClass>,
}

/// What a plan cannot do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinPlanError {
    /// The text is larger than every text that the plan was made for.
    #[error(
        "a text of {found} shingles is joined by a plan for at most {largest}: count all sizes before planning"
    )]
    Size {
        /// Its shingles.
        found: usize,
        /// Those of the largest text in the plan.
        largest: usize,
    },
    /// A key is of another plan.
    #[error("the key {key:#018x} is none of this plan")]
    Key {
        /// The key.
        key: u64,
    },
}

/// The texts among which pairs are sought whose larger one has a size in an interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedClass {
    larger_from: usize,
    largest: usize,
    cut: Cut,
}

impl JoinPlan {
    /// The plan of least cost for texts of these sizes ([`shingle_count`](crate::shingle_count), with how many texts have
    /// each), estimated on some of them. Texts are normalised already; a few thousand drawn by chance are enough.
    #[must_use]
    pub fn of<S: AsRef<str> + Sync>(
        sizes: &BTreeMap<usize, usize>,
        sample: &[S],
        threshold: JaccardThreshold,
    ) -> Self {
        let rows = Rows::of(sample, None, threshold.get());
        let ways = POWERS.iter().map(|&power| {
            let classes = classes_of(&rows, intervals(sizes, threshold.get(), power));
            let planned = classes.into_iter().take(MOST_CLASSES).map(|class| {
                let (larger_from, largest) = class.larger();
                let smallest = smallest_partner(larger_from, threshold.get());
                let count: usize = sizes.range(smallest..=largest).map(|(_, count)| count).sum();
                let (cost, cut) = class.best_cut(&rows, count as f64, COST_OF_A_SENT_KEY);
                (
                    cost,
                    PlannedClass {
                        larger_from,
                        largest,
                        cut,
                    },
                )
            });
            let (costs, classes): (Vec<f64>, Vec<_>) = planned.unzip();
            (costs.iter().sum::<f64>(), classes)
        });
        let best = ways.min_by(|a, b| a.0.total_cmp(&b.0));
        Self {
            threshold,
            classes: best.map_or_else(Vec::new, |(_, classes)| classes),
        }
    }

    /// The most keys that a text has.
    #[must_use]
    pub fn most_keys(&self) -> usize {
        let of_size = |size: usize| {
            let holding = self.classes.iter().filter(|class| self.is_of(class, size));
            holding.map(|class| class.cut.keys()).sum::<usize>()
        };
        // Where a class begins there may be more of them than before, and nowhere else.
        let begins = self.classes.iter().map(|class| class.larger_from);
        let begins = begins.map(|from| smallest_partner(from, self.threshold.get()));
        begins.map(of_size).max().unwrap_or(0)
    }

    /// Adds the keys of a text, each once.
    ///
    /// # Errors
    ///
    /// [`JoinPlanError::Size`].
    pub fn keys(&self, normal: &str, keys: &mut Vec<u64>) -> Result<(), JoinPlanError> {
        let mut shingles = Vec::new();
        shingle_keys(normal, &mut shingles);
        let largest = self.classes.last().map_or(0, |class| class.largest);
        if shingles.len() > largest {
            return Err(JoinPlanError::Size {
                found: shingles.len(),
                largest,
            });
        }
        for (number, class) in (0_u64..).zip(&self.classes) {
            if !self.is_of(class, shingles.len()) {
                continue;
            }
            let mut cells = vec![0; class.cut.cells()];
            class.cut.deal(&shingles, &mut cells);
            keys.extend((0_u64..).zip(class.cut.places()).map(|(place, at)| {
                (number << PLACE_BITS | place) << KEY_BITS | u64::from(class.cut.key(at, &cells))
            }));
        }
        Ok(())
    }

    /// The pairs among texts that share a key, by the indexes of two of its texts. The same keys stand together.
    ///
    /// # Errors
    ///
    /// [`JoinPlanError::Key`].
    ///
    /// # Panics
    ///
    /// If there is not a text for each key, or more than 2^32 of them.
    pub fn pairs<S: AsRef<str> + Sync>(
        &self,
        keys: &[u64],
        texts: &[S],
    ) -> Result<Vec<NearPair>, JoinPlanError> {
        assert_eq!(keys.len(), texts.len(), "each text has its key");
        let numbers: Vec<usize> = (0..keys.len()).collect();
        let runs: Vec<&[usize]> = numbers
            .chunk_by(|&a, &b| keys[a] >> KEY_BITS == keys[b] >> KEY_BITS)
            .collect();
        let found: Vec<Vec<NearPair>> = runs
            .into_par_iter()
            .map(|run| self.pairs_of_place(run, keys, texts))
            .collect::<Result<_, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The pairs of texts whose keys stand at one place.
    fn pairs_of_place<S: AsRef<str> + Sync>(
        &self,
        run: &[usize],
        keys: &[u64],
        texts: &[S],
    ) -> Result<Vec<NearPair>, JoinPlanError> {
        // Most keys are one text's alone.
        let met: Vec<usize> = run
            .chunk_by(|&a, &b| keys[a] == keys[b])
            .filter(|same| same.len() > 1)
            .flatten()
            .copied()
            .collect();
        let Some(&first) = met.first() else {
            return Ok(Vec::new());
        };
        let key = keys[first];
        let number = (key >> KEY_BITS) as usize;
        let (class, place) = (number >> PLACE_BITS, number & ((1 << PLACE_BITS) - 1));
        let class = self.classes.get(class).filter(|class| place < class.cut.keys());
        let class = class.ok_or(JoinPlanError::Key { key })?;
        let met_texts: Vec<&str> = met.iter().map(|&index| texts[index].as_ref()).collect();
        let search = Search {
            rows: &Rows::of(&met_texts, None, self.threshold.get()),
            class,
            place: class.cut.place(place),
        };
        let mut pairs = Vec::new();
        let mut sketches = Gathered::default();
        let mut close = Vec::new();
        let most = most_distance(class.largest, self.threshold.get()) as u32;
        let mut begin = 0;
        for same in met.chunk_by(|&a, &b| keys[a] == keys[b]) {
            let members = begin..begin + same.len() as u32;
            sketches.fill(members.clone().map(|row| search.rows.sketch(row)));
            each_close(&sketches, most, &mut close, &mut pairs, |close, pairs| {
                search.confirm(members.start, close, pairs);
            });
            begin = members.end;
        }
        for pair in &mut pairs {
            (pair.left, pair.right) = (met[pair.left], met[pair.right]);
        }
        Ok(pairs)
    }

    /// Whether texts of a size are among those of a class.
    fn is_of(&self, class: &PlannedClass, size: usize) -> bool {
        (smallest_partner(class.larger_from, self.threshold.get())..=class.largest).contains(&size)
    }
}

/// The search for pairs among texts that share a key of one place.
struct Search<'a> {
    rows: &'a Rows<'a, &'a str>,
    class: &'a PlannedClass,
    place: KeyPlace,
}

impl Search<'_> {
    /// Those of some pairs that are similar and whose first key this is. Rows are counted from the first that has the key.
    fn confirm(&self, first: u32, close: &[Close], pairs: &mut Vec<NearPair>) {
        let (mut keys, mut scratch) = (Vec::new(), Vec::new());
        for &Close { earlier, later, bits } in close {
            let (left, right) = (first + earlier, first + later);
            let larger = self.rows.size(left).max(self.rows.size(right));
            if larger < self.class.larger_from || !self.rows.may_be_near(left, right, bits) {
                continue;
            }
            self.rows.keys(right, &mut keys);
            let jaccard = self.rows.similarity(&keys, left, &mut scratch);
            // The texts' parts come last: few pairs get here, and to cut up every text takes as long as all the rest.
            pairs.extend(
                jaccard
                    .filter(|_| self.is_first_shared(&keys, &scratch))
                    .map(|jaccard| NearPair {
                        left: left as usize,
                        right: right as usize,
                        jaccard,
                    }),
            );
        }
    }

    /// Whether this key is the first one that two sets of shingles share.
    fn is_first_shared(&self, a: &[u64], b: &[u64]) -> bool {
        let cut = &self.class.cut;
        let cells = |shingles: &[u64]| {
            let mut cells = vec![0; cut.cells()];
            cut.deal(shingles, &mut cells);
            cells
        };
        cut.is_first_shared(self.place, &cells(a), &cells(b))
    }
}

#[cfg(test)]
mod tests;
