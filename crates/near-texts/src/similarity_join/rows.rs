//! What the join knows of each row before it looks at a pair.

use rayon::prelude::*;

use crate::shingles::{distance_allowed, jaccard_at_least, shingle_keys};

/// The rows of a join.
#[derive(Debug)]
pub(super) struct Rows<'a, S> {
    texts: &'a [S],
    /// How many of them, from the first on, are the one side of a join of two sides; `None` joins all with all.
    queries: Option<usize>,
    pub(super) threshold: f64,
    /// Shingles of each row.
    sizes: Vec<u32>,
    /// For each of 128 slots whether an odd number of the row's shingles falls into it. Each shingle that only one of
    /// two rows has changes one bit, so that the bits that differ are no more than such shingles.
    parities: Vec<u128>,
}

/// A number that looks random, the same for equal shingles: the finaliser of MurmurHash3 (Appleby 2011).
pub(super) fn mixed(key: u64) -> u64 {
    let mut h = key;
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^= h >> 33;
    h = h.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

impl<'a, S: AsRef<str> + Sync> Rows<'a, S> {
    pub(super) fn of(texts: &'a [S], queries: Option<usize>, threshold: f64) -> Self {
        assert!(
            u32::try_from(texts.len()).is_ok(),
            "a join numbers its rows in 32 bits"
        );
        let (sizes, parities) = texts
            .par_iter()
            .map_init(Vec::new, |keys, text| {
                shingle_keys(text.as_ref(), keys);
                let parity = keys
                    .iter()
                    .fold(0_u128, |bits, &key| bits ^ (1 << ((mixed(key) >> 16) & 127)));
                (keys.len() as u32, parity)
            })
            .unzip();
        Self {
            texts,
            queries,
            threshold,
            sizes,
            parities,
        }
    }

    pub(super) fn size(&self, row: u32) -> usize {
        self.sizes[row as usize] as usize
    }

    pub(super) fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Half of a row's parity bits.
    pub(super) fn sketch(&self, row: u32) -> u64 {
        self.parities[row as usize] as u64
    }

    pub(super) fn keys(&self, row: u32, keys: &mut Vec<u64>) {
        shingle_keys(self.texts[row as usize].as_ref(), keys);
    }

    /// Whether two rows are on different sides, if there are sides.
    pub(super) fn are_to_be_joined(&self, a: u32, b: u32) -> bool {
        let is_query = |row: u32, queries: usize| (row as usize) < queries;
        self.queries
            .is_none_or(|queries| is_query(a, queries) != is_query(b, queries))
    }

    /// Whether two rows may be similar, by what is known of them without their shingles.
    pub(super) fn may_be_near(&self, a: u32, b: u32) -> bool {
        let allowed = distance_allowed(self.size(a), self.size(b), self.threshold);
        self.size(a).abs_diff(self.size(b)) <= allowed
            && (self.parities[a as usize] ^ self.parities[b as usize]).count_ones() as usize <= allowed
    }

    /// The similarity of the row with these shingles and another, if it reaches the threshold.
    pub(super) fn similarity(&self, keys: &[u64], other: u32, scratch: &mut Vec<u64>) -> Option<f64> {
        self.keys(other, scratch);
        jaccard_at_least(keys, scratch, self.threshold)
    }
}
