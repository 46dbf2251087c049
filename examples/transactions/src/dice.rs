//! Seeded draws.

/// A stream of draws that depends on nothing but the seed, the name of the stream and an index.
///
/// The bytes are BLAKE3's extendable output keyed by those three, so that row 17 is the same row whether it is
/// made first, last or alone, and the same on every platform and in every version of any random-number crate.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    reader: blake3::OutputReader,
    block: [u8; 64],
    used: usize,
}

impl Dice {
    pub(crate) fn new(seed: u64, stream: &str, index: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(&index.to_le_bytes());
        hasher.update(stream.as_bytes());
        Self {
            reader: hasher.finalize_xof(),
            block: [0; 64],
            used: 64,
        }
    }

    fn next_u64(&mut self) -> u64 {
        if self.used == self.block.len() {
            self.reader.fill(&mut self.block);
            self.used = 0;
        }
        let mut word = [0; 8];
        word.copy_from_slice(&self.block[self.used..self.used + 8]);
        self.used += 8;
        u64::from_le_bytes(word)
    }

    /// Uniform in 0..1, never 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // The 53 high bits are exactly the mantissa of a double.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in 0..n; 0 if `n` is 0. The bias of the multiply-shift is below n / 2^64.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Uniform in `low..=high`.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of the items, all equally likely.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One of the items, the first the likeliest and the last the least likely: the earlier of two draws.
    pub(crate) fn pick_early<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len()).min(self.below(items.len()))]
    }

    /// One of the items, with chances in proportion to their weights.
    pub(crate) fn pick_weighted<'a, T>(&mut self, items: &'a [(T, f64)]) -> &'a T {
        let total: f64 = items.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        for (item, weight) in items {
            left -= weight;
            if left < 0.0 {
                return item;
            }
        }
        // Rounding can leave a last sliver.
        &items[items.len() - 1].0
    }

    /// A string of `n` decimal digits.
    pub(crate) fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    /// A string of `n` upper-case letters and digits, as in order numbers.
    pub(crate) fn code(&mut self, n: usize) -> String {
        const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        (0..n).map(|_| char::from(*self.pick(SIGNS))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_its_seed_name_and_index() {
        let draw = |seed, stream, index| {
            let mut dice = Dice::new(seed, stream, index);
            [dice.next_u64(), dice.next_u64()]
        };
        let first = draw(1, "a", 2);
        assert_eq!(first, draw(1, "a", 2));
        for other in [draw(2, "a", 2), draw(1, "b", 2), draw(1, "a", 3)] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn draws_are_uniform_and_weights_are_kept() {
        let mut dice = Dice::new(5, "uniform", 0);
        let (mut counts, mut heavy) = ([0; 7], 0);
        for _ in 0..70_000 {
            counts[dice.below(7)] += 1;
            heavy += usize::from(*dice.pick_weighted(&[(true, 3.0), (false, 1.0)]));
        }
        // Six standard deviations: 6 * sqrt(70,000 * 1/7 * 6/7) = 555, and 6 * sqrt(70,000 * 3/16) = 687.
        assert!(
            counts.iter().all(|&n: &i32| (n - 10_000).abs() < 555),
            "{counts:?}"
        );
        assert!(heavy.abs_diff(52_500) < 687, "{heavy}");
    }
}
