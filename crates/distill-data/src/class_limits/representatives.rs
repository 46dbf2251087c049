//! Few rows that stand for many: greedy facility location.
//!
//! The rows that are kept maximise, over all rows of the class, the sum of calls times the cosine similarity to the nearest row
//! that is kept: none is far from what its class is asked, and what is asked often is near. The function is monotone and
//! submodular, so that taking the row of the largest gain again and again reaches 1 - 1/e of the best at least (Nemhauser,
//! Wolsey, Fisher 1978, "An analysis of approximations for maximizing submodular set functions I", Mathematical Programming
//! 14); gains only fall, so that most of them need not be computed anew (Minoux 1978, "Accelerated greedy algorithms for
//! maximizing submodular set functions"). For training sets: Wei, Iyer, Bilmes 2015, "Submodularity in data subset selection
//! and active learning", ICML. One deviation: a row's gain counts as much as its label is trusted, which for labels that are
//! trusted alike changes nothing.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range};

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::{row::Strength, suspects::Features, votes::UNKNOWN_SUPPORT};

/// The most rows that are held against each other, in 4 bytes a pair. Of a larger class, each of several blocks gives its share.
const BLOCK: usize = 1024;

/// A row that may be kept.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    /// Its index in the features.
    pub(super) row: usize,
    pub(super) strength: Strength<'a>,
}

/// The rows of a class that are kept, at most so many. Candidates come by id, which is a hash of their text: blocks of
/// neighbours are as good as drawn by chance, and nothing depends on the order of the log.
///
/// Rows with a person's label come first and count as kept for all others.
pub(super) fn representatives(candidates: &[Candidate<'_>], cap: usize, features: &Features) -> Vec<usize> {
    let (persons, others): (Vec<&Candidate<'_>>, Vec<&Candidate<'_>>) = candidates
        .iter()
        .partition(|candidate| candidate.strength.by_person);
    if persons.len() >= cap {
        return in_blocks(&persons, cap, &[], features);
    }
    let mut kept: Vec<usize> = persons.iter().map(|candidate| candidate.row).collect();
    kept.extend(in_blocks(&others, cap - kept.len(), &kept, features));
    kept
}

/// Of blocks of rows, each as many as are its part of all.
fn in_blocks(rows: &[&Candidate<'_>], cap: usize, kept: &[usize], features: &Features) -> Vec<usize> {
    let blocks = blocks(rows.len(), cap).into_par_iter();
    let of_block =
        |(members, count): (Range<usize>, usize)| Block::of(&rows[members], kept, features).greedy(count);
    blocks.flat_map_iter(of_block).collect()
}

/// Blocks of about equal size, and how many rows each gives, in sum the cap.
///
/// The number is the difference of two roundings of the rows up to the block's ends times cap by rows: it is never more than
/// the block has.
fn blocks(rows: usize, cap: usize) -> Vec<(Range<usize>, usize)> {
    let blocks = rows.div_ceil(BLOCK);
    let end = |block: usize| block * rows / blocks;
    let given = |end: usize| end * cap.min(rows) / rows;
    (0..blocks)
        .map(|block| {
            (
                end(block)..end(block + 1),
                given(end(block + 1)) - given(end(block)),
            )
        })
        .collect()
}

/// Rows that are held against each other, the strongest first.
struct Block {
    rows: Vec<usize>,
    trust: Vec<f64>,
    calls: Vec<f64>,
    /// `[rows, rows]`: cosine similarities, 0 to 1.
    similarities: Vec<f32>,
    /// For each row its similarity to the nearest one that is kept.
    covered: Vec<f32>,
}

impl Block {
    fn of(members: &[&Candidate<'_>], kept: &[usize], features: &Features) -> Self {
        let mut members = members.to_vec();
        members.sort_by(|a, b| a.strength.stronger_first(&b.strength));
        let mut postings: HashMap<u32, Vec<(usize, f32)>> = HashMap::new();
        for (at, member) in members.iter().enumerate() {
            for (feature, value) in features.row(member.row) {
                postings.entry(feature).or_default().push((at, value));
            }
        }
        let to_all = |row: usize, sums: &mut [f32]| {
            for (feature, value) in features.row(row) {
                for &(at, other) in postings.get(&feature).map_or(&[][..], Vec::as_slice) {
                    sums[at] += value * other;
                }
            }
        };
        let count = members.len();
        let mut similarities = vec![0.0; count * count];
        for ((at, member), row) in members
            .iter()
            .enumerate()
            .zip(similarities.chunks_exact_mut(count.max(1)))
        {
            to_all(member.row, row);
            // Also of a text that shares no feature with another.
            row[at] = 1.0;
        }
        let mut covered = vec![0.0_f32; count];
        let mut sums = vec![0.0; count];
        for &row in kept {
            sums.fill(0.0);
            to_all(row, &mut sums);
            covered
                .iter_mut()
                .zip(&sums)
                .for_each(|(most, sum)| *most = most.max(*sum));
        }
        let strengths = members.iter().map(|member| &member.strength);
        let trust = |strength: &Strength<'_>| match strength.by_person {
            true => 1.0,
            false => strength.confidence.unwrap_or(UNKNOWN_SUPPORT),
        };
        Self {
            rows: members.iter().map(|member| member.row).collect(),
            trust: strengths.clone().map(trust).collect(),
            calls: strengths.map(|strength| strength.calls as f64).collect(),
            similarities,
            covered,
        }
    }

    /// What is won by keeping a row, besides those that are kept.
    fn gain(&self, candidate: usize) -> f64 {
        let count = self.rows.len();
        let similar = &self.similarities[candidate * count..(candidate + 1) * count];
        let more = similar.iter().zip(&self.covered).zip(&self.calls);
        let won = more.map(|((&similar, &covered), calls)| calls * f64::from((similar - covered).max(0.0)));
        self.trust[candidate] * won.sum::<f64>()
    }

    /// Takes the row of the largest gain, so many times; of equal ones the stronger.
    fn greedy(mut self, count: usize) -> Vec<usize> {
        let count = count.min(self.rows.len());
        // Gains are at least 0, and the bits of such numbers are ordered as they are.
        let entry = |gain: f64, row: usize| (gain.to_bits(), Reverse(row));
        let gains = (0..self.rows.len()).map(|row| entry(self.gain(row), row));
        let mut heap: BinaryHeap<(u64, Reverse<usize>)> = gains.collect();
        let mut kept = Vec::with_capacity(count);
        while kept.len() < count {
            let Some((_, Reverse(row))) = heap.pop() else {
                break;
            };
            let now = entry(self.gain(row), row);
            // What it was worth before is more than what it is worth now; what the next was worth bounds that one too.
            if heap.peek().is_some_and(|next| *next > now) {
                heap.push(now);
                continue;
            }
            let similar = &self.similarities[row * self.rows.len()..(row + 1) * self.rows.len()];
            let covered = self.covered.iter_mut().zip(similar);
            covered.for_each(|(most, similar)| *most = most.max(*similar));
            kept.push(self.rows[row]);
        }
        kept
    }
}

#[cfg(test)]
mod tests;
