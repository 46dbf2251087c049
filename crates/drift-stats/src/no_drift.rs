//! What a distance is worth when nothing has changed.

use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};

use crate::{
    Cell,
    distance::{jensen_shannon, pool_rare, population_stability_index},
};

/// A distance beside what it would be without drift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// The distance between reference and window, in nats.
    pub value: f64,
    /// The same for counts dealt at random; `None` if no deals were asked for.
    pub no_drift: Option<NoDrift>,
}

/// A distance over random deals of all counts to two sides of the sizes at hand.
///
/// No fixed threshold can do this work: with thousands of values and a window of hundreds of rows, chance
/// alone gives a Jensen-Shannon divergence that textbooks call an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoDrift {
    /// Its mean.
    pub mean: f64,
    /// What one deal in twenty exceeds.
    pub one_in_twenty: f64,
    /// The share of deals, the real one among them, that are at least as far apart as the real one; never
    /// under `1 / (deals + 1)`. Exact where each row has one value (labels, formats); for words
    /// an approximation, since a row deals all its words together.
    pub p_value: f64,
    /// How many deals were made.
    pub deals: u32,
}

/// The most counts that are dealt (four bytes each): beyond it a distance stands without its yardstick.
const MAX_CARDS: f64 = 33_554_432.0;

/// Both distances of a table of counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// How many distinct values the table has.
    pub values: u64,
    /// See [`jensen_shannon`].
    pub jensen_shannon: Distance,
    /// See [`population_stability_index`]; rare values are [pooled](pool_rare) first.
    pub population_stability_index: Distance,
}

impl Distances {
    /// Measures a table, with `deals` random deals (0 for none) from this seed.
    ///
    /// No deals are made of more than 33 million counts: so many leave chance little room.
    #[must_use]
    pub fn measure(cells: &[Cell], deals: u32, seed: u64) -> Self {
        let measure = |cells: &[Cell]| {
            [
                jensen_shannon(cells),
                population_stability_index(&pool_rare(cells)),
            ]
        };
        let real = measure(cells);
        let mut dealt: [Vec<f64>; 2] = Default::default();
        if deals > 0 && cells.iter().map(|cell| cell.total() as f64).sum::<f64>() <= MAX_CARDS {
            let mut dealer = Dealer::new(cells, seed);
            for _ in 0..deals {
                for (values, value) in dealt.iter_mut().zip(measure(dealer.deal())) {
                    values.push(value);
                }
            }
        }
        let [of_js, of_psi] = dealt;
        let distance = |value, dealt| Distance {
            value,
            no_drift: NoDrift::of(value, dealt),
        };
        Self {
            values: cells.len() as u64,
            jensen_shannon: distance(real[0], of_js),
            population_stability_index: distance(real[1], of_psi),
        }
    }
}

impl NoDrift {
    fn of(value: f64, mut dealt: Vec<f64>) -> Option<Self> {
        let deals = u32::try_from(dealt.len()).ok().filter(|deals| *deals > 0)?;
        dealt.sort_by(f64::total_cmp);
        let as_far = dealt.len() - dealt.partition_point(|deal| *deal < value);
        let rank = (0.95 * f64::from(deals)).ceil() as usize;
        Some(Self {
            mean: dealt.iter().sum::<f64>() / f64::from(deals),
            one_in_twenty: dealt[rank.clamp(1, dealt.len()) - 1],
            p_value: (1 + as_far) as f64 / (1.0 + f64::from(deals)),
            deals,
        })
    }
}

/// Deals the counts of both sides anew, without replacement.
struct Dealer {
    random: ChaCha8Rng,
    /// One card per count, bearing the number of its cell. It stays shuffled between deals: a shuffle of any
    /// order is as good as a shuffle of the first.
    cards: Vec<u32>,
    window: usize,
    totals: Vec<u64>,
    cells: Vec<Cell>,
}

impl Dealer {
    fn new(cells: &[Cell], seed: u64) -> Self {
        let totals: Vec<u64> = cells.iter().map(|cell| cell.total()).collect();
        let cards = (0_u32..)
            .zip(&totals)
            .flat_map(|(cell, total)| (0..*total).map(move |_| cell))
            .collect();
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            cards,
            window: cells.iter().map(|cell| cell.window as usize).sum(),
            totals,
            cells: cells.to_vec(),
        }
    }

    fn deal(&mut self) -> &[Cell] {
        for cell in &mut self.cells {
            cell.window = 0;
        }
        for place in 0..self.window {
            let drawn = self.random.random_range(place..self.cards.len());
            self.cards.swap(place, drawn);
            self.cells[self.cards[place] as usize].window += 1;
        }
        for (cell, total) in self.cells.iter_mut().zip(&self.totals) {
            cell.reference = total - cell.window;
        }
        &self.cells
    }
}

#[cfg(test)]
mod tests;
