//! Token ids as tensors, with what may look at what.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

/// Rows of token ids, padded to one length.
#[derive(Debug, Clone)]
pub struct TokenBatch {
    /// `[batch, seq]`
    pub(crate) ids: Tensor<2, Int>,
    /// Which positions hold a token, a list a row.
    kept: Vec<Vec<bool>>,
    /// The position of every token in its text.
    pub(crate) positions: Vec<Vec<usize>>,
    branches: Option<Branches>,
    /// Tokens of a common text that stands before every row and is not in the batch.
    before: usize,
}

/// Token sequences that share beginnings, as a tree: the answers of a task after a common prompt.
///
/// Node `i` holds `tokens[i]` and follows node `parents[i]`, or the prompt where that is `None`; a parent
/// comes before its children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenTree {
    /// The token of every node.
    pub tokens: Vec<u32>,
    /// The node before it, or `None` at the root.
    pub parents: Vec<Option<usize>>,
}

impl TokenTree {
    /// How many tokens lie between the prompt and each node.
    fn depths(&self) -> Vec<usize> {
        let mut depths = Vec::with_capacity(self.parents.len());
        for parent in &self.parents {
            depths.push(parent.map_or(0, |p| depths[p] + 1));
        }
        depths
    }
}

/// Where a tree hangs in each row.
#[derive(Debug, Clone)]
struct Branches {
    prompt_lengths: Vec<usize>,
    parents: Vec<Option<usize>>,
}

impl TokenBatch {
    /// Rows padded at the end with `pad`, which is masked by position: its value does not matter.
    ///
    /// An empty list, or rows that are all empty, make a batch of length 1 so that shapes stay legal.
    #[must_use]
    pub fn new(rows: &[Vec<u32>], pad: u32, device: &Device) -> Self {
        let seq = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let kept = rows
            .iter()
            .map(|row| (0..seq).map(|i| i < row.len()).collect())
            .collect();
        let ids = rows.iter().flat_map(|row| {
            row.iter()
                .copied()
                .chain(std::iter::repeat_n(pad, seq - row.len()))
        });
        Self {
            ids: id_tensor(ids, rows.len(), seq, device),
            kept,
            positions: vec![(0..seq).collect()],
            branches: None,
            before: 0,
        }
    }

    /// Rows with an explicit mask, as `attention_mask` gives it: padding may stand on either side.
    ///
    /// A token's position is the number of tokens before it, so that padding shifts nothing.
    ///
    /// # Panics
    ///
    /// If the rows and masks are not all of one length.
    #[must_use]
    pub fn with_mask(rows: &[Vec<u32>], kept: Vec<Vec<bool>>, device: &Device) -> Self {
        let seq = rows.first().map_or(1, Vec::len);
        assert!(
            rows.len() == kept.len()
                && rows.iter().all(|row| row.len() == seq)
                && kept.iter().all(|row| row.len() == seq),
            "rows and masks must all have one length"
        );
        let positions = kept
            .iter()
            .map(|row| {
                let mut next = 0;
                row.iter()
                    .map(|&token| {
                        let position = next;
                        next += usize::from(token);
                        position
                    })
                    .collect()
            })
            .collect();
        let ids = id_tensor(rows.iter().flatten().copied(), rows.len(), seq, device);
        Self {
            ids,
            kept,
            positions,
            branches: None,
            before: 0,
        }
    }

    /// Each prompt followed by all nodes of a tree, of which each sees its prompt, the nodes on its path and
    /// itself: every branch is computed as if it alone followed the prompt.
    ///
    /// Node `i` of row `r` stands at index `prompts[r].len() + i`.
    #[must_use]
    pub fn with_tree(prompts: &[Vec<u32>], tree: &TokenTree, device: &Device) -> Self {
        let rows: Vec<Vec<u32>> = prompts
            .iter()
            .map(|prompt| prompt.iter().chain(&tree.tokens).copied().collect())
            .collect();
        let mut batch = Self::new(&rows, 0, device);
        let (_, seq) = batch.sizes();
        let depths = tree.depths();
        batch.positions = prompts
            .iter()
            .map(|prompt| {
                let nodes = depths.iter().map(|depth| prompt.len() + depth);
                (0..prompt.len())
                    .chain(nodes)
                    .chain(std::iter::repeat(0))
                    .take(seq)
                    .collect()
            })
            .collect();
        batch.branches = Some(Branches {
            prompt_lengths: prompts.iter().map(Vec::len).collect(),
            parents: tree.parents.clone(),
        });
        batch
    }

    /// Rows and padded length.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        let [batch, seq] = self.ids.dims();
        (batch, seq)
    }

    /// The device that the batch is on.
    #[must_use]
    pub fn device(&self) -> Device {
        self.ids.device()
    }

    /// 1 for a token and 0 for padding: `[batch, seq]`.
    #[must_use]
    pub fn mask(&self) -> Tensor<2> {
        let (batch, seq) = self.sizes();
        let values: Vec<f32> = self
            .kept
            .iter()
            .flatten()
            .map(|&kept| f32::from(u8::from(kept)))
            .collect();
        Tensor::from_data(TensorData::new(values, [batch, seq]), &self.device())
    }

    /// The same rows after a common text of `tokens` tokens that is not in the batch.
    #[must_use]
    pub(crate) fn after(mut self, tokens: usize) -> Self {
        for position in self.positions.iter_mut().flatten() {
            *position += tokens;
        }
        self.before += tokens;
        self
    }

    /// The positions of the tokens at some places of every row.
    pub(crate) fn positions_at(&self, places: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let of_row = |row: usize| &self.positions[row.min(self.positions.len() - 1)];
        places
            .iter()
            .enumerate()
            .map(|(row, places)| places.iter().map(|&place| of_row(row)[place]).collect())
            .collect()
    }

    /// Where no query may look when every token sees every other: `[batch or 1, 1, 1, seq]`.
    pub(crate) fn blocked_padding(&self) -> Tensor<4, Bool> {
        let (batch, seq) = self.sizes();
        let rows = if self.kept.iter().flatten().all(|&kept| kept) {
            1
        } else {
            batch
        };
        let values: Vec<bool> = self.kept[..rows].iter().flatten().map(|&kept| !kept).collect();
        Tensor::from_data(TensorData::new(values, [rows, 1, 1, seq]), &self.device())
    }

    /// Where a query may not look when a token sees only what comes before it, or its branch:
    /// `[batch or 1, 1, queries, before + seq]`, for all tokens as queries or, of each row, for those at
    /// `places`, as many a row.
    pub(crate) fn blocked_causal(&self, places: Option<&[Vec<usize>]>) -> Tensor<4, Bool> {
        let (batch, seq) = self.sizes();
        // With padding at the end only, what comes before a token is never padding: one mask for all rows.
        let padded_before = self
            .kept
            .iter()
            .any(|row| row.windows(2).any(|pair| !pair[0] && pair[1]));
        let own_mask = padded_before || self.branches.is_some();
        let rows = if own_mask || places.is_some() { batch } else { 1 };
        let all: Vec<usize> = (0..seq).collect();
        let queries = places.and_then(<[_]>::first).map_or(seq, Vec::len);
        let paths = self.branches.as_ref().map(Branches::paths);
        let mut values = Vec::with_capacity(rows * queries * (self.before + seq));
        for row in 0..rows {
            for &query in places.map_or(&all, |places| &places[row]) {
                values.extend(std::iter::repeat_n(false, self.before));
                for key in 0..seq {
                    let before = key <= query && (!own_mask || self.kept[row][key]);
                    let on_path = paths.as_ref().is_none_or(|paths| paths.sees(row, query, key));
                    values.push(!(before && on_path));
                }
            }
        }
        Tensor::from_data(
            TensorData::new(values, [rows, 1, queries, self.before + seq]),
            &self.device(),
        )
    }
}

/// Which nodes lie on the path to which.
struct Paths<'a> {
    starts: &'a [usize],
    nodes: usize,
    /// `[nodes, nodes]`
    sees: Vec<bool>,
}

impl Branches {
    fn paths(&self) -> Paths<'_> {
        let nodes = self.parents.len();
        let mut sees = vec![false; nodes * nodes];
        for node in 0..nodes {
            if let Some(parent) = self.parents[node] {
                sees.copy_within(parent * nodes..(parent + 1) * nodes, node * nodes);
            }
            sees[node * nodes + node] = true;
        }
        Paths {
            starts: &self.prompt_lengths,
            nodes,
            sees,
        }
    }
}

impl Paths<'_> {
    /// Whether a query sees an earlier key in a row.
    fn sees(&self, row: usize, query: usize, key: usize) -> bool {
        let start = self.starts[row];
        let inside = |index: usize| (start..start + self.nodes).contains(&index);
        !(inside(query) && inside(key)) || self.sees[(query - start) * self.nodes + key - start]
    }
}

fn id_tensor(ids: impl Iterator<Item = u32>, batch: usize, seq: usize, device: &Device) -> Tensor<2, Int> {
    let ids: Vec<i32> = ids.map(|id| id.cast_signed()).collect();
    Tensor::from_data(TensorData::new(ids, [batch, seq]), device)
}
