//! Attention, a head of a row at a time, with scores that never leave the cache.

use burn::backend::flex::FlexTensor;
use multiversion::multiversion;
use rayon::prelude::*;

use super::{
    Packed,
    differentiate::Formula,
    lanes::{dot, softmax},
    matrix::{Matrix, Output, is_worth_threads, multiply},
};

/// Attention of grouped queries.
#[derive(Debug, Clone)]
pub(super) struct Attention {
    query: Packed,
    key: Packed,
    value: Packed,
    blocked: FlexTensor,
    sizes: AttentionSizes,
}

impl Attention {
    pub(super) fn new(
        tensors: [&FlexTensor; 3],
        blocked: &FlexTensor,
        n_heads: usize,
        n_kv_heads: usize,
    ) -> Self {
        let [query, key, value] = tensors.map(Packed::new);
        let blocked = blocked.to_contiguous();
        let mask = blocked.layout().shape();
        let sizes = AttentionSizes {
            batch: query.shape()[0],
            queries: query.shape()[1],
            keys: key.shape()[1],
            n_heads,
            n_kv_heads,
            d_head: query.width() / n_heads,
            masks: mask[0],
            mask_rows: mask[2],
        };
        Self {
            query,
            key,
            value,
            blocked,
            sizes,
        }
    }

    fn mask(&self) -> &[u8] {
        let start = self.blocked.layout().start_offset();
        &self.blocked.storage::<u8>()[start..]
    }
}

impl Formula<3> for Attention {
    fn output(&self) -> FlexTensor {
        let mut output = self.query.zeros();
        let inputs = [&self.query, &self.key, &self.value].map(Packed::values);
        forward(self.sizes, inputs, self.mask(), &mut output);
        self.query.like(output)
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let gradient = Packed::new(gradient);
        let inputs = [&self.query, &self.key, &self.value];
        let mut gradients = inputs.map(Packed::zeros);
        backward(
            self.sizes,
            inputs.map(Packed::values),
            self.mask(),
            gradient.values(),
            &mut gradients,
        );
        let [query, key, value] = gradients;
        [
            Some(self.query.like(query)),
            Some(self.key.like(key)),
            Some(self.value.like(value)),
        ]
    }
}

/// Sizes of an attention and of its mask.
#[derive(Debug, Clone, Copy)]
struct AttentionSizes {
    batch: usize,
    queries: usize,
    keys: usize,
    n_heads: usize,
    n_kv_heads: usize,
    d_head: usize,
    /// Masks: one a row, or 1 for all rows.
    masks: usize,
    /// Rows of a mask: one a query, or 1 for all queries.
    mask_rows: usize,
}

impl AttentionSizes {
    fn query_width(&self) -> usize {
        self.n_heads * self.d_head
    }

    fn key_width(&self) -> usize {
        self.n_kv_heads * self.d_head
    }

    /// One head's part of a row's queries, from where it begins.
    fn queries_of<'a>(&self, row: &'a [f32], head: usize) -> Matrix<'a> {
        let sizes = [self.queries, self.d_head];
        Matrix::part_of(&row[head * self.d_head..], sizes, self.query_width())
    }

    /// One key head's part of a row's keys or values.
    fn keys_of<'a>(&self, row: &'a [f32], kv_head: usize) -> Matrix<'a> {
        let sizes = [self.keys, self.d_head];
        Matrix::part_of(&row[kv_head * self.d_head..], sizes, self.key_width())
    }

    fn queries_out<'a>(&self, row: &'a mut [f32], head: usize) -> Output<'a> {
        Output {
            values: &mut row[head * self.d_head..],
            stride: self.query_width(),
        }
    }

    fn keys_out<'a>(&self, row: &'a mut [f32], kv_head: usize) -> Output<'a> {
        Output {
            values: &mut row[kv_head * self.d_head..],
            stride: self.key_width(),
        }
    }

    fn scale(&self) -> f32 {
        (self.d_head as f32).powf(-0.5)
    }

    /// What a query of a row must not look at, true where not 0.
    fn mask<'a>(&self, blocked: &'a [u8], row: usize, query: usize) -> &'a [u8] {
        let (row, query) = (row.min(self.masks - 1), query.min(self.mask_rows - 1));
        let start = (row * self.mask_rows + query) * self.keys;
        &blocked[start..start + self.keys]
    }

    fn is_worth_threads(&self) -> bool {
        let products = self.batch * self.n_heads * self.queries * self.keys * self.d_head;
        self.batch > 1 && is_worth_threads(products)
    }
}

/// A row's number, and the gradients of its query, key and value.
type NumberedGradients<'a> = (usize, ((&'a mut [f32], &'a mut [f32]), &'a mut [f32]));

/// The weighted values into `output`; inputs and output by rows of the batch.
fn forward(sizes: AttentionSizes, [query, key, value]: [&[f32]; 3], blocked: &[u8], output: &mut [f32]) {
    let (per_query, per_key) = (
        sizes.queries * sizes.query_width(),
        sizes.keys * sizes.key_width(),
    );
    let row = |(row, output): (usize, &mut [f32])| {
        let query = &query[row * per_query..][..per_query];
        let [key, value] = [key, value].map(|x| &x[row * per_key..][..per_key]);
        let mut weights = vec![0.0; sizes.queries * sizes.keys];
        for head in 0..sizes.n_heads {
            let kv_head = head * sizes.n_kv_heads / sizes.n_heads;
            weigh(
                &sizes,
                sizes.queries_of(query, head),
                sizes.keys_of(key, kv_head),
                (blocked, row),
                &mut weights,
            );
            let weights = Matrix::rows_of(&weights, sizes.keys);
            multiply(
                sizes.queries_out(output, head),
                0.0,
                1.0,
                weights,
                sizes.keys_of(value, kv_head),
            );
        }
    };
    if sizes.is_worth_threads() {
        output.par_chunks_exact_mut(per_query).enumerate().for_each(row);
    } else {
        output.chunks_exact_mut(per_query).enumerate().for_each(row);
    }
}

/// The gradients of query, key and value, added to `gradients`; with `P` the weights, `S` the scores and `o` the
/// output: `dV = P^T do`, `dP = do V^T`, `dS = P (dP - sum(dP P))`, `dQ = dS K`, `dK = dS^T Q`, the last two
/// scaled as the scores are. Weights are computed again, which is cheaper than to keep them.
fn backward(
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
    if sizes.is_worth_threads() {
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

#[multiversion(targets = "simd")]
fn masked_softmax(sizes: &AttentionSizes, blocked: &[u8], row: usize, weights: &mut [f32]) {
    for (query, weights) in weights.chunks_exact_mut(sizes.keys).enumerate() {
        for (weight, blocked) in weights.iter_mut().zip(sizes.mask(blocked, row, query)) {
            *weight = if *blocked == 0 { *weight } else { -1e30 };
        }
        softmax(weights);
    }
}

/// From the slopes of the weights, `dP`, those of the scores times their scale.
#[multiversion(targets = "simd")]
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
