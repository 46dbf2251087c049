//! The output of an attention.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::AttentionSizes;
use crate::kernels::flex::{
    ahead::Ahead,
    lanes::{LANES, softmax},
    machine::machine,
    matrix::Matrix,
    panels::{Strip, panel_width},
};

/// The weighted values into `output`, which is 0, of rows of so many queries and keys that follow one another.
pub(super) fn forward(
    sizes: AttentionSizes,
    rows: impl Iterator<Item = [usize; 2]>,
    [mut query, mut key, mut value]: [&[f32]; 3],
    blocked: &[u8],
    mut output: &mut [f32],
) {
    let machine = machine().simd;
    let rows: Vec<[usize; 2]> = rows.collect();
    let threads = sizes.threads_for(&rows);
    let all: usize = rows.iter().map(|[queries, _]| queries).sum();
    // Queries of a thread, of one row or of several.
    let at_once = all.div_ceil(threads);
    let mut parts = Vec::with_capacity(rows.len() + threads);
    for (row, [queries, keys]) in rows.into_iter().enumerate() {
        let of_keys = keys * sizes.key_width();
        let (key, value) = (take(&mut key, of_keys), take(&mut value, of_keys));
        // A row of no tokens has nothing to look with.
        for first in (0..queries).step_by(at_once.max(1)) {
            let queries = at_once.min(queries - first);
            let of_queries = queries * sizes.query_width();
            parts.push(Part {
                sizes: AttentionSizes {
                    queries,
                    keys,
                    ..sizes
                },
                query: take(&mut query, of_queries),
                key,
                value,
                mask: (blocked, row, first),
                output: output.split_off_mut(..of_queries).unwrap_or_default(),
            });
        }
    }
    match threads {
        1 => parts.into_iter().for_each(|part| machine.dispatch(part)),
        _ => parts.into_par_iter().for_each(|part| machine.dispatch(part)),
    }
}

fn take<'a>(from: &mut &'a [f32], count: usize) -> &'a [f32] {
    from.split_off(..count).unwrap_or_default()
}

/// Some queries of a row of the batch.
struct Part<'a> {
    sizes: AttentionSizes,
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    /// The masks of the batch, the row and the first of the queries.
    mask: (&'a [u8], usize, usize),
    output: &'a mut [f32],
}

impl WithSimd for Part<'_> {
    type Output = ();

    /// Scores and mixtures are products with small panels, made of a head's keys and values.
    ///
    /// Keys are filled up to whole lanes with ones that weigh nothing, so that sums over them are grouped alike however
    /// many follow, and a row's result depends neither on padding nor on the rows beside it. A library's product does
    /// not give that: it takes another way through a sum for another number of columns.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let sizes = self.sizes;
        let d_head = sizes.d_head;
        let key_width = sizes.keys.next_multiple_of(LANES);
        let value_width = d_head.next_multiple_of(S::F32_LANES);
        let mut key_panels = vec![0.0; d_head * key_width];
        let mut value_panels = vec![0.0; key_width * value_width];
        let mut scores = vec![0.0; sizes.queries * key_width];
        let (blocked, row, first) = self.mask;
        // A text's tokens have one mask, which blocks none where nothing is padded.
        let sees_all = sizes.mask_rows == 1
            && sizes
                .mask(blocked, row, first)
                .iter()
                .all(|&blocked| blocked == 0);
        let mut filled = None;
        for head in 0..sizes.n_heads {
            let kv_head = head * sizes.n_kv_heads / sizes.n_heads;
            // Heads that share keys follow one another.
            if filled != Some(kv_head) {
                let [keys, values] = [self.key, self.value].map(|x| sizes.keys_of(x, kv_head));
                fill_keys(
                    keys,
                    sizes.scale(),
                    (panel_width::<S>(), key_width),
                    &mut key_panels,
                );
                fill_values::<S>(values, value_width, key_width, &mut value_panels);
                filled = Some(kv_head);
            }
            scores.fill(0.0);
            let query = sizes.queries_of(self.query, head);
            add_product(simd, query, (&key_panels, key_width), &mut scores, key_width);
            for (query, scores) in scores.chunks_exact_mut(key_width).enumerate() {
                let (keys, beyond) = scores.split_at_mut(sizes.keys);
                if !sees_all {
                    for (score, blocked) in keys.iter_mut().zip(sizes.mask(blocked, row, first + query)) {
                        // Where everything is blocked (padding) all keys count alike, so that the state stays finite.
                        *score = if *blocked == 0 { *score } else { -1e30 };
                    }
                }
                beyond.fill(f32::NEG_INFINITY);
                softmax((scores.as_chunks_mut().0, &mut []));
            }
            let weights = Matrix::rows_of(&scores, key_width);
            let output = &mut self.output[head * d_head..];
            add_product(
                simd,
                weights,
                (&value_panels, d_head),
                output,
                sizes.query_width(),
            );
        }
    }
}

/// Adds rows times panels, with so many outputs in all, to rows that begin `stride` numbers after one another.
#[inline(always)]
fn add_product<S: Simd>(
    simd: S,
    rows: Matrix<'_>,
    (panels, outputs): (&[f32], usize),
    output: &mut [f32],
    stride: usize,
) {
    let width = panel_width::<S>();
    for (index, panel) in panels.chunks(width * rows.columns).enumerate() {
        let column = index * width;
        let strip = Strip {
            rows,
            inputs: 0..rows.columns,
            panel,
            outputs: width.min(outputs - column),
            ahead: Ahead::default(),
        };
        strip.add(simd, &mut output[column..], stride);
    }
}

/// Panels, of so many keys each and of so many in all, of the transposed keys times the scale.
///
/// It is not inlined where it is called, so that it is compiled for the oldest machine, which has neither gathers nor scatters:
/// compilers take them for strided numbers, and they are several times slower than one number after the other.
#[inline(never)]
fn fill_keys(keys: Matrix<'_>, scale: f32, (width, key_width): (usize, usize), panels: &mut [f32]) {
    for (index, panel) in panels.chunks_mut(width * keys.columns).enumerate() {
        let (first, width) = (index * width, width.min(key_width - index * width));
        for lanes in (0..width).step_by(LANES) {
            // What stands beyond the keys is looked at by nobody: any will do.
            let row = |lane: usize| &keys.row((first + lanes + lane).min(keys.rows - 1))[..keys.columns];
            let rows: [&[f32]; LANES] = std::array::from_fn(row);
            for (input, numbers) in panel.chunks_exact_mut(width).enumerate() {
                let numbers = &mut numbers[lanes..];
                match numbers.first_chunk_mut::<LANES>() {
                    Some(numbers) => *numbers = std::array::from_fn(|lane| rows[lane][input] * scale),
                    None => {
                        for (number, row) in numbers.iter_mut().zip(&rows) {
                            *number = row[input] * scale;
                        }
                    }
                }
            }
        }
    }
}

/// Panels of the values.
#[inline(always)]
fn fill_values<S: Simd>(values: Matrix<'_>, value_width: usize, key_width: usize, panels: &mut [f32]) {
    let width = panel_width::<S>();
    for (index, panel) in panels.chunks_mut(width * key_width).enumerate() {
        let (first, width) = (index * width, width.min(value_width - index * width));
        let numbers = panel.chunks_exact_mut(width).take(values.rows);
        for (key, numbers) in numbers.enumerate() {
            let values = &values.row(key)[first..];
            let count = values.len().min(width);
            numbers[..count].copy_from_slice(&values[..count]);
        }
    }
}
