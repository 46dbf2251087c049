//! A certificate of training texts that are not all in one memory: what parts of them say, put together.

use std::collections::{BTreeMap, btree_map::Entry};

use stage_files::{ContentHash, ContentHasher};

use super::GoldNeighbour;
use crate::{JaccardThreshold, NORMALISER_VERSION, NearPair, near_neighbours};

/// The lowest similarity at which a neighbour is listed.
const LISTED_FROM: f64 = 0.7;

/// Every pair of a gold text (`left`) and a training text (`right`) that a certificate is made of: at a similarity of 0.7
/// and above, or at the threshold and above where that is lower.
///
/// A gold set is small: where training texts are in parts, each part is joined with all of it.
///
/// # Panics
///
/// If there are more than 2^32 texts on both sides.
#[must_use]
pub fn gold_neighbours<G: AsRef<str> + Sync, T: AsRef<str> + Sync>(
    gold: &[G],
    texts: &[T],
    threshold: JaccardThreshold,
) -> Vec<NearPair> {
    let listed_from = JaccardThreshold::new(threshold.get().min(LISTED_FROM)).unwrap_or(threshold);
    near_neighbours(gold, texts, listed_from)
}

/// What is known of training texts that were joined with a gold set, for
/// [`LeakageCertificate::of_joined`](super::LeakageCertificate::of_joined).
///
/// ```
/// use near_texts::{
///     GoldNeighbour, GoldRows, JaccardThreshold, JoinedTexts, LeakageCertificate, TextsHasher, gold_neighbours,
///     leakage_certificate, text_hash,
/// };
/// use task_spec::GoldRow;
///
/// let gold = GoldRows::new(vec![
///     GoldRow { id: "g1".into(), input: "where is my card?".into(), label: "card".into() },
/// ]);
/// let threshold = JaccardThreshold::default();
/// let (mut joined, mut hasher) = (JoinedTexts::default(), TextsHasher::default());
/// for part in [["top up failed", "where is my cards"], ["where is my card", "why"]] {
///     for pair in gold_neighbours(&["where is my card"], &part, threshold) {
///         joined.leaking += usize::from(pair.jaccard >= threshold.get());
///         joined.offer(pair.left, GoldNeighbour {
///             gold: "g1".into(),
///             train: text_hash(part[pair.right]),
///             jaccard: pair.jaccard,
///             exact: part[pair.right] == "where is my card",
///         });
///     }
///     joined.rows += part.len();
/// }
/// let sorted = ["top up failed", "where is my card", "where is my cards", "why"];
/// sorted.iter().for_each(|text| hasher.push(text));
/// joined.hash = hasher.finish();
/// let certificate = LeakageCertificate::of_joined(&gold, threshold, joined);
/// assert_eq!(certificate, leakage_certificate(&sorted, &gold, threshold));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct JoinedTexts {
    /// How many training texts there are.
    pub rows: usize,
    /// [`texts_hash`](crate::texts_hash) of them.
    pub hash: ContentHash,
    /// Training texts at or above the threshold from some gold row.
    pub leaking: usize,
    /// The nearest training text of each gold row that has one, by the row's place in the gold set.
    pub nearest: BTreeMap<usize, GoldNeighbour>,
}

impl Default for JoinedTexts {
    /// No texts.
    fn default() -> Self {
        Self {
            rows: 0,
            hash: TextsHasher::default().finish(),
            leaking: 0,
            nearest: BTreeMap::new(),
        }
    }
}

impl JoinedTexts {
    /// Notes a neighbour of the gold row at this place. The nearest stays: the most similar, of these one of the same text
    /// before others of the same 3-grams, then the one of the smallest hash. So the order of offers changes nothing.
    pub fn offer(&mut self, gold: usize, neighbour: GoldNeighbour) {
        match self.nearest.entry(gold) {
            Entry::Vacant(place) => drop(place.insert(neighbour)),
            Entry::Occupied(mut place) if neighbour.is_nearer(place.get()) => drop(place.insert(neighbour)),
            Entry::Occupied(_) => {}
        }
    }
}

impl GoldNeighbour {
    pub(super) fn is_nearer(&self, other: &Self) -> bool {
        let order = self.jaccard.total_cmp(&other.jaccard);
        let order = order.then(self.exact.cmp(&other.exact));
        order.then_with(|| other.train.cmp(&self.train)).is_gt()
    }
}

/// [`texts_hash`](crate::texts_hash) of texts that come one by one: normalised already and sorted by their bytes, with
/// equal ones as often as there are. In another order they have another hash.
#[derive(Debug, Clone)]
pub struct TextsHasher(ContentHasher);

impl Default for TextsHasher {
    fn default() -> Self {
        let mut hasher = ContentHasher::default();
        hasher.push(NORMALISER_VERSION.as_bytes());
        hasher.push(b"\n");
        Self(hasher)
    }
}

impl TextsHasher {
    /// Takes the next text.
    pub fn push(&mut self, normal: &str) {
        self.0.push(normal.as_bytes());
        self.0.push(b"\n");
    }

    /// The hash of all texts so far.
    #[must_use]
    pub fn finish(&self) -> ContentHash {
        self.0.finish()
    }
}
