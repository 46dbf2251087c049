//! The rows of similar length, which are joined with each other.

use std::{collections::BTreeMap, ops::Range};

use pulp::Arch;
use rayon::prelude::*;

use super::{
    NearPair,
    cut::{Cut, KeyPlace},
    rows::{Rows, Sketch, bits_between},
};
use crate::shingles::{ceil, most_distance};

/// Rows among which a pair is looked for whose larger row has a size in one interval. Similar sets have similar sizes, so
/// that these are the rows of that interval and those of somewhat smaller sizes.
#[derive(Debug)]
pub(super) struct LengthClass {
    /// By rising index.
    rows: Vec<u32>,
    /// The sizes of the larger row of a pair begin here.
    larger_from: usize,
    largest: usize,
}

/// How much more it is thought to cost where sets may differ in more shingles, as powers of that number: linear where keys
/// cost most, more where pairs that share one by chance do. Which it is the rows tell.
pub(super) const POWERS: [i32; 3] = [1, 4, 8];

/// The classes of a join, each with its rows and the cut for them, in the way that has the least work to do.
pub(super) fn length_classes<S: AsRef<str> + Sync>(rows: &Rows<'_, S>) -> Vec<(LengthClass, Cut)> {
    let counts = counts_of(rows.sizes());
    let mut ways: Vec<Vec<(usize, usize)>> = POWERS
        .iter()
        .map(|&power| intervals(&counts, rows.threshold, power))
        .collect();
    ways.dedup();
    let ways = ways.into_iter().map(|intervals| {
        let mut classes = classes_of(rows, intervals);
        classes.retain(|class| class.rows.len() > 1);
        let classes = classes.into_iter().map(|class| {
            let (cost, cut) = class.best_cut(rows, class.rows.len() as f64, COST_OF_A_KEY);
            (cost, (class, cut))
        });
        let (costs, classes): (Vec<f64>, Vec<_>) = classes.unzip();
        (costs.iter().sum::<f64>(), classes)
    });
    let best = ways.min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(Vec::new, |(_, classes)| classes)
}

/// How many rows have each size.
fn counts_of(sizes: &[u32]) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for &size in sizes {
        *counts.entry(size as usize).or_default() += 1;
    }
    counts
}

/// The classes of these intervals, with the rows that each is to look at.
pub(super) fn classes_of<S>(rows: &Rows<'_, S>, intervals: Vec<(usize, usize)>) -> Vec<LengthClass>
where
    S: AsRef<str> + Sync,
{
    let mut classes: Vec<LengthClass> = intervals
        .into_iter()
        .map(|(larger_from, largest)| LengthClass {
            rows: Vec::new(),
            larger_from,
            largest,
        })
        .collect();
    let smallest: Vec<usize> = classes
        .iter()
        .map(|class| smallest_partner(class.larger_from, rows.threshold))
        .collect();
    for (row, &size) in (0..).zip(rows.sizes()) {
        let own = classes.partition_point(|class| class.largest < size as usize);
        let last = smallest.partition_point(|&smallest| smallest <= size as usize);
        for class in &mut classes[own..last] {
            class.rows.push(row);
        }
    }
    classes
}

/// The smallest set that may be similar to one of this size.
pub(super) fn smallest_partner(size: usize, threshold: f64) -> usize {
    ceil(threshold * size as f64)
}

/// The most sizes at which an interval may end; of more, some are passed over.
const MOST_ENDS: usize = 200;

/// Sizes cut into intervals, each with its first and its last size that occurs.
///
/// A wide interval has a large last set, whose partners may differ from it in many shingles, and of narrow ones each has
/// the rows below it to look at once more. The cut is the one of least cost, where that of an interval is the number of rows
/// that it looks at times a power of how much they may differ, found by dynamic programming from the smallest size on.
pub(super) fn intervals(counts: &BTreeMap<usize, usize>, threshold: f64, power: i32) -> Vec<(usize, usize)> {
    if counts.is_empty() {
        return Vec::new();
    }
    let present: Vec<usize> = counts.keys().copied().collect();
    // How many rows are smaller than each size that occurs, and in the end how many there are.
    let mut smaller = vec![0];
    for count in counts.values() {
        smaller.push(smaller[smaller.len() - 1] + count);
    }
    let step = present.len().div_ceil(MOST_ENDS).max(1);
    let ends: Vec<usize> = (step..present.len())
        .step_by(step)
        .chain([present.len()])
        .collect();
    // For each end the cost of all up to it and where its interval begins, as indexes of sizes.
    let mut best: Vec<(f64, usize)> = Vec::new();
    for (number, &end) in ends.iter().enumerate() {
        let distance = most_distance(present[end - 1], threshold);
        let cost_from = |begin: usize, before: f64| {
            let partners =
                present.partition_point(|&size| size < smallest_partner(present[begin], threshold));
            let looked_at = smaller[end] - smaller[partners];
            (
                before + looked_at as f64 * ((distance + 1) as f64).powi(power),
                begin,
            )
        };
        let begins = [(0, 0.0)]
            .into_iter()
            .chain(ends[..number].iter().zip(&best).map(|(&end, best)| (end, best.0)));
        let costs = begins.map(|(begin, before)| cost_from(begin, before));
        best.push(costs.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0)));
    }
    let mut found = Vec::new();
    let mut end = present.len();
    while end > 0 {
        let number = ends.partition_point(|&other| other < end);
        let begin = best[number].1;
        found.push((present[begin], present[end - 1]));
        end = begin;
    }
    found.reverse();
    found
}

/// How many rows are drawn to see which cut is best.
const SAMPLE: usize = 1024;
/// What it costs to sort a row in by one key, in comparisons of two rows. Measured.
const COST_OF_A_KEY: f64 = 20.0;
/// Rows with one key from which comparing them is shared out over threads, and how many at a time.
const SHARED_FROM: usize = 4096;
const STRIP: usize = 256;
/// Sketches that are compared without looking at the outcome.
const LANES: usize = 16;

impl LengthClass {
    /// The pairs whose larger row is of this class, in no order.
    pub(super) fn pairs<S: AsRef<str> + Sync>(&self, rows: &Rows<'_, S>, cut: &Cut) -> Vec<NearPair> {
        let cells = deal(rows, &self.rows, cut);
        let search = Search {
            rows,
            class: self,
            cut,
            cells: &cells,
            sketches: self.rows.iter().map(|&row| rows.sketch(row)).collect(),
            distance: self.distance(rows) as u32,
        };
        let places: Vec<KeyPlace> = cut.places().collect();
        places
            .into_par_iter()
            .flat_map_iter(|place| search.pairs_of_key(place))
            .collect()
    }

    /// The sizes that the larger row of a pair may have.
    pub(super) fn larger(&self) -> (usize, usize) {
        (self.larger_from, self.largest)
    }

    /// In how many shingles similar sets may differ.
    fn distance<S: AsRef<str> + Sync>(&self, rows: &Rows<'_, S>) -> usize {
        most_distance(self.largest, rows.threshold)
    }

    /// The cut with the least work to do where there are so many rows, estimated on some of those that are known, and that
    /// work in comparisons of two rows.
    pub(super) fn best_cut<S: AsRef<str> + Sync>(
        &self,
        rows: &Rows<'_, S>,
        count: f64,
        cost_of_a_key: f64,
    ) -> (f64, Cut) {
        let all_pairs = count * count / 2.0;
        let step = self.rows.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<u32> = self.rows.iter().copied().step_by(step).collect();
        let cuts = Cut::candidates(self.distance(rows));
        let costs = cuts.into_par_iter().map(|cut| {
            let keys = cut.keys() as f64 * count * cost_of_a_key;
            // Not worth a look where the keys alone cost more than all pairs.
            if keys >= all_pairs {
                return (f64::INFINITY, cut);
            }
            let share = count / sample.len().max(1) as f64;
            (
                keys + pairs_by_chance(rows, &sample, &cut) as f64 * share * share,
                cut,
            )
        });
        let best = costs.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.keys().cmp(&b.1.keys())));
        match best {
            Some((cost, cut)) if cost < all_pairs => (cost, cut),
            _ => (all_pairs, Cut::none()),
        }
    }
}

/// How often two of some rows share a key.
fn pairs_by_chance<S: AsRef<str> + Sync>(rows: &Rows<'_, S>, sample: &[u32], cut: &Cut) -> usize {
    let cells = deal(rows, sample, cut);
    let mut keys = Vec::with_capacity(sample.len());
    let mut pairs = 0;
    for place in cut.places() {
        keys.clear();
        keys.extend(cells.chunks_exact(cut.cells()).map(|cells| cut.key(place, cells)));
        keys.sort_unstable();
        pairs += keys
            .chunk_by(|a, b| a == b)
            .map(|same| same.len() * (same.len() - 1) / 2)
            .sum::<usize>();
    }
    pairs
}

/// The parts of some rows, [`Cut::cells`] for each.
fn deal<S: AsRef<str> + Sync>(rows: &Rows<'_, S>, some: &[u32], cut: &Cut) -> Vec<u16> {
    let mut cells = vec![0; some.len() * cut.cells()];
    if cut.cells() > 0 {
        cells
            .par_chunks_exact_mut(cut.cells())
            .zip(some)
            .for_each_init(Vec::new, |keys, (cells, &row)| {
                rows.keys(row, keys);
                cut.deal(keys, cells);
            });
    }
    cells
}

/// The search for pairs in one class.
struct Search<'a, S> {
    rows: &'a Rows<'a, S>,
    class: &'a LengthClass,
    cut: &'a Cut,
    cells: &'a [u16],
    /// Of each row of the class.
    sketches: Vec<Sketch>,
    /// In how many shingles similar sets of the class may differ.
    distance: u32,
}

impl<S: AsRef<str> + Sync> Search<'_, S> {
    /// The pairs for which this is the first key that they share.
    fn pairs_of_key(&self, place: KeyPlace) -> Vec<NearPair> {
        // The key above, the row within the class below.
        let mut entries: Vec<u64> = (0..self.class.rows.len())
            .map(|member| u64::from(self.cut.key(place, self.cells_of(member as u32))) << 32 | member as u64)
            .collect();
        entries.sort_unstable();
        let mut pairs = Vec::new();
        let mut sketches = Gathered::default();
        let mut close = Vec::new();
        for same in entries
            .chunk_by(|a, b| a >> 32 == b >> 32)
            .filter(|same| same.len() > 1)
        {
            sketches.fill(same.iter().map(|&entry| self.sketches[entry as u32 as usize]));
            each_close(
                &sketches,
                self.distance,
                &mut close,
                &mut pairs,
                |close, pairs| {
                    self.confirm(place, same, close, pairs);
                },
            );
        }
        pairs
    }

    /// Those of some pairs that are similar and whose first key this is. The pairs are indexes of entries.
    fn confirm(&self, place: KeyPlace, same: &[u64], close: &[Close], pairs: &mut Vec<NearPair>) {
        let mut keys = Vec::new();
        let mut keys_of = None;
        let mut scratch = Vec::new();
        for &Close { earlier, later, bits } in close {
            let (a, b) = (same[earlier as usize], same[later as usize]);
            let (left, right) = (self.row(a), self.row(b));
            let is_sought = self.is_of_class(left, right)
                && self.rows.may_be_near(left, right, bits)
                && self
                    .cut
                    .is_first_shared(place, self.cells_of(a as u32), self.cells_of(b as u32));
            if !is_sought {
                continue;
            }
            if keys_of != Some(right) {
                self.rows.keys(right, &mut keys);
                keys_of = Some(right);
            }
            pairs.extend(
                self.rows
                    .similarity(&keys, left, &mut scratch)
                    .map(|jaccard| NearPair {
                        left: left as usize,
                        right: right as usize,
                        jaccard,
                    }),
            );
        }
    }

    /// Whether a pair is to be found, and here.
    fn is_of_class(&self, left: u32, right: u32) -> bool {
        let larger = self.rows.size(left).max(self.rows.size(right));
        larger >= self.class.larger_from && self.rows.are_to_be_joined(left, right)
    }

    fn row(&self, entry: u64) -> u32 {
        self.class.rows[entry as u32 as usize]
    }

    fn cells_of(&self, member: u32) -> &[u16] {
        let cells = self.cut.cells();
        &self.cells[member as usize * cells..][..cells]
    }
}

/// Two of some rows, and in how many bits their sketches differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) earlier: u32,
    pub(super) later: u32,
    pub(super) bits: u32,
}

/// Hands on the pairs of rows with one key whose sketches differ in at most so many bits; of many rows, from several threads.
pub(super) fn each_close(
    sketches: &Gathered,
    most: u32,
    close: &mut Vec<Close>,
    pairs: &mut Vec<NearPair>,
    confirm: impl Fn(&[Close], &mut Vec<NearPair>) + Sync,
) {
    let count = sketches.whole.len();
    if count < SHARED_FROM {
        close.clear();
        close_pairs(sketches, 1..count, most, close);
        confirm(close, pairs);
        return;
    }
    let strips = (0..count.div_ceil(STRIP)).into_par_iter();
    pairs.par_extend(strips.flat_map_iter(|strip| {
        let later = strip * STRIP..(strip * STRIP + STRIP).min(count);
        let mut close = Vec::new();
        close_pairs(sketches, later, most, &mut close);
        let mut found = Vec::new();
        confirm(&close, &mut found);
        found
    }));
}

/// The pairs of rows, the later one in a range, whose sketches differ in at most so many bits.
fn close_pairs(sketches: &Gathered, later: Range<usize>, most: u32, close: &mut Vec<Close>) {
    // Counting bits is one instruction on most machines and a dozen in what the compiler may assume of all.
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for later in later {
                let (own, whole) = (sketches.first_words[later], &sketches.whole[later]);
                let mut scan = |from: usize, some: &[u64]| {
                    let count = some
                        .iter()
                        .map(|other| u32::from((own ^ other).count_ones() <= most));
                    // Hardly ever is one close, and the sum is without branches.
                    if count.sum::<u32>() == 0 {
                        return;
                    }
                    for (earlier, other) in (from..).zip(some) {
                        if (own ^ other).count_ones() > most {
                            continue;
                        }
                        let bits = bits_between(whole, &sketches.whole[earlier]);
                        if bits <= most {
                            close.push(Close {
                                earlier: earlier as u32,
                                later: later as u32,
                                bits,
                            });
                        }
                    }
                };
                let (chunks, rest) = sketches.first_words[..later].as_chunks::<LANES>();
                for (chunk, some) in chunks.iter().enumerate() {
                    scan(chunk * LANES, some);
                }
                scan(chunks.len() * LANES, rest);
            }
        },
    );
}

/// The sketches of some rows side by side.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Most pairs are told apart by these.
    first_words: Vec<u64>,
    whole: Vec<Sketch>,
}

impl Gathered {
    pub(super) fn fill(&mut self, sketches: impl Iterator<Item = Sketch>) {
        self.whole.clear();
        self.whole.extend(sketches);
        self.first_words.clear();
        self.first_words.extend(self.whole.iter().map(|sketch| sketch[0]));
    }
}

#[cfg(test)]
mod tests;
