//! Attention in one pass over keys and values (Dao et al. 2022, arXiv:2205.14135, algorithm 1; Milakov and Gimelshein 2018,
//! arXiv:1805.02867): a cube holds a few queries of one head, takes keys and values a tile at a time, and keeps the highest
//! score and the sum of shares so far. Scores never reach the GPU's memory, and rows laid end to end need no padding.

use burn::tensor::{Bool, Int, Tensor};
use burn_cubecl::cubecl::{self, prelude::*};

use super::{UNITS, constant, cubes, room_like, tensor};

/// What a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Plan {
    d_head: usize,
    n_heads: usize,
    n_kv_heads: usize,
    /// Queries of a cube, and keys of a tile.
    queries: usize,
    keys: usize,
    /// Whether rows are of lengths of their own, one behind the other.
    is_end_to_end: bool,
}

impl Plan {
    /// The largest tiles that fit, for rows of so many queries; `None` if a head is too wide.
    fn new(
        [n_heads, n_kv_heads]: [usize; 2],
        d_head: usize,
        longest: usize,
        (is_end_to_end, room): (bool, usize),
    ) -> Option<Self> {
        let tiles: &[(usize, usize)] = match longest {
            1 => &[(1, 64), (1, 32), (1, 8)],
            _ => &[(16, 32), (8, 16), (4, 8)],
        };
        let plans = tiles.iter().map(|&(queries, keys)| Self {
            d_head,
            n_heads,
            n_kv_heads,
            queries,
            keys,
            is_end_to_end,
        });
        plans.into_iter().find(|plan| plan.bytes() <= room)
    }

    /// Of the mixed values, what a unit holds.
    fn owned(&self) -> usize {
        (self.queries * self.d_head).div_ceil(UNITS as usize)
    }

    /// Shared memory.
    fn bytes(&self) -> usize {
        let tiles = (self.queries + self.keys) * self.d_head + self.keys * (self.d_head + 1);
        (tiles + self.queries * self.keys + 3 * self.queries) * size_of::<f32>()
    }
}

/// Below every score, blocked ones too.
const LOWEST: f32 = -3e38;
/// The score of a key that must not be looked at, as in plain operations: a row in which all are blocked stays finite.
const BLOCKED: f32 = -1e30;

/// The queries of a cube, scaled: of one head, whose numbers begin at `column`; 0 beyond the last of `count`.
#[cube]
fn take_queries<F: Float>(
    query: &[F],
    tile: &mut Shared<[f32]>,
    start: usize,
    count: usize,
    column: usize,
    scale: f32,
    #[comptime] plan: Plan,
) {
    let d_head = comptime!(plan.d_head);
    let mut index = UNIT_POS as usize;
    while index < comptime!(plan.queries * plan.d_head) {
        let (q, c) = (index / d_head, index % d_head);
        let mut number = 0.0f32;
        if q < count {
            let place = (start + q) * comptime!(plan.n_heads * plan.d_head) + column + c;
            number = f32::cast_from(query[place]) * scale;
        }
        tile[index] = number;
        index += comptime!(UNITS as usize);
    }
}

/// A tile of keys and values of one head; 0 beyond the last of `count`.
#[cube]
fn take_keys<F: Float>(
    key: &[F],
    value: &[F],
    keys: &mut Shared<[f32]>,
    values: &mut Shared<[f32]>,
    start: usize,
    count: usize,
    column: usize,
    #[comptime] plan: Plan,
) {
    let d_head = comptime!(plan.d_head);
    let mut index = UNIT_POS as usize;
    while index < comptime!(plan.keys * plan.d_head) {
        let (k, c) = (index / d_head, index % d_head);
        let mut of_key = 0.0f32;
        let mut of_value = 0.0f32;
        if k < count {
            let place = (start + k) * comptime!(plan.n_kv_heads * plan.d_head) + column + c;
            of_key = f32::cast_from(key[place]);
            of_value = f32::cast_from(value[place]);
        }
        keys[k * comptime!(plan.d_head + 1) + c] = of_key;
        values[index] = of_value;
        index += comptime!(UNITS as usize);
    }
}

/// The scores of a tile, of `queries` and `keys` that are there; `mask` is where the mask of the first of both lies.
#[cube]
fn score<B: Numeric>(
    query_tile: &Shared<[f32]>,
    key_tile: &Shared<[f32]>,
    scores: &mut Shared<[f32]>,
    blocked: &[B],
    mask: usize,
    mask_query: usize,
    queries: usize,
    keys: usize,
    #[comptime] plan: Plan,
) {
    let (d_head, tile_keys) = comptime!((plan.d_head, plan.keys));
    let mut index = UNIT_POS as usize;
    while index < comptime!(plan.queries * plan.keys) {
        let (q, k) = (index / tile_keys, index % tile_keys);
        let mut score = LOWEST.runtime();
        if k < keys && q < queries {
            score = BLOCKED;
            if u32::cast_from(blocked[mask + q * mask_query + k]) == 0u32 {
                let mut product = 0.0f32;
                for c in 0..d_head {
                    product += query_tile[q * d_head + c] * key_tile[k * comptime!(plan.d_head + 1) + c];
                }
                score = product;
            }
        }
        scores[index] = score;
        index += comptime!(UNITS as usize);
    }
}

/// Makes shares of a tile's scores, and with them the highest score and the sum of shares so far; what was before is to be
/// multiplied with `factors`.
#[cube]
fn share(
    scores: &mut Shared<[f32]>,
    highest: &mut Shared<[f32]>,
    factors: &mut Shared<[f32]>,
    sums: &mut Shared<[f32]>,
    #[comptime] plan: Plan,
) {
    let (unit, tile_keys) = (UNIT_POS as usize, comptime!(plan.keys));
    let is_of_query = unit < comptime!(plan.queries);
    if is_of_query {
        let before = highest[unit];
        let mut now = before;
        for k in 0..tile_keys {
            now = max(now, scores[unit * tile_keys + k]);
        }
        factors[unit] = (before - now).exp();
        highest[unit] = now;
    }
    sync_cube();
    let mut index = unit;
    while index < comptime!(plan.queries * plan.keys) {
        scores[index] = (scores[index] - highest[index / tile_keys]).exp();
        index += comptime!(UNITS as usize);
    }
    sync_cube();
    if is_of_query {
        let mut sum = sums[unit] * factors[unit];
        for k in 0..tile_keys {
            sum += scores[unit * tile_keys + k];
        }
        sums[unit] = sum;
    }
}

/// Adds a tile's values by their shares to what the unit has mixed so far.
#[cube]
fn mix(
    mixed: &mut Array<f32>,
    shares: &Shared<[f32]>,
    values: &Shared<[f32]>,
    factors: &Shared<[f32]>,
    #[comptime] plan: Plan,
) {
    let (d_head, tile_keys) = comptime!((plan.d_head, plan.keys));
    #[unroll]
    for i in 0..comptime!(plan.owned()) {
        let index = UNIT_POS as usize + i * comptime!(UNITS as usize);
        if index < comptime!(plan.queries * plan.d_head) {
            let (q, c) = (index / d_head, index % d_head);
            let mut sum = mixed[i] * factors[q];
            for k in 0..tile_keys {
                sum += shares[q * tile_keys + k] * values[k * d_head + c];
            }
            mixed[i] = sum;
        }
    }
}

/// One cube for every few queries (x), head (y) and row (z).
///
/// A mask's strides are 0 where rows or queries share one.
#[cube(launch)]
fn attention_kernel<F: Float, B: Numeric, I: Numeric>(
    query: &[F],
    key: &[F],
    value: &[F],
    blocked: &[B],
    starts: &[I],
    output: &mut [F],
    padded_queries: usize,
    padded_keys: usize,
    mask_row: usize,
    mask_query: usize,
    scale: f32,
    #[comptime] plan: Plan,
    #[define(F, B, I)] _types: [ElemType; 3],
) {
    let d_head = comptime!(plan.d_head);
    let (row, head, unit) = (CUBE_POS_Z as usize, CUBE_POS_Y as usize, UNIT_POS as usize);
    let (column, of_keys) = (
        head * d_head,
        head / comptime!(plan.n_heads / plan.n_kv_heads) * d_head,
    );
    let first_query = CUBE_POS_X as usize * comptime!(plan.queries);

    let mut queries = padded_queries;
    let mut keys = padded_keys;
    let mut query_start = row * padded_queries;
    let mut key_start = row * padded_keys;
    if comptime!(plan.is_end_to_end) {
        query_start = usize::cast_from(starts[row]);
        key_start = query_start;
        queries = usize::cast_from(starts[row + 1]) - query_start;
        keys = queries;
    }
    if first_query >= queries {
        terminate!();
    }
    queries -= first_query;
    query_start += first_query;

    let mut query_tile = Shared::<[f32]>::new_slice(comptime!(plan.queries * plan.d_head));
    // A number more a key, so that the units of a plane read from different banks.
    let mut key_tile = Shared::<[f32]>::new_slice(comptime!(plan.keys * (plan.d_head + 1)));
    let mut value_tile = Shared::<[f32]>::new_slice(comptime!(plan.keys * plan.d_head));
    let mut scores = Shared::<[f32]>::new_slice(comptime!(plan.queries * plan.keys));
    let mut highest = Shared::<[f32]>::new_slice(comptime!(plan.queries));
    let mut factors = Shared::<[f32]>::new_slice(comptime!(plan.queries));
    let mut sums = Shared::<[f32]>::new_slice(comptime!(plan.queries));
    take_queries(query, &mut query_tile, query_start, queries, column, scale, plan);
    if unit < comptime!(plan.queries) {
        highest[unit] = LOWEST;
        sums[unit] = 0.0f32;
    }
    let mut mixed = Array::<f32>::new(comptime!(plan.owned()));
    #[unroll]
    for i in 0..comptime!(plan.owned()) {
        mixed[i] = 0.0f32;
    }

    let mut first = 0usize;
    while first < keys {
        let left = keys - first;
        take_keys(
            key,
            value,
            &mut key_tile,
            &mut value_tile,
            key_start + first,
            left,
            of_keys,
            plan,
        );
        sync_cube();
        let mask = row * mask_row + first_query * mask_query + first;
        score(
            &query_tile,
            &key_tile,
            &mut scores,
            blocked,
            mask,
            mask_query,
            queries,
            left,
            plan,
        );
        sync_cube();
        share(&mut scores, &mut highest, &mut factors, &mut sums, plan);
        mix(&mut mixed, &scores, &value_tile, &factors, plan);
        // Before the next tile is written where this one is read.
        sync_cube();
        first += comptime!(plan.keys);
    }

    #[unroll]
    for i in 0..comptime!(plan.owned()) {
        let index = unit + i * comptime!(UNITS as usize);
        let (q, c) = (index / d_head, index % d_head);
        if index < comptime!(plan.queries * plan.d_head) && q < queries {
            let place = (query_start + q) * comptime!(plan.n_heads * plan.d_head) + column + c;
            output[place] = F::cast_from(mixed[i] / sums[q]);
        }
    }
}

/// Rows of lengths of their own, one behind the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends<'a> {
    /// Where each row begins, and where the last one ends.
    pub(crate) starts: &'a Tensor<1, Int>,
    /// The longest row.
    pub(crate) longest: usize,
}

/// As [`plain::attention`](super::super::plain::attention), if all tensors are computed on here, among rows of one length
/// or among the tokens of each row of lengths of their own.
pub(in crate::kernels) fn attention(
    [query, key, value]: [&Tensor<3>; 3],
    blocked: &Tensor<4, Bool>,
    ends: Option<Ends<'_>>,
    [n_heads, n_kv_heads]: [usize; 2],
) -> Option<Tensor<3>> {
    let ([batch, queries, width], [_, keys, _]) = (query.dims(), key.dims());
    let [masks, _, masked_queries, masked_keys] = blocked.dims();
    let ((query, of_query), (key, of_key), (value, of_value)) =
        (constant(query)?, constant(key)?, constant(value)?);
    if [of_key, of_value] != [of_query; 2] {
        return None;
    }
    let (blocked, of_blocked) = constant(blocked)?;
    let ((starts, of_starts), rows, longest) = match ends {
        // Something that is bound and not read.
        None => ((blocked.clone(), of_blocked), batch, queries),
        Some(ends) => (constant(ends.starts)?, ends.starts.dims()[0] - 1, ends.longest),
    };
    let d_head = width / n_heads;
    let room = query.client.properties().hardware.max_shared_memory_size;
    let plan = Plan::new([n_heads, n_kv_heads], d_head, longest, (ends.is_some(), room))?;
    let output = room_like(&query);
    let counts = [longest.div_ceil(plan.queries), n_heads, rows];
    let count = cubes(counts)?;
    if !counts.contains(&0) {
        attention_kernel::launch(
            &query.client.clone(),
            count,
            CubeDim::new_1d(UNITS),
            query.into_buffer_arg(),
            key.into_buffer_arg(),
            value.into_buffer_arg(),
            blocked.into_buffer_arg(),
            starts.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            queries,
            keys,
            if masks == 1 {
                0
            } else {
                masked_queries * masked_keys
            },
            if masked_queries == 1 { 0 } else { masked_keys },
            (d_head as f32).sqrt().recip(),
            plan,
            [of_query, of_blocked, of_starts],
        );
    }
    Some(tensor(output))
}
