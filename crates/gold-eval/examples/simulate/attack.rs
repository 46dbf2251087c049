//! The boosting attack of Blum and Hardt 2015 (arXiv:1502.04585): a score without a model.
//!
//! Whoever knows nothing sends answers at random to questions with two answers, keeps those that scored well, and
//! sends their majority. Its true accuracy is one half. What it scores on the gold set rises with every score seen.

use std::cmp::Ordering;

use gold_eval::{Climb, Ladder, LadderStep, RightRows, RowsDiffer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What the attacker is told of each of its random answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Their score as it is.
    Raw,
    /// Whether the Ladder released a better score.
    Ladder,
}

/// What is reported of the majority after some queries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reported {
    /// The majority's own score.
    pub(crate) raw: f64,
    /// What the Ladder releases when it is sent.
    pub(crate) released: f64,
}

/// One attack on `rows` gold rows: what is reported after each of `after` queries, which rise.
pub(crate) fn attack(
    rows: usize,
    told: Told,
    step: LadderStep,
    after: &[u64],
    seed: u64,
) -> Result<Vec<Reported>, RowsDiffer> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut ladder = Ladder::new(step);
    let mut votes = Votes::new(rows);
    let mut reported = Vec::new();
    for query in 1..=after.last().copied().unwrap_or_default() {
        // Right with probability one half, and so is any majority of such answers on a row that nobody has scored.
        let right = RightRows::new((0..rows).map(|_| random.random_bool(0.5)));
        let climb = ladder.submit(&right)?.climb;
        let scored_well = right.accuracy() > 0.5;
        let keep = match (told, climb) {
            (Told::Raw, _) | (Told::Ladder, Climb::First) => scored_well,
            (Told::Ladder, climb) => climb == Climb::Better,
        };
        if keep {
            votes.add(&right);
        }
        if after.contains(&query) {
            let majority = votes.majority().unwrap_or(right);
            reported.push(Reported {
                raw: majority.accuracy(),
                released: ladder.clone().submit(&majority)?.released,
            });
        }
    }
    Ok(reported)
}

/// Answers that were kept, counted by row.
struct Votes {
    right: Vec<u32>,
    kept: u32,
    first: Option<RightRows>,
}

impl Votes {
    fn new(rows: usize) -> Self {
        Self {
            right: vec![0; rows],
            kept: 0,
            first: None,
        }
    }

    fn add(&mut self, right: &RightRows) {
        for (votes, right) in self.right.iter_mut().zip(right.iter()) {
            *votes += u32::from(right);
        }
        self.kept += 1;
        self.first.get_or_insert_with(|| right.clone());
    }

    /// What most of them answer, and where they are even, what the first does; `None` if none was kept.
    fn majority(&self) -> Option<RightRows> {
        let first = self.first.as_ref()?;
        let rows = self.right.iter().zip(first.iter());
        Some(RightRows::new(rows.map(
            |(&votes, first)| match (2 * votes).cmp(&self.kept) {
                Ordering::Less => false,
                Ordering::Equal => first,
                Ordering::Greater => true,
            },
        )))
    }
}
