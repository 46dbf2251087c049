//! Token ids as tensors, with what may look at what.

mod end_to_end;

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};

pub(crate) use end_to_end::EndToEnd;

/// Rows of token ids, padded to one length.
#[derive(Debug, Clone)]
pub struct TokenBatch {
    /// `[batch, seq]`
    pub(crate) ids: Tensor<2, Int>,
    /// The same on the host, padded.
    rows: Vec<Vec<u32>>,
    /// Which positions hold a token, a list a row.
    pub(crate) kept: Vec<Vec<bool>>,
    /// The position of every token in its text, a list a row or one for all rows.
    pub(crate) positions: Vec<Vec<usize>>,
    branches: Option<Branches>,
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

    /// Whether every node follows the one before it.
    fn is_chain(&self) -> bool {
        let mut parents = self.parents.iter().enumerate();
        parents.all(|(node, parent)| *parent == node.checked_sub(1))
    }

    /// Which nodes lie on the path to which, `[nodes, nodes]`.
    fn sees(&self) -> Sees {
        let nodes = self.parents.len();
        let mut sees = vec![false; nodes * nodes];
        for node in 0..nodes {
            if let Some(parent) = self.parents[node] {
                sees.copy_within(parent * nodes..(parent + 1) * nodes, node * nodes);
            }
            sees[node * nodes + node] = true;
        }
        Sees { nodes, sees }
    }
}

/// Which nodes of a tree lie on the path to which.
#[derive(Debug, Clone)]
struct Sees {
    nodes: usize,
    /// `[nodes, nodes]`
    sees: Vec<bool>,
}

/// Where a tree hangs in each row.
#[derive(Debug, Clone)]
pub(crate) struct Branches {
    prompt_lengths: Vec<usize>,
    /// One a row, or one for all; none if no tree branches.
    sees: Vec<Sees>,
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
        let mut padded = rows.to_vec();
        for row in &mut padded {
            row.resize(seq, pad);
        }
        Self {
            ids: id_tensor(&padded, seq, device),
            rows: padded,
            kept,
            positions: vec![(0..seq).collect()],
            branches: None,
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
        Self {
            ids: id_tensor(rows, seq, device),
            rows: rows.to_vec(),
            kept,
            positions,
            branches: None,
        }
    }

    /// Each prompt followed by all nodes of a tree, of which each sees its prompt, the nodes on its path and
    /// itself: every branch is computed as if it alone followed the prompt.
    ///
    /// There is a tree for every prompt, or one for all. Node `i` of row `r` stands at index `prompts[r].len() + i`.
    ///
    /// # Panics
    ///
    /// If there are other than one or as many trees as prompts.
    #[must_use]
    pub fn with_trees(prompts: &[Vec<u32>], trees: &[&TokenTree], device: &Device) -> Self {
        assert!(
            trees.len() == 1 || trees.len() == prompts.len(),
            "{} trees for {} prompts",
            trees.len(),
            prompts.len()
        );
        let tree_of = |row: usize| trees[row.min(trees.len() - 1)];
        let rows: Vec<Vec<u32>> = prompts
            .iter()
            .enumerate()
            .map(|(row, prompt)| prompt.iter().chain(&tree_of(row).tokens).copied().collect())
            .collect();
        let mut batch = Self::new(&rows, 0, device);
        let prompt_lengths = prompts.iter().map(Vec::len).collect();
        // Where nothing branches, a row is like any other.
        if trees.iter().all(|tree| tree.is_chain()) {
            batch.branches = Some(Branches {
                prompt_lengths,
                sees: Vec::new(),
            });
            return batch;
        }
        let (_, seq) = batch.sizes();
        let depths: Vec<Vec<usize>> = trees.iter().map(|tree| tree.depths()).collect();
        batch.positions = prompts
            .iter()
            .enumerate()
            .map(|(row, prompt)| {
                let depths = &depths[row.min(depths.len() - 1)];
                let nodes = depths.iter().map(|depth| prompt.len() + depth);
                (0..prompt.len())
                    .chain(nodes)
                    .chain(std::iter::repeat(0))
                    .take(seq)
                    .collect()
            })
            .collect();
        batch.branches = Some(Branches {
            prompt_lengths,
            sees: trees.iter().map(|tree| tree.sees()).collect(),
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

    /// The same rows after texts of so many tokens, one a row or one for all, that are not in the batch.
    #[must_use]
    pub(crate) fn after(mut self, lengths: &[usize]) -> Self {
        if lengths.len() > self.positions.len() {
            self.positions = vec![self.positions[0].clone(); lengths.len()];
        }
        for (row, positions) in self.positions.iter_mut().enumerate() {
            let before = lengths.get(row).or(lengths.last()).copied().unwrap_or(0);
            for position in positions {
                *position += before;
            }
        }
        self
    }

    /// Where the last occurrence of some tokens begins in a row; in what a tree's branches follow, if there is one.
    pub(crate) fn last_start_of(&self, row: usize, tokens: &[u32]) -> Option<usize> {
        let length = match &self.branches {
            Some(branches) => branches.prompt_lengths[row],
            None => self.rows[row].len(),
        };
        let (ids, kept) = (&self.rows[row][..length], &self.kept[row][..length]);
        let mut starts = ids.windows(tokens.len()).zip(kept.windows(tokens.len()));
        let is_there = |(ids, kept): (&[u32], &[bool])| ids == tokens && kept.iter().all(|&kept| kept);
        starts.rposition(is_there)
    }

    /// The place of every row's last token.
    pub(crate) fn last_places(&self) -> Vec<Vec<usize>> {
        let last = |row: &Vec<bool>| vec![row.iter().rposition(|&kept| kept).unwrap_or(0)];
        self.kept.iter().map(last).collect()
    }

    /// The states of every row's first token: `[batch, seq, d_model]` to `[batch, 1, d_model]`.
    pub(crate) fn first_states(&self, states: Tensor<3>) -> Tensor<3> {
        let firsts = self.first_places();
        if firsts.iter().all(|first| first == &[0]) {
            return states.narrow(1, 0, 1);
        }
        pick(states, &firsts)
    }

    /// The place of every row's first token.
    pub(crate) fn first_places(&self) -> Vec<Vec<usize>> {
        let first = |row: &Vec<bool>| vec![row.iter().position(|&kept| kept).unwrap_or(0)];
        self.kept.iter().map(first).collect()
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

    /// Some of the rows, padded to the longest of them.
    ///
    /// # Panics
    ///
    /// If the batch has branches.
    pub(crate) fn part(&self, rows: Range<usize>) -> Self {
        assert!(self.branches().is_none(), "a tree hangs in every row");
        let kept = &self.kept[rows.clone()];
        let end = |row: &Vec<bool>| row.iter().rposition(|&kept| kept).map_or(1, |last| last + 1);
        let seq = kept.iter().map(end).max().unwrap_or(1);
        let cut = |list: &Vec<usize>| list[..seq].to_vec();
        Self {
            ids: self.ids.clone().slice([rows.clone(), 0..seq]),
            rows: self.rows[rows.clone()]
                .iter()
                .map(|row| row[..seq].to_vec())
                .collect(),
            kept: kept.iter().map(|row| row[..seq].to_vec()).collect(),
            positions: match self.positions.as_slice() {
                [of_all] => vec![cut(of_all)],
                of_each => of_each[rows].iter().map(cut).collect(),
            },
            branches: None,
        }
    }

    /// How many tokens each row has.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        lengths(&self.kept)
    }

    /// Which tokens see which along trees, if some tree branches.
    pub(crate) fn branches(&self) -> Option<&Branches> {
        self.branches
            .as_ref()
            .filter(|branches| !branches.sees.is_empty())
    }
}

impl Branches {
    /// Whether a query sees an earlier key in a row.
    pub(crate) fn sees(&self, row: usize, query: usize, key: usize) -> bool {
        let start = self.prompt_lengths[row];
        let Sees { nodes, sees } = &self.sees[row.min(self.sees.len() - 1)];
        let inside = |index: usize| (start..start + nodes).contains(&index);
        !(inside(query) && inside(key)) || sees[(query - start) * nodes + key - start]
    }
}

fn id_tensor(rows: &[Vec<u32>], seq: usize, device: &Device) -> Tensor<2, Int> {
    let ids: Vec<i32> = rows.iter().flatten().map(|id| id.cast_signed()).collect();
    Tensor::from_data(TensorData::new(ids, [rows.len(), seq]), device)
}

/// How many tokens each row has that holds a token where it is true.
pub(crate) fn lengths(kept: &[Vec<bool>]) -> Vec<usize> {
    let count = |row: &Vec<bool>| row.iter().filter(|&&kept| kept).count();
    kept.iter().map(count).collect()
}

/// Indices as a tensor, `[n]`.
pub(crate) fn indices(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    Tensor::from_data(TensorData::from(values.as_slice()), device)
}

/// The states at as many places of every row: `[batch, seq, d_model]` to `[batch, places, d_model]`.
pub(crate) fn pick(states: Tensor<3>, places: &[Vec<usize>]) -> Tensor<3> {
    let [batch, seq, d_model] = states.dims();
    let device = states.device();
    let count = places.first().map_or(0, Vec::len);
    let flat = places
        .iter()
        .enumerate()
        .flat_map(|(row, places)| places.iter().map(move |place| row * seq + place));
    states
        .reshape([batch * seq, d_model])
        .select(0, indices(flat, &device))
        .reshape([batch, count, d_model])
}
