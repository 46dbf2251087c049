//! Texts as sets of character 3-grams.

/// How many characters a shingle has.
pub(crate) const SHINGLE_CHARS: usize = 3;

/// Marks the key of a text that is shorter than a shingle, so that it equals no 3-gram.
const SHORT_TEXT: u64 = 1 << 63;

/// The distinct 3-grams of a text by rising key, three characters of 21 bits each; never empty.
///
/// A text shorter than that is one shingle of its own. An empty set would make all short texts equal.
pub(crate) fn shingle_keys(text: &str, keys: &mut Vec<u64>) {
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
pub(crate) fn jaccard_at_least(a: &[u64], b: &[u64], least: f64) -> Option<f64> {
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
fn overlap_needed(a: usize, b: usize, least: f64) -> usize {
    ceil(least / (1.0 + least) * (a + b) as f64)
}

/// An upper bound of the shingles that only one of two sets has, if their similarity is at least `least`.
pub(crate) fn distance_allowed(a: usize, b: usize, least: f64) -> usize {
    a + b - (2 * overlap_needed(a, b, least)).min(a + b)
}

/// The same of all sets of at most so many shingles.
///
/// Not the bound of two largest sets: the difference of two sets of one size is even, that of others may be one more.
pub(crate) fn most_distance(largest: usize, least: f64) -> usize {
    ((1.0 - least) / (1.0 + least) * (2 * largest) as f64 + 1e-6) as usize
}

/// The smallest whole number not below `x`, where `x` may be a hair too large from rounding: bounds made
/// with it are at most one too weak and never too strong.
pub(crate) fn ceil(x: f64) -> usize {
    (x - 1e-6).ceil().max(0.0) as usize
}

#[cfg(test)]
mod tests;
