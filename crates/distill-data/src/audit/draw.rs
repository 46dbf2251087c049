//! What is drawn, as a function of ids and a seed.

use std::collections::BTreeSet;

use rayon::prelude::*;
use stage_files::ContentHash;

use super::AuditConfig;

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
pub(super) fn number(id: &str, seed: u64) -> u64 {
    let hash = ContentHash::of_bytes(format!("audit {seed} {id}").as_bytes());
    u64::from_str_radix(&hash.as_str()[..16], 16).expect("a hash is hexadecimal digits")
}

/// A row that may be drawn, by its number and then its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) label: usize,
    pub(super) calls: usize,
}

/// The rows that are drawn without replacement so far: those with the smallest numbers.
#[derive(Debug, Default)]
pub(super) struct RowDraws {
    size: usize,
    drawn: BTreeSet<Candidate>,
}

impl RowDraws {
    pub(super) fn new(DrawSize(size): DrawSize) -> Self {
        Self {
            size,
            drawn: BTreeSet::new(),
        }
    }

    pub(super) fn push(&mut self, candidate: &Candidate) {
        if self.drawn.len() == self.size {
            if self.drawn.last().is_none_or(|last| last < candidate) {
                return;
            }
            self.drawn.pop_last();
        }
        self.drawn.insert(candidate.clone());
    }

    /// By rising number.
    pub(super) fn finish(self) -> Vec<Candidate> {
        self.drawn.into_iter().collect()
    }
}

/// Calls that are drawn with replacement so far, each with its row.
///
/// For each draw every row gets an exponential time by its number, as many times faster as it has calls, and the first
/// is drawn: the minimum of exponential variables falls on each in proportion to its rate. A row that joins changes
/// only the draws that it wins.
#[derive(Debug)]
pub(super) struct CallDraws(Vec<FirstRow>);

/// The first row of a draw so far, and its time.
#[derive(Debug, Clone)]
struct FirstRow {
    time: f64,
    row: Option<Candidate>,
}

impl CallDraws {
    pub(super) fn new(DrawSize(size): DrawSize) -> Self {
        let nobody = FirstRow {
            time: f64::INFINITY,
            row: None,
        };
        Self(vec![nobody; size])
    }

    /// Takes rows, all in one order: of equal times the first one counts.
    pub(super) fn push(&mut self, rows: &[&Candidate]) {
        self.0.par_iter_mut().enumerate().for_each(|(place, first)| {
            let draw = place as u64 + 1;
            let mut earlier = None;
            for (place, row) in rows.iter().enumerate() {
                let (uniform, calls) = (uniform(row.number, draw), row.calls as f64);
                // -ln(u) is at least 1 - u, which settles nearly all rows without a logarithm.
                if 1.0 - uniform < first.time * calls {
                    let time = -uniform.ln() / calls;
                    if time < first.time {
                        (first.time, earlier) = (time, Some(place));
                    }
                }
            }
            if let Some(place) = earlier {
                first.row = Some(rows[place].clone());
            }
        });
    }

    /// In the order of the draws.
    pub(super) fn finish(self) -> Vec<Candidate> {
        self.0.into_iter().filter_map(|first| first.row).collect()
    }
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
