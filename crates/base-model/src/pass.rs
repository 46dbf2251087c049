//! What the layers of one forward pass share: rotations and masks.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use crate::{
    LayerConfig, Rope, TokenBatch,
    batch::{self, EndToEnd},
    layers::Rotary,
};

/// What the tokens of a pass may see beside their own row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// Whether a token sees only what comes before it.
    pub(crate) is_causal: bool,
    /// What stands before every row.
    pub(crate) past: Option<&'a PastTokens>,
    /// Of each row the tokens that look, as many a row; `None` is all.
    pub(crate) places: Option<&'a [Vec<usize>]>,
}

/// Tokens whose keys and values are kept, a list a row or one for all rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct PastTokens {
    /// Their positions.
    pub(crate) positions: Vec<Vec<usize>>,
    /// Which of them are tokens and not padding.
    pub(crate) kept: Vec<Vec<bool>>,
}

impl PastTokens {
    /// How many keys a row has, padding among them.
    pub(crate) fn keys(&self) -> usize {
        self.positions.first().map_or(0, Vec::len)
    }

    /// How many tokens stand before each row.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        batch::lengths(&self.kept)
    }

    /// These and then the tokens of a batch.
    pub(crate) fn and(&self, batch: &TokenBatch) -> Self {
        if self.keys() == 0 {
            return Self {
                positions: batch.positions.clone(),
                kept: batch.kept.clone(),
            };
        }
        let (rows, _) = batch.sizes();
        let row_of = |lists: &[Vec<usize>], row: usize| lists[row.min(lists.len() - 1)].clone();
        let (mut positions, mut kept) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for row in 0..rows {
            let mut of_row = row_of(&self.positions, row);
            of_row.extend(row_of(&batch.positions, row));
            positions.push(of_row);
            let before = &self.kept[row.min(self.kept.len() - 1)];
            kept.push(before.iter().chain(&batch.kept[row]).copied().collect());
        }
        Self { positions, kept }
    }
}

/// Rotations and masks, each kind once.
#[derive(Debug)]
pub(crate) struct Passes {
    rotaries: Vec<Rotary>,
    /// `[batch or 1, 1, queries or 1, past + seq]`, true where a query must not look.
    masks: Vec<Tensor<4, Bool>>,
    /// For every layer, which rotation and which mask.
    of_layer: Vec<(Option<usize>, usize)>,
}

impl Passes {
    /// What the layers need for a batch, or for some places of its rows.
    pub(crate) fn new(batch: &TokenBatch, layers: &[LayerConfig], d_head: usize, view: &View<'_>) -> Self {
        let device = batch.device();
        let at_places = view.places.map(|places| batch.positions_at(places));
        let positions = at_places.as_deref().unwrap_or(&batch.positions);
        let (mut ropes, mut reaches): (Vec<Rope>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
        let of_layer = layers
            .iter()
            .map(|layer| {
                let rope = layer.rope.map(|rope| index_of(&mut ropes, rope));
                (rope, index_of(&mut reaches, layer.reach))
            })
            .collect();
        let longest = batch.positions.iter().flatten().copied().max().unwrap_or(0);
        let rotary = |rope: &Rope| {
            let frequencies = rope.frequencies(d_head, longest + 1);
            Rotary::new(positions, (&frequencies, rope.magnitude()), &device)
        };
        Self {
            rotaries: ropes.iter().map(rotary).collect(),
            masks: reaches
                .into_iter()
                .map(|reach| mask(batch, reach, view, &device))
                .collect(),
            of_layer,
        }
    }

    /// The same for rows laid end to end; masks stay those of the padded rows.
    pub(crate) fn end_to_end(mut self, rows: &EndToEnd) -> Self {
        for rotary in &mut self.rotaries {
            *rotary = rotary.end_to_end(rows);
        }
        self
    }

    /// The rotation and mask of a layer.
    pub(crate) fn of(&self, layer: usize) -> (Option<&Rotary>, &Tensor<4, Bool>) {
        let (rotary, mask) = self.of_layer[layer];
        (rotary.map(|index| &self.rotaries[index]), &self.masks[mask])
    }
}

/// Where a value is in a list, to whose end it is put if it is not there.
fn index_of<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    match list.iter().position(|other| *other == value) {
        Some(index) => index,
        None => {
            list.push(value);
            list.len() - 1
        }
    }
}

/// Where a query must not look: at padding, at what comes after it if the view is causal, beyond its reach, and at other
/// branches of a tree.
fn mask(batch: &TokenBatch, reach: Option<usize>, view: &View<'_>, device: &Device) -> Tensor<4, Bool> {
    let (rows, seq) = batch.sizes();
    let none = PastTokens::default();
    let past = view.past.unwrap_or(&none);
    let branches = batch.branches();
    let has_own = has_own_mask(batch, reach, view, branches.is_some());
    let masks = if has_own { rows } else { 1 };
    let queries = match view.places {
        Some(places) => places.first().map_or(0, Vec::len),
        None if view.is_causal || reach.is_some() || branches.is_some() => seq,
        None => 1,
    };
    let all: Vec<usize> = (0..seq).collect();
    let at = |lists: &[Vec<usize>], row: usize, index: usize| lists[row.min(lists.len() - 1)][index];
    let mut values = Vec::with_capacity(masks * queries * (past.keys() + seq));
    for row in 0..masks {
        let places = view.places.map_or(&all[..queries], |places| &places[row]);
        for &query in places {
            let position = at(&batch.positions, row, query);
            let is_near = |key: usize| reach.is_none_or(|reach| position.abs_diff(key) <= reach);
            for key in 0..past.keys() {
                let kept = past.kept[row.min(past.kept.len() - 1)][key];
                values.push(!(kept && is_near(at(&past.positions, row, key))));
            }
            for key in 0..seq {
                let in_order = !view.is_causal || key <= query;
                let on_path = branches.is_none_or(|branches| branches.sees(row, query, key));
                // A mask for all rows is one in which no row's padding is looked at.
                let is_kept = !has_own || batch.kept[row][key];
                let sees = is_kept && in_order && on_path;
                values.push(!(sees && is_near(at(&batch.positions, row, key))));
            }
        }
    }
    let shape = [masks, 1, queries, past.keys() + seq];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Whether the rows of a batch need a mask each.
fn has_own_mask(batch: &TokenBatch, reach: Option<usize>, view: &View<'_>, is_tree: bool) -> bool {
    let sees_padding = match view.is_causal {
        // With padding at the end only, what comes before a token is never padding.
        true => batch
            .kept
            .iter()
            .any(|row| row.windows(2).any(|pair| !pair[0] && pair[1])),
        false => batch.kept.iter().flatten().any(|&kept| !kept),
    };
    sees_padding
        || is_tree
        || view.places.is_some()
        || view
            .past
            .is_some_and(|past| past.positions.len() > 1 || past.kept.len() > 1)
        || (reach.is_some() && batch.positions.len() > 1)
}
