//! The output of an attention.

mod alone;

use std::ops::Range;

use pulp::{Simd, WithSimd, bytemuck};
use rayon::prelude::*;

use super::AttentionSizes;
use crate::kernels::flex::{
    ahead::{Ahead, fetch},
    lanes::{LANES, softmax},
    machine::machine,
    matrix::Matrix,
    panels::{Strip, panel_width},
};

/// Queries whose scores are computed at once, so that they stay in the first two caches, and that look at no more than what one
/// of them sees.
const QUERIES_AT_ONCE: usize = 48;

/// Parts of a thread, where rows are long: queries that come late see more than early ones, and take longer.
const PARTS_OF_A_THREAD: usize = 4;

/// The weighted values into `output`, which is 0, of rows of so many queries and keys; queries of rows follow one another, and
/// keys and values too, or begin so many numbers after one another.
pub(super) fn forward(
    sizes: AttentionSizes,
    rows: impl Iterator<Item = [usize; 2]>,
    [mut query, key, value]: [&[f32]; 3],
    apart: Option<[usize; 2]>,
    blocked: &[u8],
    mut output: &mut [f32],
) {
    let machine = machine().simd;
    let rows: Vec<[usize; 2]> = rows.collect();
    let threads = sizes.threads_for(&rows);
    let all: usize = rows.iter().map(|[queries, _]| queries).sum();
    let mut at_once = all.div_ceil(threads).max(1);
    if threads > 1 && at_once > QUERIES_AT_ONCE {
        at_once = at_once
            .div_ceil(PARTS_OF_A_THREAD)
            .next_multiple_of(QUERIES_AT_ONCE);
    }
    // A query alone is cut by heads.
    let parts_of_a_query = threads.div_ceil(rows.len().max(1)).min(sizes.n_kv_heads);
    let kv_heads = sizes.n_kv_heads.div_ceil(parts_of_a_query);
    let mut parts = Vec::with_capacity(rows.len() + threads);
    let mut before = [0; 2];
    for (row, [queries, keys]) in rows.into_iter().enumerate() {
        let of_keys = keys * sizes.key_width();
        let [key, value] = [(key, before[0]), (value, before[1])].map(|(all, at)| &all[at..][..of_keys]);
        let [of_key, of_value] = apart.unwrap_or([of_keys; 2]);
        before = [before[0] + of_key, before[1] + of_value];
        // A row of no tokens has nothing to look with.
        for first in (0..queries).step_by(at_once) {
            let queries = at_once.min(queries - first);
            let query = query
                .split_off(..queries * sizes.query_width())
                .unwrap_or_default();
            let kv_heads = if queries == 1 { kv_heads } else { sizes.n_kv_heads };
            for kv_head in (0..sizes.n_kv_heads).step_by(kv_heads) {
                let heads = sizes.heads_of(kv_head..(kv_head + kv_heads).min(sizes.n_kv_heads));
                let numbers = queries * heads.len() * sizes.d_head;
                parts.push(Part {
                    sizes: AttentionSizes {
                        queries,
                        keys,
                        ..sizes
                    },
                    heads,
                    query,
                    key,
                    value,
                    mask: (blocked, row, first),
                    output: output.split_off_mut(..numbers).unwrap_or_default(),
                });
            }
        }
    }
    match threads {
        1 => parts.into_iter().for_each(|part| machine.dispatch(part)),
        _ => parts.into_par_iter().for_each(|part| machine.dispatch(part)),
    }
}

/// Some queries of a row of the batch; of one query some heads.
struct Part<'a> {
    sizes: AttentionSizes,
    heads: Range<usize>,
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    /// The masks of the batch, the row and the first of the queries.
    mask: (&'a [u8], usize, usize),
    /// `[queries, heads * d_head]`
    output: &'a mut [f32],
}

/// Keys that some queries look at, filled up to whole lanes.
struct Seen {
    queries: Range<usize>,
    keys: Range<usize>,
    /// Whether every query sees all of them.
    whole: bool,
}

impl WithSimd for Part<'_> {
    type Output = ();

    /// Scores and mixtures are products with small panels, made of a head's keys and values.
    ///
    /// Keys are filled up to whole lanes with ones that weigh nothing, so that sums over them are grouped alike however
    /// many follow, and a row's result depends neither on padding nor on the rows beside it. A library's product does
    /// not give that: it takes another way through a sum for another number of columns. What no query of some sees is left
    /// out, which changes no bit: it would weigh nothing.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let sizes = self.sizes;
        let d_head = sizes.d_head;
        if sizes.queries == 1 && d_head.is_multiple_of(S::F32_LANES) {
            return self.alone(simd);
        }
        let panel_width = panel_width::<S>();
        let key_width = sizes.keys.next_multiple_of(LANES);
        let seen = self.seen(key_width, panel_width.max(LANES));
        let value_width = d_head.next_multiple_of(S::F32_LANES);
        let mut key_panels = vec![0.0; d_head * key_width];
        let mut value_panels = vec![0.0; key_width * value_width];
        let mut all_scores = vec![0.0; sizes.queries.min(QUERIES_AT_ONCE) * key_width];
        let stride = self.output.len() / sizes.queries;
        let mut filled = None;
        for head in self.heads.clone() {
            let kv_head = head * sizes.n_kv_heads / sizes.n_heads;
            let [keys, values] = [self.key, self.value].map(|x| sizes.keys_of(x, kv_head));
            // Heads that share keys follow one another.
            if filled != Some(kv_head) {
                fill_keys(keys, sizes.scale(), (panel_width, key_width), &mut key_panels);
                fill_values::<S>(values, value_width, key_width, &mut value_panels);
                filled = Some(kv_head);
            }
            for seen in &seen {
                let count = seen.keys.len();
                let scores = &mut all_scores[..seen.queries.len() * count];
                scores.fill(0.0);
                let query = sizes
                    .queries_of(self.query, head)
                    .part(seen.queries.start, seen.queries.len());
                let panels = &key_panels[seen.keys.start * d_head..seen.keys.end * d_head];
                add_product(simd, query, (panels, count), scores, count);
                self.weigh(seen, scores);
                let output =
                    &mut self.output[seen.queries.start * stride + (head - self.heads.start) * d_head..];
                let weights = Matrix::rows_of(scores, count);
                let panels = (value_panels.as_slice(), d_head, key_width, seen.keys.start);
                add_mixtures(simd, weights, panels, output, stride);
            }
        }
    }
}

impl Part<'_> {
    /// What is looked at by queries that are computed at once, where panels begin at multiples of `unit` keys.
    fn seen(&self, key_width: usize, unit: usize) -> Vec<Seen> {
        let sizes = self.sizes;
        let (blocked, row, first) = self.mask;
        let blocks = (0..sizes.queries).step_by(QUERIES_AT_ONCE);
        let seen_in = |query: usize| {
            let mask = sizes.mask(blocked, row, first + query);
            let is_open = |blocked: &u8| *blocked == 0;
            // Where everything is blocked (padding) all keys count alike, so that the state stays finite.
            let open = mask.iter().position(is_open).zip(mask.iter().rposition(is_open));
            let keys = open.map_or(0..sizes.keys, |(first, last)| first..last + 1);
            let whole = open.is_some() && mask[keys.clone()].iter().all(is_open);
            (keys, whole)
        };
        blocks
            .map(|first| {
                let queries = first..sizes.queries.min(first + QUERIES_AT_ONCE);
                let different = if sizes.mask_rows == 1 { 1 } else { queries.len() };
                let (mut keys, mut whole) = seen_in(first);
                for query in queries.clone().take(different).skip(1) {
                    let (others, is_whole) = seen_in(query);
                    whole &= is_whole && others == keys;
                    keys = keys.start.min(others.start)..keys.end.max(others.end);
                }
                let start = keys.start / unit * unit;
                whole &= start == keys.start;
                let end = keys.end.next_multiple_of(unit).min(key_width);
                // What lies between is blocked, but for what fills up the lanes.
                whole &= end >= key_width && keys.end == sizes.keys || end == keys.end;
                Seen {
                    queries,
                    keys: start..end,
                    whole,
                }
            })
            .collect()
    }

    /// Scores to weights, `[queries, keys]` of what is seen.
    #[inline(always)]
    fn weigh(&self, seen: &Seen, scores: &mut [f32]) {
        let sizes = self.sizes;
        let (blocked, row, first) = self.mask;
        for (query, scores) in seen.queries.clone().zip(scores.chunks_exact_mut(seen.keys.len())) {
            let (keys, beyond) = scores.split_at_mut(seen.keys.len().min(sizes.keys - seen.keys.start));
            if !seen.whole {
                let mask = &sizes.mask(blocked, row, first + query)[seen.keys.start..];
                for (score, blocked) in keys.iter_mut().zip(mask) {
                    *score = if *blocked == 0 { *score } else { -1e30 };
                }
            }
            beyond.fill(f32::NEG_INFINITY);
            softmax((scores.as_chunks_mut().0, &mut []));
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

/// Adds rows of weights times panels of values, of `d_head` outputs and so many keys, from one of their keys on.
#[inline(always)]
fn add_mixtures<S: Simd>(
    simd: S,
    weights: Matrix<'_>,
    (panels, d_head, keys, first): (&[f32], usize, usize, usize),
    output: &mut [f32],
    stride: usize,
) {
    let width = panel_width::<S>();
    for (index, panel) in panels.chunks(width * keys).enumerate() {
        let (column, width) = (index * width, panel.len() / keys);
        let strip = Strip {
            rows: weights,
            inputs: 0..weights.columns,
            panel: &panel[first * width..][..weights.columns * width],
            outputs: width.min(d_head - column),
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
            (LANES..2 * LANES).for_each(|lane| fetch(bytemuck::cast_slice(row(lane))));
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
