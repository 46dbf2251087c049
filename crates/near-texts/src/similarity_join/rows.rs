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
    sketches: Vec<Sketch>,
}

/// For each of 256 slots whether an odd number of a row's shingles falls into it. Each shingle that only one of two
/// rows has changes one bit, so that the bits that differ are no more than such shingles.
pub(super) type Sketch = [u64; 4];

/// How many bits of two sketches differ.
#[inline(always)]
pub(super) fn bits_between(a: &Sketch, b: &Sketch) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
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
        let (sizes, sketches) = texts
            .par_iter()
            .map_init(Vec::new, |keys, text| {
                shingle_keys(text.as_ref(), keys);
                let mut sketch = [0; 4];
                for &key in &*keys {
                    let slot = mixed(key) >> 16;
                    sketch[(slot >> 6 & 3) as usize] ^= 1_u64 << (slot & 63);
                }
                (keys.len() as u32, sketch)
            })
            .unzip();
        Self {
            texts,
            queries,
            threshold,
            sizes,
            sketches,
        }
    }

    pub(super) fn size(&self, row: u32) -> usize {
        self.sizes[row as usize] as usize
    }

    pub(super) fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    pub(super) fn sketch(&self, row: u32) -> Sketch {
        self.sketches[row as usize]
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

    /// Whether two rows whose sketches differ in so many bits may be similar.
    pub(super) fn may_be_near(&self, a: u32, b: u32, bits: u32) -> bool {
        bits as usize <= distance_allowed(self.size(a), self.size(b), self.threshold)
    }

    /// The similarity of the row with these shingles and another, if it reaches the threshold.
    pub(super) fn similarity(&self, keys: &[u64], other: u32, scratch: &mut Vec<u64>) -> Option<f64> {
        self.keys(other, scratch);
        jaccard_at_least(keys, scratch, self.threshold)
    }
}
