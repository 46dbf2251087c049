//! The tiles of a matrix as they lie in memory: digits, or numbers of 4 bits.

use std::ops::Range;

use rayon::prelude::*;

use super::{LANES, ROWS_OF_A_TILE, STEP, Tile, digits::cut};
use crate::{
    WeightFormat,
    kernels::flex::{
        halves,
        whole::{INPUTS_OF_A_STEP, Rounded},
    },
};

/// A tile in half its bytes: the left half of each row in the lower bits, the right in the upper.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Halves([[u8; STEP / 2]; ROWS_OF_A_TILE]);

/// What the numbers of a tile are multiples of: for each part of its inputs that shares a step, one an output.
type Steps = [[i8; LANES]; STEP / INPUTS_OF_A_STEP];

/// Tiles, `[strips, steps, digits]`; in a tile four inputs of all outputs after the other.
#[derive(Debug)]
pub(super) enum Stored {
    Digits(Vec<Tile>),
    Int4(Vec<(Halves, Steps)>),
}

/// A strip while it is laid out.
pub(super) enum StripMut<'a> {
    Digits(&'a mut [Tile], usize),
    Int4(&'a mut [(Halves, Steps)]),
}

impl Stored {
    /// So many tiles of 0.
    pub(super) fn new(format: WeightFormat, tiles: usize) -> Self {
        let zero = Halves([[halves::ZEROS; STEP / 2]; ROWS_OF_A_TILE]);
        match format {
            WeightFormat::Int4 => Self::Int4(vec![(zero, Steps::default()); tiles]),
            _ => Self::Digits(vec![Tile::ZERO; tiles]),
        }
    }

    /// Strips of so many steps of inputs, in so many digits.
    pub(super) fn strips_mut(
        &mut self,
        steps: usize,
        digits: usize,
    ) -> impl IndexedParallelIterator<Item = StripMut<'_>> {
        let strips: Vec<StripMut<'_>> = match self {
            Self::Digits(tiles) => {
                let strips = tiles.chunks_exact_mut(steps * digits);
                strips.map(|tiles| StripMut::Digits(tiles, digits)).collect()
            }
            Self::Int4(tiles) => tiles.chunks_exact_mut(steps).map(StripMut::Int4).collect(),
        };
        strips.into_par_iter()
    }

    /// Some tiles, written out into `place` if they are in 4 bits.
    pub(super) fn tiles<'a>(&'a self, at: Range<usize>, place: &'a mut Vec<Tile>) -> &'a [Tile] {
        match self {
            Self::Digits(tiles) => &tiles[at],
            Self::Int4(tiles) => {
                place.resize(at.len(), Tile::ZERO);
                for (tile, (halves, steps)) in place.iter_mut().zip(&tiles[at]) {
                    widen(halves, steps, tile);
                }
                place
            }
        }
    }
}

impl StripMut<'_> {
    /// Lays out weights of an output, from the input `first` on.
    pub(super) fn lay_out(&mut self, rounded: &Rounded, first: usize, lane: usize) {
        match self {
            Self::Digits(tiles, digits) => {
                for (&number, input) in rounded.numbers.iter().zip(first..) {
                    let (mut whole, at) = (number, input % STEP);
                    for tile in tiles[input / STEP * *digits..][..*digits].iter_mut().rev() {
                        (tile.0[at / 4][lane * 4 + at % 4], whole) = cut(whole);
                    }
                }
            }
            Self::Int4(tiles) => {
                for (&step, part) in rounded.steps.iter().zip(first / INPUTS_OF_A_STEP..) {
                    let of_a_tile = STEP / INPUTS_OF_A_STEP;
                    tiles[part / of_a_tile].1[part % of_a_tile][lane] = step;
                }
                for (index, input) in (0..rounded.numbers.len()).zip(first..) {
                    let at = input % STEP;
                    let column = lane * 4 + at % 4;
                    let byte = &mut tiles[input / STEP].0.0[at / 4][column % (STEP / 2)];
                    halves::put(byte, column >= STEP / 2, rounded.multiple(index));
                }
            }
        }
    }
}

/// Multiples times their steps.
fn widen(halves: &Halves, steps: &Steps, tile: &mut Tile) {
    const ROWS_OF_A_STEP: usize = INPUTS_OF_A_STEP / 4;
    for (part, steps) in steps.iter().enumerate() {
        // Four inputs of an output lie side by side.
        let steps: [i16; STEP] = std::array::from_fn(|column| i16::from(steps[column / 4]));
        let rows = part * ROWS_OF_A_STEP..(part + 1) * ROWS_OF_A_STEP;
        for (halves, row) in halves.0[rows.clone()].iter().zip(&mut tile.0[rows]) {
            for (column, byte) in halves.iter().enumerate() {
                let steps = [steps[column], steps[column + STEP / 2]];
                [row[column], row[column + STEP / 2]] = halves::times(*byte, steps);
            }
        }
    }
}
