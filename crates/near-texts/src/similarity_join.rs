//! All pairs of texts that are at least so similar: exact, by prefix filtering.
//!
//! The algorithm is PPJoin (Xiao, Wang, Lin, Yu, Wang 2011, "Efficient similarity joins for near-duplicate
//! detection", ACM TODS 36(3), section 4). Two sets of similarity t share at least one of their first
//! `size - ceil(t * size) + 1` shingles under any common order of the shingles, so that an index of those
//! prefixes misses no pair: recall is 1 by construction and every candidate is then counted out in full.
//! Hashing into bands (MinHash) is faster on millions of rows but misses pairs on short texts; a certificate
//! of no leakage needs a join that does not.

use serde::{Deserialize, Serialize};

use crate::{
    normalise,
    shingles::{ShingleSets, ceil, jaccard_at_least, overlap_needed},
};

/// A Jaccard similarity above which two texts count as near-duplicates, in (0, 1].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct JaccardThreshold(f64);

/// A number that is no similarity.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("a Jaccard threshold lies above 0 and at most at 1, found {0}")]
pub struct JaccardThresholdError(pub f64);

impl JaccardThreshold {
    /// A threshold.
    ///
    /// # Errors
    ///
    /// [`JaccardThresholdError`] if it is not in (0, 1].
    pub fn new(threshold: f64) -> Result<Self, JaccardThresholdError> {
        if threshold > 0.0 && threshold <= 1.0 {
            Ok(Self(threshold))
        } else {
            Err(JaccardThresholdError(threshold))
        }
    }

    /// The number, in (0, 1].
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for JaccardThreshold {
    /// 0.8: below it, merging deletes the boundaries between labels of short texts.
    fn default() -> Self {
        Self(0.8)
    }
}

impl TryFrom<f64> for JaccardThreshold {
    type Error = JaccardThresholdError;

    fn try_from(threshold: f64) -> Result<Self, JaccardThresholdError> {
        Self::new(threshold)
    }
}

impl From<JaccardThreshold> for f64 {
    fn from(threshold: JaccardThreshold) -> Self {
        threshold.0
    }
}

/// Two texts and how similar they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearPair {
    /// Index of the one: of the earlier text in [`near_pairs`], of the query in [`near_neighbours`].
    pub left: usize,
    /// Index of the other.
    pub right: usize,
    /// Jaccard similarity of their character 3-grams after [`normalise`], in (0, 1].
    pub jaccard: f64,
}

/// Every pair of texts whose similarity reaches the threshold, by rising `left`, then `right`.
///
/// Texts are normalised first. Equal texts are pairs of similarity 1: leave them out beforehand where there
/// may be many, for n equal texts are n (n - 1) / 2 pairs.
///
/// ```
/// use near_texts::{near_pairs, JaccardThreshold};
///
/// let texts = ["where is my new card?", "Where is my new card", "top up failed"];
/// let pairs = near_pairs(&texts, JaccardThreshold::default());
/// assert_eq!((pairs.len(), pairs[0].left, pairs[0].right, pairs[0].jaccard), (1, 0, 1, 1.0));
/// ```
#[must_use]
pub fn near_pairs<S: AsRef<str>>(texts: &[S], threshold: JaccardThreshold) -> Vec<NearPair> {
    let normal: Vec<String> = texts.iter().map(|text| normalise(text.as_ref())).collect();
    near_pairs_of_normal(&normal, threshold)
}

/// [`near_pairs`] of texts that are normalised already.
#[must_use]
pub fn near_pairs_of_normal<S: AsRef<str>>(normal: &[S], threshold: JaccardThreshold) -> Vec<NearPair> {
    let sets = ShingleSets::of(normal.iter().map(AsRef::as_ref));
    let mut by_size: Vec<usize> = (0..sets.len()).collect();
    by_size.sort_by_key(|&text| (sets.set(text).len(), text));
    let mut index = PrefixIndex::new(&sets, threshold);
    let mut pairs = Vec::new();
    for text in by_size {
        index.probe(text, |other, jaccard| {
            pairs.push(NearPair {
                left: text.min(other),
                right: text.max(other),
                jaccard,
            });
        });
        index.insert(text);
    }
    pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
    pairs
}

/// Every pair of a query and a text whose similarity reaches the threshold, by rising query (`left`), then
/// text (`right`). Both sides are normalised first.
///
/// ```
/// use near_texts::{near_neighbours, JaccardThreshold};
///
/// let pairs = near_neighbours(&["my card has not come"], &["hello", "My card has not come!"], JaccardThreshold::default());
/// assert_eq!((pairs.len(), pairs[0].left, pairs[0].right), (1, 0, 1));
/// ```
#[must_use]
pub fn near_neighbours<Q: AsRef<str>, T: AsRef<str>>(
    queries: &[Q],
    texts: &[T],
    threshold: JaccardThreshold,
) -> Vec<NearPair> {
    let normal: Vec<String> = queries
        .iter()
        .map(|query| normalise(query.as_ref()))
        .chain(texts.iter().map(|text| normalise(text.as_ref())))
        .collect();
    let sets = ShingleSets::of(normal.iter().map(String::as_str));
    let mut by_size: Vec<usize> = (queries.len()..sets.len()).collect();
    by_size.sort_by_key(|&text| (sets.set(text).len(), text));
    let mut index = PrefixIndex::new(&sets, threshold);
    for text in by_size {
        index.insert(text);
    }
    let mut pairs = Vec::new();
    for query in 0..queries.len() {
        index.probe(query, |text, jaccard| {
            pairs.push(NearPair {
                left: query,
                right: text - queries.len(),
                jaccard,
            });
        });
    }
    pairs.sort_unstable_by_key(|pair| (pair.left, pair.right));
    pairs
}

/// One shingle of an indexed prefix.
#[derive(Debug, Clone, Copy)]
struct Posting {
    text: u32,
    /// Where in the text's set the shingle stands.
    position: u32,
    /// The size of the text's set.
    size: u32,
}

/// The prefixes of some of the sets by shingle. Texts are inserted by rising set size.
struct PrefixIndex<'a> {
    sets: &'a ShingleSets,
    threshold: f64,
    postings: Vec<Vec<Posting>>,
    /// Shingles shared so far with the text being probed; all 0 between probes.
    shared: Vec<u32>,
    candidates: Vec<u32>,
}

impl<'a> PrefixIndex<'a> {
    fn new(sets: &'a ShingleSets, threshold: JaccardThreshold) -> Self {
        Self {
            sets,
            threshold: threshold.get(),
            postings: vec![Vec::new(); sets.distinct()],
            shared: vec![0; sets.len()],
            candidates: Vec::new(),
        }
    }

    /// How many of the first shingles of a set of this size must be looked at so that no pair is missed.
    fn prefix(&self, size: usize) -> usize {
        size + 1 - ceil(self.threshold * size as f64).clamp(1, size)
    }

    fn insert(&mut self, text: usize) {
        let set = self.sets.set(text);
        for (position, &shingle) in set[..self.prefix(set.len())].iter().enumerate() {
            self.postings[shingle as usize].push(Posting {
                text: text as u32,
                position: position as u32,
                size: set.len() as u32,
            });
        }
    }

    /// Calls `found` with each indexed text that is similar enough, and its similarity.
    fn probe(&mut self, text: usize, mut found: impl FnMut(usize, f64)) {
        let set = self.sets.set(text);
        let smallest = ceil(self.threshold * set.len() as f64) as u32;
        let largest = (set.len() as f64 / self.threshold + 1e-6).min(f64::from(u32::MAX)) as u32;
        for (position, &shingle) in set[..self.prefix(set.len())].iter().enumerate() {
            let postings = &self.postings[shingle as usize];
            let start = postings.partition_point(|posting| posting.size < smallest);
            for posting in postings[start..].iter().take_while(|p| p.size <= largest) {
                let shared = &mut self.shared[posting.text as usize];
                if *shared == 0 {
                    self.candidates.push(posting.text);
                }
                // What the shingles from here on could still add: PPJoin's positional filter.
                let rest = (set.len() - position).min((posting.size - posting.position) as usize);
                let needed = overlap_needed(set.len(), posting.size as usize, self.threshold);
                if *shared != RULED_OUT {
                    *shared = if *shared as usize + rest >= needed {
                        *shared + 1
                    } else {
                        RULED_OUT
                    };
                }
            }
        }
        for candidate in self.candidates.drain(..) {
            let shared = std::mem::take(&mut self.shared[candidate as usize]);
            let candidate = candidate as usize;
            if shared != RULED_OUT
                && let Some(jaccard) = jaccard_at_least(set, self.sets.set(candidate), self.threshold)
            {
                found(candidate, jaccard);
            }
        }
    }
}

/// Stands for the shared count of a candidate that the positional filter has excluded.
const RULED_OUT: u32 = u32::MAX;

#[cfg(test)]
mod tests;
