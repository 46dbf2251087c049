//! Rows laid end to end.

#[cfg(feature = "cube")]
use std::sync::OnceLock;

use burn::tensor::{Int, Tensor};

use super::{TokenBatch, indices};
#[cfg(feature = "cube")]
use crate::kernels;

/// How the rows of a batch are laid end to end, so that nothing is computed for padding.
#[derive(Debug)]
pub(crate) struct EndToEnd {
    /// Rows and their padded length.
    sizes: [usize; 2],
    moves: Option<Moves>,
    #[cfg_attr(
        not(any(feature = "flex", feature = "cube")),
        expect(dead_code, reason = "attention asks")
    )]
    lengths: Option<Vec<usize>>,
}

/// Where tokens go if padding is left out.
#[derive(Debug)]
struct Moves {
    /// Where each token stands in the padded rows, `[tokens]`.
    places: Tensor<1, Int>,
    /// Which token stands at each place, `[rows * seq]`; at padding any.
    numbers: Tensor<1, Int>,
    /// Where each row begins, and where the last one ends, `[rows + 1]`; made when it is first asked for, by a GPU.
    #[cfg(feature = "cube")]
    starts: OnceLock<Tensor<1, Int>>,
}

impl EndToEnd {
    /// Leaves out all padding, or none where so little is that moving tokens about costs more: 5%, unless moving costs next
    /// to nothing. A batch without tokens keeps its padding, so that shapes stay legal.
    pub(crate) fn new(batch: &TokenBatch, moving_is_cheap: bool) -> Self {
        let (rows, seq) = batch.sizes();
        let all = rows * seq;
        let is_kept = |place: usize| batch.kept[place / seq][place % seq];
        let kept: Vec<usize> = (0..all).filter(|&place| is_kept(place)).collect();
        let most = if moving_is_cheap { all } else { all - all / 20 };
        if kept.is_empty() || kept.len() == all || kept.len() > most {
            return Self {
                sizes: [rows, seq],
                moves: None,
                lengths: Some(vec![seq; rows]),
            };
        }
        let mut number_of = vec![0; all];
        for (number, &place) in kept.iter().enumerate() {
            number_of[place] = number;
        }
        let device = batch.device();
        let is_padded_at_end = batch.kept.iter().all(|row| row.is_sorted_by(|a, b| a >= b));
        Self {
            sizes: [rows, seq],
            moves: Some(Moves {
                places: indices(kept.into_iter(), &device),
                numbers: indices(number_of.into_iter(), &device),
                #[cfg(feature = "cube")]
                starts: OnceLock::new(),
            }),
            lengths: is_padded_at_end.then(|| batch.lengths()),
        }
    }

    /// How many states each row has, if these are the first of the padded row.
    #[cfg(feature = "flex")]
    pub(crate) fn lengths(&self) -> Option<&[usize]> {
        self.lengths.as_deref()
    }

    /// Where rows begin and end, if padding is left out and it was at their ends.
    #[cfg(feature = "cube")]
    pub(crate) fn ends(&self) -> Option<kernels::Ends<'_>> {
        let (moves, lengths) = (self.moves.as_ref()?, self.lengths.as_ref()?);
        let starts = || {
            let ends = lengths.iter().scan(0, |end, length| {
                *end += length;
                Some(*end)
            });
            indices(std::iter::once(0).chain(ends), &moves.places.device())
        };
        Some(kernels::Ends {
            starts: moves.starts.get_or_init(starts),
            longest: lengths.iter().copied().max()?,
        })
    }

    /// `[rows or 1, seq, width]` to `[1, states, width]`.
    pub(crate) fn of_rows(&self, states: Tensor<3>) -> Tensor<3> {
        let [rows, seq] = self.sizes;
        let [_, _, width] = states.dims();
        let states = states.expand([rows, seq, width]).reshape([rows * seq, width]);
        let states = match &self.moves {
            Some(moves) => states.select(0, moves.places.clone()),
            None => states,
        };
        states.unsqueeze_dim::<3>(0)
    }

    /// The states at one place of every row of the batch: `[1, states, width]` to `[rows, 1, width]`.
    pub(crate) fn pick(&self, states: Tensor<3>, places: &[Vec<usize>], batch: &TokenBatch) -> Tensor<3> {
        let [rows, seq] = self.sizes;
        let states = states.squeeze_dim::<2>(0); // [states, width]
        let device = states.device();
        let count = |kept: &[bool]| kept.iter().filter(|&&kept| kept).count();
        let mut before = 0;
        let numbers = (0..rows).map(|row| {
            let (kept, place) = (&batch.kept[row], places[row][0]);
            let number = match self.moves {
                Some(_) => before + count(&kept[..place]),
                None => row * seq + place,
            };
            before += count(kept);
            number
        });
        states.select(0, indices(numbers, &device)).unsqueeze_dim::<3>(1)
    }

    /// `[1, states, width]` to `[rows, seq, width]`; what stands at padding means nothing.
    pub(crate) fn to_rows(&self, states: Tensor<3>) -> Tensor<3> {
        let [rows, seq] = self.sizes;
        let [_, _, width] = states.dims();
        let states = match &self.moves {
            Some(moves) => states
                .squeeze_dim::<2>(0)
                .select(0, moves.numbers.clone())
                .unsqueeze_dim::<3>(0),
            None => states,
        };
        states.reshape([rows, seq, width])
    }
}
