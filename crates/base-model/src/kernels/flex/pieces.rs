//! A batch cut into pieces that are computed one by one, or on a thread each.
//!
//! As a row's result does not depend on the rows beside it, cutting changes no bit. States of a piece stay in the
//! caches and their memory is used again and again, where those of a large batch are new pages every time; and on
//! threads of their own pieces share out all work, not products alone.

use std::ops::Range;

use rayon::prelude::*;

use super::threads::{on_all_threads, threads};

/// Tokens of a piece, at most: with more, states leave the second-level cache; with fewer, weights are read too often.
const MOST: usize = 512;
/// Tokens from which a thread of its own pays for reading all weights.
const FEWEST: usize = 64;

/// Computes pieces of rows of so many tokens each.
pub(in crate::kernels) fn in_pieces<T: Send>(
    lengths: &[usize],
    compute: impl Fn(Range<usize>) -> T + Send + Sync,
) -> Vec<T> {
    let threads = threads();
    let pieces = pieces(lengths, threads);
    match threads == 1 || pieces.len() == 1 {
        true => on_all_threads(|| pieces.into_iter().map(compute).collect()),
        false => pieces.into_par_iter().map(compute).collect(),
    }
}

/// Cuts rows into pieces of about as many tokens each; never a row.
fn pieces(lengths: &[usize], threads: usize) -> Vec<Range<usize>> {
    let tokens: usize = lengths.iter().sum();
    let at_once = tokens.div_ceil(threads).clamp(FEWEST, MOST);
    let count = tokens.div_ceil(at_once);
    // A row without tokens has no states to lay end to end.
    if count < 2 || lengths.contains(&0) {
        return std::iter::once(0..lengths.len()).collect();
    }
    let (mut pieces, mut first, mut before) = (Vec::with_capacity(count), 0, 0);
    for (row, length) in lengths.iter().enumerate() {
        before += length;
        if before * count >= tokens * (pieces.len() + 1) {
            pieces.push(first..row + 1);
            first = row + 1;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pieces_are_all_rows_in_order(lengths in prop::collection::vec(0_usize..700, 0..200), threads in 1_usize..20) {
            let pieces = pieces(&lengths, threads);
            prop_assert_eq!(pieces.first().map(|piece| piece.start), Some(0));
            prop_assert_eq!(pieces.last().map(|piece| piece.end), Some(lengths.len()));
            prop_assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
            prop_assert!(pieces.len() == 1 || pieces.iter().all(|piece| !piece.is_empty()));
            if !lengths.contains(&0) {
                let tokens = |piece: &Range<usize>| lengths[piece.clone()].iter().sum::<usize>();
                let longest = lengths.iter().max().copied().unwrap_or(0);
                prop_assert!(pieces.iter().all(|piece| tokens(piece) <= MOST + longest));
            }
        }
    }
}
