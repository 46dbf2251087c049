//! The rows of similar length, which are joined with each other.

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::{
    NearPair,
    cut::{Cut, KeyPlace},
    rows::{Rows, Sketch, bits_between},
};
use crate::shingles::{ceil, most_distance};

/// Rows of which a pair may be similar and the larger one has a size in one interval.
///
/// Similar sets have similar sizes: with intervals that begin at 1 and each of which begins where a set is too
/// large for all before the last one, the smaller one of a pair is in the same interval or in the one before.
#[derive(Debug)]
pub(super) struct LengthClass {
    /// By rising index.
    rows: Vec<u32>,
    /// The sizes of the larger row of a pair begin here.
    larger_from: usize,
    largest: usize,
}

/// The classes of a join, with the rows of each.
pub(super) fn length_classes<S: AsRef<str> + Sync>(rows: &Rows<'_, S>) -> Vec<LengthClass> {
    let most = rows.sizes().iter().copied().max().unwrap_or(0) as usize;
    let mut starts = vec![1_usize];
    while let Some(&last) = starts.last()
        && last < most
    {
        // The smallest size whose partners all reach the last start; the quotient is at most one off.
        let mut next = ((last as f64 / rows.threshold) as usize).clamp(last + 1, most + 1);
        while next > last + 1 && ceil(rows.threshold * (next - 1) as f64) >= last {
            next -= 1;
        }
        while next <= most && ceil(rows.threshold * next as f64) < last {
            next += 1;
        }
        starts.push(next);
    }
    let mut classes: Vec<LengthClass> = starts
        .iter()
        .map(|&larger_from| LengthClass {
            rows: Vec::new(),
            larger_from,
            largest: 0,
        })
        .collect();
    for (row, &size) in (0..).zip(rows.sizes()) {
        let own = starts.partition_point(|&start| start <= size as usize) - 1;
        classes[own].rows.push(row);
        classes[own].largest = classes[own].largest.max(size as usize);
        if let Some(next) = classes.get_mut(own + 1) {
            next.rows.push(row);
        }
    }
    classes.retain(|class| class.largest > 0 && class.rows.len() > 1);
    classes
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
    pub(super) fn pairs<S: AsRef<str> + Sync>(&self, rows: &Rows<'_, S>) -> Vec<NearPair> {
        self.pairs_by(rows, &self.best_cut(rows))
    }

    fn pairs_by<S: AsRef<str> + Sync>(&self, rows: &Rows<'_, S>, cut: &Cut) -> Vec<NearPair> {
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

    /// In how many shingles similar sets may differ.
    fn distance<S: AsRef<str> + Sync>(&self, rows: &Rows<'_, S>) -> usize {
        most_distance(self.largest, rows.threshold)
    }

    /// The cut with the least work to do, estimated on some of the rows.
    pub(super) fn best_cut<S: AsRef<str> + Sync>(&self, rows: &Rows<'_, S>) -> Cut {
        let count = self.rows.len() as f64;
        let all_pairs = count * count / 2.0;
        let step = self.rows.len().div_ceil(SAMPLE);
        let sample: Vec<u32> = self.rows.iter().copied().step_by(step).collect();
        let cuts = Cut::candidates(self.distance(rows));
        let costs = cuts.into_par_iter().map(|cut| {
            let keys = cut.keys() as f64 * count * COST_OF_A_KEY;
            // Not worth a look where the keys alone cost more than all pairs.
            if keys >= all_pairs {
                return (f64::INFINITY, cut);
            }
            let share = count / sample.len() as f64;
            (
                keys + pairs_by_chance(rows, &sample, &cut) as f64 * share * share,
                cut,
            )
        });
        let best = costs.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.keys().cmp(&b.1.keys())));
        match best {
            Some((cost, cut)) if cost < all_pairs => cut,
            _ => Cut::none(),
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
            if same.len() >= SHARED_FROM {
                let strips = (0..same.len().div_ceil(STRIP)).into_par_iter();
                pairs.par_extend(strips.flat_map_iter(|strip| {
                    let later = strip * STRIP..(strip * STRIP + STRIP).min(same.len());
                    let mut close = Vec::new();
                    close_pairs(&sketches, later, self.distance, &mut close);
                    let mut found = Vec::new();
                    self.confirm(place, same, &close, &mut found);
                    found
                }));
            } else {
                close.clear();
                close_pairs(&sketches, 1..same.len(), self.distance, &mut close);
                self.confirm(place, same, &close, &mut pairs);
            }
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
struct Close {
    earlier: u32,
    later: u32,
    bits: u32,
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
struct Gathered {
    /// Most pairs are told apart by these.
    first_words: Vec<u64>,
    whole: Vec<Sketch>,
}

impl Gathered {
    fn fill(&mut self, sketches: impl Iterator<Item = Sketch>) {
        self.whole.clear();
        self.whole.extend(sketches);
        self.first_words.clear();
        self.first_words.extend(self.whole.iter().map(|sketch| sketch[0]));
    }
}

#[cfg(test)]
mod tests;
