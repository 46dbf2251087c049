//! Attention, a head of a row at a time, with scores that never leave the cache.

use rayon::prelude::*;

use super::lanes::{add_scaled, dot, exp, max, sum, vectorised};

/// Sizes of an attention and of its mask.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttentionSizes {
    pub(super) batch: usize,
    pub(super) queries: usize,
    pub(super) keys: usize,
    pub(super) n_heads: usize,
    pub(super) n_kv_heads: usize,
    pub(super) d_head: usize,
    /// Masks: one a row, or 1 for all rows.
    pub(super) masks: usize,
    /// Rows of a mask: one a query, or 1 for all queries.
    pub(super) mask_rows: usize,
}

/// Multiplications from which rows are dealt out over the threads of the current pool.
const WORTH_THREADS: usize = 1 << 20;

impl AttentionSizes {
    fn query_width(&self) -> usize {
        self.n_heads * self.d_head
    }

    fn key_width(&self) -> usize {
        self.n_kv_heads * self.d_head
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
        self.batch > 1 && products >= WORTH_THREADS && rayon::current_num_threads() > 1
    }
}

/// A row's number, and the gradients of its query, key and value.
type NumberedGradients<'a> = (usize, ((&'a mut [f32], &'a mut [f32]), &'a mut [f32]));

/// What a row of the batch needs besides its inputs.
struct Scratch {
    /// The head's keys, `[d_head, keys]`.
    keys: Vec<f32>,
    /// The head's values, `[d_head, keys]`.
    values: Vec<f32>,
    weights: Vec<f32>,
    slopes: Vec<f32>,
}

impl Scratch {
    fn new(sizes: &AttentionSizes) -> Self {
        Self {
            keys: vec![0.0; sizes.d_head * sizes.keys],
            values: vec![0.0; sizes.d_head * sizes.keys],
            weights: vec![0.0; sizes.keys],
            slopes: vec![0.0; sizes.keys],
        }
    }
}

/// The weighted values into `output`; inputs and output by rows of the batch.
pub(super) fn forward(
    sizes: AttentionSizes,
    [query, key, value]: [&[f32]; 3],
    blocked: &[u8],
    output: &mut [f32],
) {
    let (per_query, per_key) = (
        sizes.queries * sizes.query_width(),
        sizes.keys * sizes.key_width(),
    );
    let row = |(row, output): (usize, &mut [f32])| {
        let inputs = [
            &query[row * per_query..][..per_query],
            &key[row * per_key..][..per_key],
            &value[row * per_key..][..per_key],
        ];
        vectorised(|| forward_row(&sizes, inputs, |query| sizes.mask(blocked, row, query), output));
    };
    if sizes.is_worth_threads() {
        output.par_chunks_exact_mut(per_query).enumerate().for_each(row);
    } else {
        output.chunks_exact_mut(per_query).enumerate().for_each(row);
    }
}

#[inline(always)]
fn forward_row<'a>(
    sizes: &AttentionSizes,
    [query, key, value]: [&[f32]; 3],
    mask: impl Fn(usize) -> &'a [u8],
    output: &mut [f32],
) {
    let d_head = sizes.d_head;
    let mut scratch = Scratch::new(sizes);
    let groups = sizes.n_heads / sizes.n_kv_heads;
    for kv_head in 0..sizes.n_kv_heads {
        let at_key = kv_head * d_head;
        transpose_head(key, sizes.key_width(), at_key, d_head, &mut scratch.keys);
        for head in kv_head * groups..(kv_head + 1) * groups {
            for (i, (query, output)) in query
                .chunks_exact(sizes.query_width())
                .zip(output.chunks_exact_mut(sizes.query_width()))
                .enumerate()
            {
                let query = &query[head * d_head..][..d_head];
                let output = &mut output[head * d_head..][..d_head];
                let seen = weigh(query, &scratch.keys, sizes, mask(i), &mut scratch.weights);
                for (weight, value) in scratch.weights[..seen]
                    .iter()
                    .zip(value.chunks_exact(sizes.key_width()))
                {
                    add_scaled(output, *weight, &value[at_key..][..d_head]);
                }
            }
        }
    }
}

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
        let inputs = [
            &query[row * per_query..][..per_query],
            &key[row * per_key..][..per_key],
            &value[row * per_key..][..per_key],
        ];
        let gradient = &gradient[row * per_query..][..per_query];
        let mask = |query| sizes.mask(blocked, row, query);
        vectorised(|| backward_row(&sizes, inputs, mask, gradient, [d_query, d_key, d_value]));
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

#[inline(always)]
fn backward_row<'a>(
    sizes: &AttentionSizes,
    [query, key, value]: [&[f32]; 3],
    mask: impl Fn(usize) -> &'a [u8],
    gradient: &[f32],
    [d_query, d_key, d_value]: [&mut [f32]; 3],
) {
    let (d_head, query_width, key_width) = (sizes.d_head, sizes.query_width(), sizes.key_width());
    let (groups, scale) = (sizes.n_heads / sizes.n_kv_heads, sizes.scale());
    let mut scratch = Scratch::new(sizes);
    for kv_head in 0..sizes.n_kv_heads {
        let at_key = kv_head * d_head;
        transpose_head(key, key_width, at_key, d_head, &mut scratch.keys);
        transpose_head(value, key_width, at_key, d_head, &mut scratch.values);
        for head in kv_head * groups..(kv_head + 1) * groups {
            for i in 0..sizes.queries {
                let at_query = i * query_width + head * d_head;
                let query = &query[at_query..][..d_head];
                let gradient = &gradient[at_query..][..d_head];
                let seen = weigh(query, &scratch.keys, sizes, mask(i), &mut scratch.weights);
                let (weights, slopes) = (&scratch.weights[..seen], &mut scratch.slopes[..seen]);
                combine(gradient, &scratch.values, sizes.keys, slopes);
                let pull = dot(slopes, weights);
                for ((slope, weight), blocked) in slopes.iter_mut().zip(weights).zip(mask(i)) {
                    // A blocked score is a constant, even where all are and the weights are not 0.
                    let open = if *blocked == 0 { scale } else { 0.0 };
                    *slope = open * weight * (*slope - pull);
                }
                let d_query = &mut d_query[at_query..][..d_head];
                let tokens = key
                    .chunks_exact(key_width)
                    .zip(d_key.chunks_exact_mut(key_width))
                    .zip(d_value.chunks_exact_mut(key_width));
                for ((slope, weight), ((key, d_key), d_value)) in slopes.iter().zip(weights).zip(tokens) {
                    add_scaled(d_query, *slope, &key[at_key..][..d_head]);
                    add_scaled(&mut d_key[at_key..][..d_head], *slope, query);
                    add_scaled(&mut d_value[at_key..][..d_head], *weight, gradient);
                }
            }
        }
    }
}

/// One head of every token, as `[d_head, tokens]`.
#[inline(always)]
fn transpose_head(tokens: &[f32], width: usize, at: usize, d_head: usize, transposed: &mut [f32]) {
    let count = tokens.len() / width;
    for (index, token) in tokens.chunks_exact(width).enumerate() {
        for (d, x) in token[at..at + d_head].iter().enumerate() {
            transposed[d * count + index] = *x;
        }
    }
}

/// `combined_j = sum_d x_d columns_{d, j}` for the first keys.
#[inline(always)]
fn combine(x: &[f32], columns: &[f32], keys: usize, combined: &mut [f32]) {
    combined.fill(0.0);
    let seen = combined.len();
    let (fours, rest) = x.as_chunks::<4>();
    // Four at a time, so that each pass over the sums does four times the work.
    for (x, columns) in fours.iter().zip(columns.chunks_exact(4 * keys)) {
        let (a, columns) = columns.split_at(keys);
        let (b, columns) = columns.split_at(keys);
        let (c, d) = columns.split_at(keys);
        let (a, b, c, d) = (&a[..seen], &b[..seen], &c[..seen], &d[..seen]);
        for j in 0..seen {
            combined[j] += x[0] * a[j] + x[1] * b[j] + x[2] * c[j] + x[3] * d[j];
        }
    }
    for (x, column) in rest
        .iter()
        .zip(columns[4 * fours.len() * keys..].chunks_exact(keys))
    {
        add_scaled(combined, *x, &column[..seen]);
    }
}

/// The softmax of one query's scores over the keys that it may look at; how many keys to look at, as after the
/// last that is not blocked all weights are 0.
#[inline(always)]
fn weigh(query: &[f32], keys: &[f32], sizes: &AttentionSizes, mask: &[u8], weights: &mut [f32]) -> usize {
    /// A weight of less than exp(-80) of the highest is none; smaller ones would be slow, as they are not normal.
    const NEGLIGIBLE: f32 = -80.0;
    // Where everything is blocked (padding) all keys count alike, so that the state stays finite.
    let seen = mask
        .iter()
        .rposition(|&blocked| blocked == 0)
        .map_or(sizes.keys, |last| last + 1);
    let (scale, weights) = (sizes.scale(), &mut weights[..seen]);
    combine(query, keys, sizes.keys, weights);
    for (weight, blocked) in weights.iter_mut().zip(mask) {
        *weight = if *blocked == 0 { *weight * scale } else { -1e30 };
    }
    let highest = max(weights);
    for weight in &mut *weights {
        let below = *weight - highest;
        *weight = if below < NEGLIGIBLE { 0.0 } else { exp(below) };
    }
    let inverse = 1.0 / sum(weights);
    for weight in weights {
        *weight *= inverse;
    }
    seen
}
