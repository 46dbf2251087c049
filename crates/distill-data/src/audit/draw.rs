//! What is drawn, as a function of ids and a seed.

use std::collections::BTreeSet;

use rayon::prelude::*;
use stage_files::ContentHash;

use super::{AuditConfig, KeptRow};

/// How many rows, and how many calls, are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DrawSize(pub(super) usize);

impl DrawSize {
    pub(super) fn of(config: &AuditConfig, least: usize, rows: usize) -> Self {
        let share = (config.share * rows as f64).ceil() as usize;
        Self(share.clamp(least, config.most).min(rows))
    }
}

/// A number for each row that is as good as random.
fn number(row: &KeptRow<'_>, seed: u64) -> u64 {
    let hash = ContentHash::of_bytes(format!("audit {seed} {}", row.id).as_bytes());
    u64::from_str_radix(&hash.as_str()[..16], 16).expect("a hash is hexadecimal digits")
}

/// Draws rows without replacement: those with the smallest numbers, by rising number.
pub(super) fn draw_rows(rows: &[KeptRow<'_>], among: &[usize], size: usize, seed: u64) -> Vec<usize> {
    let mut numbered: Vec<(u64, usize)> = among
        .par_iter()
        .map(|&row| (number(&rows[row], seed), row))
        .collect();
    numbered.sort_unstable();
    numbered.into_iter().take(size).map(|(_, row)| row).collect()
}

/// Draws calls with replacement and gives the row of each.
///
/// For each draw every row gets an exponential time by its number, as many times faster as it has calls, and the first
/// is drawn: the minimum of exponential variables falls on each in proportion to its rate. A row that joins changes
/// only the draws that it wins.
pub(super) fn draw_calls(rows: &[KeptRow<'_>], among: &[usize], size: usize, seed: u64) -> Vec<usize> {
    let numbered: Vec<(u64, f64, usize)> = among
        .par_iter()
        .map(|&row| (number(&rows[row], seed), rows[row].calls as f64, row))
        .collect();
    (1..=size as u64)
        .into_par_iter()
        .filter_map(|draw| first_of(&numbered, draw))
        .collect()
}

fn first_of(numbered: &[(u64, f64, usize)], draw: u64) -> Option<usize> {
    let mut best = f64::INFINITY;
    let mut first = None;
    for &(number, calls, row) in numbered {
        let uniform = uniform(number, draw);
        // -ln(u) is at least 1 - u, which settles nearly all rows without a logarithm.
        if 1.0 - uniform < best * calls {
            let time = -uniform.ln() / calls;
            if time < best {
                (best, first) = (time, Some(row));
            }
        }
    }
    first
}

/// The n-th number of the generator SplitMix64 (Steele, Lea, Flood 2014, *Fast splittable pseudorandom number generators*),
/// as a fraction in 0..1, both excluded.
fn uniform(seed: u64, nth: u64) -> f64 {
    let mut z = seed.wrapping_add(nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    ((z >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// All rows of some lists once each: the first of each list, then the second of each, and so on, so that a beginning of
/// this order holds the beginnings of all lists.
pub(super) fn reading_order(lists: &[&[usize]]) -> Vec<usize> {
    let longest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    let mut is_there = BTreeSet::new();
    (0..longest)
        .flat_map(|nth| lists.iter().filter_map(move |list| list.get(nth).copied()))
        .filter(|&row| is_there.insert(row))
        .collect()
}
