//! The gradients of an attention.

use rayon::prelude::*;

use super::AttentionSizes;
use crate::kernels::flex::{
    lanes::{dot, softmax},
    machine::vectorised,
    matrix::{Matrix, Output, multiply},
};

/// A row's number, and the gradients of its query, key and value.
type NumberedGradients<'a> = (usize, ((&'a mut [f32], &'a mut [f32]), &'a mut [f32]));

/// The gradients of query, key and value, added to `gradients`; with `P` the weights, `S` the scores and `o` the
/// output: `dV = P^T do`, `dP = do V^T`, `dS = P (dP - sum(dP P))`, `dQ = dS K`, `dK = dS^T Q`, the last two
/// scaled as the scores are. Weights are computed again, which is cheaper than to keep them.
pub(super) fn backward(
    sizes: AttentionSizes,
    [query, key, value]: [&[f32]; 3],
    blocked: &[u8],
    gradient: &[f32],
    [d_query, d_key, d_value]: &mut [Vec<f32>; 3],
) {
    let (per_query, per_key) = (
        sizes.queries * sizes.query_width(),
        sizes.keys * sizes.key_width(),
    );
    let row = |(row, ((d_query, d_key), d_value)): NumberedGradients<'_>| {
        let [query, gradient] = [query, gradient].map(|x| &x[row * per_query..][..per_query]);
        let [key, value] = [key, value].map(|x| &x[row * per_key..][..per_key]);
        let [mut weights, mut slopes] = [(); 2].map(|()| vec![0.0; sizes.queries * sizes.keys]);
        for head in 0..sizes.n_heads {
            let kv_head = head * sizes.n_kv_heads / sizes.n_heads;
            let (query, gradient) = (sizes.queries_of(query, head), sizes.queries_of(gradient, head));
            let (key, value) = (sizes.keys_of(key, kv_head), sizes.keys_of(value, kv_head));
            weigh(&sizes, query, key, (blocked, row), &mut weights);
            multiply(
                Output::rows_of(&mut slopes, sizes.keys),
                0.0,
                1.0,
                gradient,
                value.transposed(),
            );
            slopes_of_scores(&sizes, &weights, blocked, row, &mut slopes);
            let [weights, slopes] = [&weights, &slopes].map(|x| Matrix::rows_of(x, sizes.keys));
            // Heads of queries that share a key head add to its gradient.
            multiply(
                sizes.keys_out(d_value, kv_head),
                1.0,
                1.0,
                weights.transposed(),
                gradient,
            );
            multiply(
                sizes.keys_out(d_key, kv_head),
                1.0,
                1.0,
                slopes.transposed(),
                query,
            );
            multiply(sizes.queries_out(d_query, head), 0.0, 1.0, slopes, key);
        }
    };
    let rows = vec![[sizes.queries, sizes.keys]; sizes.batch];
    if sizes.threads_for(&rows) > 1 {
        d_query
            .par_chunks_exact_mut(per_query)
            .zip(d_key.par_chunks_exact_mut(per_key))
            .zip(d_value.par_chunks_exact_mut(per_key))
            .enumerate()
            .for_each(row);
    } else {
        d_query
            .chunks_exact_mut(per_query)
            .zip(d_key.chunks_exact_mut(per_key))
            .zip(d_value.chunks_exact_mut(per_key))
            .enumerate()
            .for_each(row);
    }
}

/// The softmax of a head's scores over the keys that each query may look at, `[queries, keys]`.
///
/// Where everything is blocked (padding) all keys count alike, so that the state stays finite.
fn weigh(
    sizes: &AttentionSizes,
    query: Matrix<'_>,
    key: Matrix<'_>,
    (blocked, row): (&[u8], usize),
    weights: &mut [f32],
) {
    multiply(
        Output::rows_of(weights, sizes.keys),
        0.0,
        sizes.scale(),
        query,
        key.transposed(),
    );
    masked_softmax(sizes, blocked, row, weights);
}

vectorised! {
    fn masked_softmax(sizes: &AttentionSizes, blocked: &[u8], row: usize, weights: &mut [f32]) {
        for (query, weights) in weights.chunks_exact_mut(sizes.keys).enumerate() {
            for (weight, blocked) in weights.iter_mut().zip(sizes.mask(blocked, row, query)) {
                *weight = if *blocked == 0 { *weight } else { -1e30 };
            }
            softmax(weights.as_chunks_mut());
        }
    }
}

vectorised! {
    /// From the slopes of the weights, `dP`, those of the scores times their scale.
    fn slopes_of_scores(sizes: &AttentionSizes, weights: &[f32], blocked: &[u8], row: usize, slopes: &mut [f32]) {
        let scale = sizes.scale();
        let rows = weights
            .chunks_exact(sizes.keys)
            .zip(slopes.chunks_exact_mut(sizes.keys));
        for (query, (weights, slopes)) in rows.enumerate() {
            let pull = dot(slopes, weights);
            let mask = sizes.mask(blocked, row, query);
            for ((slope, weight), blocked) in slopes.iter_mut().zip(weights).zip(mask) {
                // A blocked score is a constant, even where all are and the weights are not 0.
                let open = if *blocked == 0 { scale } else { 0.0 };
                *slope = open * weight * (*slope - pull);
            }
        }
    }
}
