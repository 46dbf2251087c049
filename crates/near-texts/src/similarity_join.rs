//! All pairs of texts that are at least so similar: exact, by cutting sets into parts.
//!
//! Two sets whose similarity reaches the threshold differ in few shingles, so that most parts of the one are
//! parts of the other, whichever way shingles are dealt out to parts. `PartEnum` (Arasu, Ganti, Kaushik 2006,
//! "Efficient exact set-similarity joins", VLDB, section 4) turns that into keys of which such sets share at
//! least one: no pair is missed. What shares a key by chance is told apart by a bound on the difference from
//! 256 parity bits (Sandes, Teodoro, Melo 2020, "Bitmap filter", Information Systems 88), and what passes is
//! counted out in full. Nothing but the parity bits, the sizes and the parts of the sets is in memory. Into how many parts
//! sets are cut, and which lengths are joined together, is chosen by what it would cost on some of the rows.
//!
//! Hashing into bands (`MinHash`) does without the counting and misses pairs of short texts; a certificate of
//! no leakage needs a join that does not.

mod cut;
mod join_plan;
mod length_class;
mod rows;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    normalise,
    shingles::{jaccard_at_least, shingle_keys},
};

pub use join_plan::{JoinPlan, JoinPlanError};
use length_class::length_classes;
use rows::Rows;

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

/// The Jaccard similarity of the character 3-grams of two texts, which are normalised first, in 0..=1.
///
/// ```
/// assert_eq!(near_texts::similarity("Top up failed!", "top up failed"), 1.0);
/// ```
#[must_use]
pub fn similarity(left: &str, right: &str) -> f64 {
    let keys = |text: &str| {
        let mut keys = Vec::new();
        shingle_keys(&normalise(text), &mut keys);
        keys
    };
    jaccard_at_least(&keys(left), &keys(right), f64::MIN_POSITIVE).unwrap_or(0.0)
}

/// How many distinct character 3-grams a text has that is normalised already: its size in a join, at least 1.
#[must_use]
pub fn shingle_count(normal: &str) -> usize {
    let mut keys = Vec::new();
    shingle_keys(normal, &mut keys);
    keys.len()
}

/// Every pair of texts whose similarity reaches the threshold, by rising `left`, then `right`.
///
/// Texts are normalised first. Equal texts are pairs of similarity 1: leave them out beforehand where there
/// may be many, for n equal texts are n (n - 1) / 2 pairs. The work is spread over rayon's threads; the outcome
/// does not depend on how many there are.
///
/// ```
/// use near_texts::{near_pairs, JaccardThreshold};
///
/// let texts = ["where is my new card?", "Where is my new card", "top up failed"];
/// let pairs = near_pairs(&texts, JaccardThreshold::default());
/// assert_eq!((pairs.len(), pairs[0].left, pairs[0].right, pairs[0].jaccard), (1, 0, 1, 1.0));
/// ```
///
/// # Panics
///
/// If there are more than 2^32 texts.
#[must_use]
pub fn near_pairs<S: AsRef<str> + Sync>(texts: &[S], threshold: JaccardThreshold) -> Vec<NearPair> {
    near_pairs_of_normal(&normalised(texts), threshold)
}

/// [`near_pairs`] of texts that are normalised already.
///
/// # Panics
///
/// If there are more than 2^32 texts.
#[must_use]
pub fn near_pairs_of_normal<S: AsRef<str> + Sync>(
    normal: &[S],
    threshold: JaccardThreshold,
) -> Vec<NearPair> {
    join(&Rows::of(normal, None, threshold.get()))
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
///
/// # Panics
///
/// If there are more than 2^32 queries and texts.
#[must_use]
pub fn near_neighbours<Q: AsRef<str> + Sync, T: AsRef<str> + Sync>(
    queries: &[Q],
    texts: &[T],
    threshold: JaccardThreshold,
) -> Vec<NearPair> {
    let mut normal = normalised(queries);
    normal.append(&mut normalised(texts));
    let mut pairs = join(&Rows::of(&normal, Some(queries.len()), threshold.get()));
    for pair in &mut pairs {
        pair.right -= queries.len();
    }
    pairs
}

fn normalised<S: AsRef<str> + Sync>(texts: &[S]) -> Vec<String> {
    texts.par_iter().map(|text| normalise(text.as_ref())).collect()
}

fn join<S: AsRef<str> + Sync>(rows: &Rows<'_, S>) -> Vec<NearPair> {
    let mut pairs: Vec<NearPair> = length_classes(rows)
        .iter()
        .flat_map(|(class, cut)| class.pairs(rows, cut))
        .collect();
    pairs.par_sort_unstable_by_key(|pair| (pair.left, pair.right));
    pairs
}

#[cfg(test)]
mod tests;
