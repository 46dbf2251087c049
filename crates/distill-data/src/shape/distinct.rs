//! How many distinct values a stream has and how often each comes, in bounded memory.

use hashbrown::HashMap;

/// The first 64 bits of BLAKE3: uniform, and the same in every run.
pub(super) fn hash_of(text: &str) -> u64 {
    let bytes = *blake3::hash(text.as_bytes()).as_bytes();
    u64::from_le_bytes([
        bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
    ])
}

/// A uniform sample of the distinct values of a stream, each with all that was noted of it: every value as long as they are no
/// more than the bound, and then those whose hash begins with as many zero bits as it takes (adaptive sampling of
/// Wegman, in Flajolet 1990, *Computing* 43; distinct sampling, Gibbons 2001, VLDB).
///
/// A value that is in the sample at the end has been in it from its first time on, so that what is noted of it is exact,
/// whatever the order of the stream.
#[derive(Debug, Clone)]
pub(super) struct DistinctSample<V> {
    bound: usize,
    /// How many of the first bits of the hash must be zero.
    level: u32,
    kept: HashMap<u64, V>,
}

impl<V> DistinctSample<V> {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bound: bound.max(1),
            level: 0,
            kept: HashMap::new(),
        }
    }

    /// What has been noted of a value, if it is in the sample.
    pub(super) fn entry(&mut self, hash: u64, new: impl FnOnce() -> V) -> Option<&mut V> {
        if !self.holds(hash) {
            return None;
        }
        self.kept.entry(hash).or_insert_with(new);
        // The lowest level at which the sample fits: it depends on the values alone, and not on their order.
        while self.kept.len() > self.bound && self.level < 64 {
            self.level += 1;
            let level = self.level;
            self.kept.retain(|hash, _| hash.leading_zeros() >= level);
        }
        self.kept.get_mut(&hash)
    }

    fn holds(&self, hash: u64) -> bool {
        hash.leading_zeros() >= self.level
    }

    /// Whether every value is in it.
    pub(super) fn is_exact(&self) -> bool {
        self.level == 0
    }

    /// How many values of the stream one in the sample stands for.
    pub(super) fn weight(&self) -> f64 {
        2.0_f64.powi(self.level as i32)
    }

    /// How many distinct values there were, estimated unless it [is exact](Self::is_exact).
    pub(super) fn distinct(&self) -> f64 {
        self.kept.len() as f64 * self.weight()
    }

    /// The sample, by rising hash.
    pub(super) fn sorted(&self) -> Vec<(u64, &V)> {
        let mut kept: Vec<_> = self.kept.iter().map(|(&hash, value)| (hash, value)).collect();
        kept.sort_unstable_by_key(|(hash, _)| *hash);
        kept
    }

    /// The sample, in no order.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.kept.values()
    }
}

/// The most frequent values of a stream, in bounded memory (Misra and Gries 1982, pruned in batches as in Anderson et al.
/// 2017, arXiv:1705.07001): exact as long as there are no more distinct values than twice the bound.
#[derive(Debug, Clone)]
pub(super) struct FrequentValues<V> {
    bound: usize,
    /// By how much a count may be too low.
    error: u64,
    kept: HashMap<u64, (u64, V)>,
}

impl<V> FrequentValues<V> {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bound: bound.max(1),
            error: 0,
            kept: HashMap::new(),
        }
    }

    /// Counts a value; what is kept with it.
    pub(super) fn note(&mut self, hash: u64, new: impl FnOnce() -> V) -> Option<&mut V> {
        if self.kept.len() >= 2 * self.bound && !self.kept.contains_key(&hash) {
            self.prune();
        }
        let (count, value) = self.kept.entry(hash).or_insert_with(|| (0, new()));
        *count += 1;
        Some(value)
    }

    /// Takes from every count what the first one beyond the bound has.
    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.kept.values().map(|(count, _)| *count).collect();
        let (_, &mut taken, _) = counts.select_nth_unstable_by(self.bound, |a, b| b.cmp(a));
        self.error += taken;
        self.kept.retain(|_, (count, _)| {
            *count = count.saturating_sub(taken);
            *count > 0
        });
    }

    /// By how much each count may be too low; 0 where all are exact.
    pub(super) fn error(&self) -> u64 {
        self.error
    }

    /// The values by falling count, those of equal count by hash.
    pub(super) fn sorted(&self) -> Vec<(u64, u64, &V)> {
        let mut all: Vec<(u64, u64, &V)> = self
            .kept
            .iter()
            .map(|(&hash, (count, value))| (hash, *count, value))
            .collect();
        all.sort_unstable_by_key(|(hash, count, _)| (std::cmp::Reverse(*count), *hash));
        all
    }
}

#[cfg(test)]
mod tests;
