//! Attention, a head of a row at a time, with scores that never leave the cache.

mod backward;
mod forward;

use std::ops::Range;

use burn::backend::flex::FlexTensor;

use super::{
    Apart, Packed,
    differentiate::Formula,
    matrix::{Matrix, Output},
    threads::threads_for,
};
use backward::backward;
use forward::forward;

/// How many multiplications take as long as what a number of a query or a key costs beside its products.
const MULTIPLICATIONS: usize = 96;

/// Attention of grouped queries.
#[derive(Debug, Clone)]
pub(super) struct Attention {
    query: Packed,
    key: Apart,
    value: Apart,
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
        let [query, key, value] = tensors;
        let (query, key, value) = (Packed::new(query), Apart::new(key), Apart::new(value));
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
            mask_keys: mask[3],
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

/// The output of attention among the tokens of rows that lie end to end, each of so many tokens; the mask is that of the rows
/// filled up to one length.
pub(in crate::kernels) fn attention_in_rows(
    tensors: [&FlexTensor; 3],
    blocked: &FlexTensor,
    lengths: &[usize],
    [n_heads, n_kv_heads]: [usize; 2],
) -> FlexTensor {
    let attention = Attention::new(tensors, blocked, n_heads, n_kv_heads);
    let rows = lengths.iter().map(|&length| [length; 2]);
    attention.output_in(rows, None)
}

impl Attention {
    /// The output for rows of so many queries and keys, one after the other, or keys so many numbers apart.
    fn output_in(&self, rows: impl Iterator<Item = [usize; 2]>, apart: Option<[usize; 2]>) -> FlexTensor {
        let mut output = self.query.zeros();
        let inputs = [self.query.values(), self.key.values(), self.value.values()];
        forward(self.sizes, rows, inputs, apart, self.mask(), &mut output);
        self.query.like(output)
    }
}

impl Formula<3> for Attention {
    fn output(&self) -> FlexTensor {
        let AttentionSizes {
            batch, queries, keys, ..
        } = self.sizes;
        let apart = [self.key.stride(), self.value.stride()];
        self.output_in(std::iter::repeat_n([queries, keys], batch), Some(apart))
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let gradient = Packed::new(gradient);
        let inputs = [self.query.clone(), self.key.packed(), self.value.packed()];
        let mut gradients = inputs.each_ref().map(Packed::zeros);
        backward(
            self.sizes,
            inputs.each_ref().map(Packed::values),
            self.mask(),
            gradient.values(),
            &mut gradients,
        );
        let [query, key, value] = gradients;
        [
            Some(self.query.like(query)),
            Some(inputs[1].like(key)),
            Some(inputs[2].like(value)),
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
    /// Keys of a mask: as many as there are, or as the longest row has.
    mask_keys: usize,
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

    /// The query heads that look up some key heads.
    fn heads_of(&self, kv_heads: Range<usize>) -> Range<usize> {
        let of_a_kv_head = self.n_heads / self.n_kv_heads;
        kv_heads.start * of_a_kv_head..kv_heads.end * of_a_kv_head
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
        let start = (row * self.mask_rows + query) * self.mask_keys;
        &blocked[start..start + self.keys]
    }

    /// Over how many threads rows of so many queries and keys are cut. A short row costs what it costs to lay out its keys and
    /// to go through its scores: more than to multiply them.
    fn threads_for(&self, rows: &[[usize; 2]]) -> usize {
        let of_a_head: usize = rows
            .iter()
            .map(|[queries, keys]| queries * keys + MULTIPLICATIONS * (queries + keys))
            .sum();
        threads_for(self.n_heads * self.d_head * of_a_head)
    }
}
