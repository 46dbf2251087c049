//! Texts as sets of character 3-grams, rare ones first.

use hashbrown::HashMap;

/// How many characters a shingle has.
pub(crate) const SHINGLE_CHARS: usize = 3;

/// Marks the key of a text that is shorter than a shingle, so that it equals no 3-gram.
const SHORT_TEXT: u64 = 1 << 63;

/// The shingle sets of some texts over one common numbering.
///
/// Numbers are given by rising document frequency, ties by content: a set that is sorted by number has its
/// rarest shingle first, which is what makes prefix filtering sharp.
#[derive(Debug)]
pub(crate) struct ShingleSets {
    shingles: Vec<u32>,
    ends: Vec<usize>,
    distinct: usize,
}

impl ShingleSets {
    /// Shingles normalised texts.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut frequency: HashMap<u64, u32> = HashMap::new();
        let mut keys: Vec<u64> = Vec::new();
        let mut ends = Vec::new();
        let mut of_text = Vec::new();
        for text in texts {
            shingle_keys(text, &mut of_text);
            for &key in &of_text {
                *frequency.entry(key).or_default() += 1;
            }
            keys.extend_from_slice(&of_text);
            ends.push(keys.len());
        }
        let mut by_rarity: Vec<(u32, u64)> = frequency.iter().map(|(&key, &df)| (df, key)).collect();
        by_rarity.sort_unstable();
        let number: HashMap<u64, u32> = by_rarity.iter().map(|&(_, key)| key).zip(0..).collect();
        let mut sets = Self {
            shingles: keys.iter().map(|key| number[key]).collect(),
            ends,
            distinct: number.len(),
        };
        for text in 0..sets.len() {
            let range = sets.range(text);
            sets.shingles[range].sort_unstable();
        }
        sets
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many different shingles there are: the numbers are below this.
    pub(crate) fn distinct(&self) -> usize {
        self.distinct
    }

    /// The shingles of one text, by rising number; never empty.
    pub(crate) fn set(&self, text: usize) -> &[u32] {
        &self.shingles[self.range(text)]
    }

    fn range(&self, text: usize) -> std::ops::Range<usize> {
        let start = if text == 0 { 0 } else { self.ends[text - 1] };
        start..self.ends[text]
    }
}

/// The distinct 3-grams of a text, three characters of 21 bits each.
///
/// A text shorter than that is one shingle of its own. An empty set would make all short texts equal.
fn shingle_keys(text: &str, keys: &mut Vec<u64>) {
    keys.clear();
    let push = |key: u64, c: char| (key << 21) | u64::from(c);
    let mut window = 0;
    let mut chars = 0;
    for c in text.chars() {
        window = push(window, c) & !SHORT_TEXT;
        chars += 1;
        if chars >= SHINGLE_CHARS {
            keys.push(window);
        }
    }
    if chars < SHINGLE_CHARS {
        // Two characters take 42 bits, so their number fits above them.
        keys.push(SHORT_TEXT | ((chars as u64) << 42) | window);
    }
    keys.sort_unstable();
    keys.dedup();
}

/// Jaccard similarity of two sorted sets, if it reaches `least`.
///
/// The quotient of two integers is the correctly rounded ratio, as a decimal threshold is the correctly
/// rounded decimal, so that 4 of 5 reaches 0.8.
pub(crate) fn jaccard_at_least(a: &[u32], b: &[u32], least: f64) -> Option<f64> {
    let (mut i, mut j, mut shared) = (0, 0, 0_usize);
    let needed = overlap_needed(a.len(), b.len(), least);
    while i < a.len() && j < b.len() {
        if shared + (a.len() - i).min(b.len() - j) < needed {
            return None;
        }
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let jaccard = shared as f64 / (a.len() + b.len() - shared) as f64;
    (jaccard >= least).then_some(jaccard)
}

/// A lower bound of the shared shingles of two sets whose similarity is at least `least`.
pub(crate) fn overlap_needed(a: usize, b: usize, least: f64) -> usize {
    ceil(least / (1.0 + least) * (a + b) as f64)
}

/// The smallest whole number not below `x`, where `x` may be a hair too large from rounding: bounds made
/// with it are at most one too weak and never too strong.
pub(crate) fn ceil(x: f64) -> usize {
    (x - 1e-6).ceil().max(0.0) as usize
}

#[cfg(test)]
mod tests;
