//! Which rows are held out, and in which order the rest are seen.

use std::collections::BTreeMap;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::TokenRow;

/// Batches of a window this many times their size are cut from rows of similar length.
const WINDOW_BATCHES: usize = 16;

/// Indices of the rows to train on and of those held out.
///
/// Whole groups are held out, drawn at random, until the share is reached; a group larger than what is still
/// missing is passed over, so that the held-out part never grows beyond its share.
pub(crate) fn split(rows: &[TokenRow], share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        groups.entry(row.group.as_str()).or_default().push(index);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.shuffle(&mut ChaCha8Rng::seed_from_u64(seed ^ 0x5117));
    let wanted = (rows.len() as f64 * share).floor() as usize;
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for group in groups {
        if held_out.len() + group.len() <= wanted {
            &mut held_out
        } else {
            &mut train
        }
        .extend(group);
    }
    train.sort_unstable();
    held_out.sort_unstable();
    (train, held_out)
}

/// The batches of an epoch: every row exactly once, in an order that depends on the seed and the epoch alone,
/// with rows of similar length together so that little is padded.
pub(crate) fn batches(
    rows: &[TokenRow],
    train: &[usize],
    batch_rows: usize,
    seed: u64,
    epoch: usize,
) -> Vec<Vec<usize>> {
    let mut random =
        ChaCha8Rng::seed_from_u64(seed.wrapping_add((epoch as u64 + 1).wrapping_mul(0x9E37_79B9)));
    let mut order = train.to_vec();
    order.shuffle(&mut random);
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for window in order.chunks_mut(batch_rows * WINDOW_BATCHES) {
        window.sort_by_key(|&row| rows[row].ids.len());
        batches.extend(window.chunks(batch_rows).map(<[usize]>::to_vec));
    }
    batches.shuffle(&mut random);
    batches
}

/// Which rows were seen, and how often, as a number that does not depend on their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen(pub(crate) u64);

impl Seen {
    /// These and some more. Every row adds a number as good as random (SplitMix64, Steele et al. 2014), so that a row which
    /// is left out or seen twice is made up for by no others.
    pub(crate) fn and(self, rows: &[usize]) -> Self {
        let number = |&row: &usize| {
            let mut z = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Self(rows.iter().map(number).fold(self.0, u64::wrapping_add))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Target;

    fn rows(n: usize) -> Vec<TokenRow> {
        (0..n)
            .map(|i| TokenRow {
                id: i.to_string(),
                ids: vec![1; 3 + i * 7 % 23],
                target: Target::label(0),
                weight: 1.0,
                group: format!("g{}", i / 3),
            })
            .collect()
    }

    #[test]
    fn an_epoch_sees_every_row_exactly_once() {
        let rows = rows(1003);
        let train: Vec<usize> = (0..rows.len()).filter(|i| i % 5 != 0).collect();
        let mut seen: Vec<usize> = batches(&rows, &train, 32, 9, 2).into_iter().flatten().collect();
        seen.sort_unstable();
        assert_eq!(seen, train);
    }

    #[test]
    fn rows_that_were_seen_count_in_any_order_and_each_once() {
        let all = Seen::default().and(&[0, 1, 2, 3, 4, 5]);
        assert_eq!(Seen::default().and(&[5, 3]).and(&[0, 4]).and(&[2, 1]), all);
        for other in [
            &[0, 1, 2, 3, 4][..],
            &[0, 1, 2, 3, 4, 4],
            &[0, 1, 2, 3, 4, 5, 5],
            &[1, 2, 3, 4, 5, 6],
        ] {
            assert_ne!(Seen::default().and(other), all, "{other:?}");
        }
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        let rows = rows(300);
        let train: Vec<usize> = (0..300).collect();
        let order = |seed, epoch| batches(&rows, &train, 8, seed, epoch);
        assert_eq!(order(1, 0), order(1, 0));
        assert_ne!(order(1, 0), order(1, 1));
        assert_ne!(order(1, 0), order(2, 0));
    }

    #[test]
    fn groups_stay_on_one_side_and_the_share_holds() {
        let rows = rows(300);
        let (train, held_out) = split(&rows, 0.1, 4);
        assert_eq!(train.len() + held_out.len(), 300);
        assert!((27..=30).contains(&held_out.len()), "{}", held_out.len());
        let groups = |side: &[usize]| {
            side.iter()
                .map(|&i| rows[i].group.clone())
                .collect::<BTreeSet<_>>()
        };
        assert!(groups(&train).is_disjoint(&groups(&held_out)));
    }
}
