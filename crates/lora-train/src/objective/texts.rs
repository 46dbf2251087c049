//! What the rows of a step begin with, computed once for all of them.

use std::sync::OnceLock;

use base_model::{Adapter, Decoder, Network, Prefix};
use burn::tensor::Tensor;

use super::Objective;
use crate::step::{Leaves, Summed};

/// Texts that stay as they are for as long as the base does.
#[derive(Debug, Default)]
pub(super) struct Cache(Vec<OnceLock<Prefix>>);

impl Cache {
    pub(super) fn of(nodes: usize) -> Self {
        Self((0..nodes).map(|_| OnceLock::new()).collect())
    }
}

/// The beginnings that some rows need, by their node.
pub(super) struct Texts {
    of_node: Vec<Option<Text>>,
}

/// A text, and how what flows back to it is passed on.
struct Text {
    /// Without a graph: those who go on from here make leaves of its states.
    prefix: Prefix,
    graph: Option<Graph>,
}

/// A text's own graph: from its adapter and the states before it to its states.
struct Graph {
    states: Vec<Tensor<3>>,
    adapter: Leaves<2>,
    /// The node before it, whose states' gradients these leaves get.
    before: Option<(usize, Leaves<3>)>,
}

impl Objective<'_> {
    /// For every row the node that it goes on from, where at least two do, or the text is there for good.
    pub(super) fn nodes(&self, rows: &[usize]) -> Vec<Option<usize>> {
        let nodes = &self.beginnings.nodes;
        let mut met = vec![0_usize; nodes.len()];
        for &row in rows {
            let mut node = self.beginnings.of_row[row];
            while let Some(index) = node {
                met[index] += 1;
                node = nodes[index].parent;
            }
        }
        let fewest = if self.settings.invocation.is_some() { 1 } else { 2 };
        let shared = |&row: &usize| {
            let mut node = self.beginnings.of_row[row];
            while let Some(index) = node.filter(|&index| met[index] < fewest) {
                node = nodes[index].parent;
            }
            node
        };
        rows.iter().map(shared).collect()
    }

    /// Computes the texts that are needed, with a graph if gradients are to flow back through them.
    pub(super) fn texts(&self, adapter: &Adapter, needed: &[Option<usize>], is_trained: bool) -> Texts {
        let mut texts = Texts {
            of_node: self.beginnings.nodes.iter().map(|_| None).collect(),
        };
        let Network::Decoder(decoder) = self.network else {
            return texts;
        };
        let mut is_needed = vec![false; texts.of_node.len()];
        for node in needed {
            let mut node = *node;
            while let Some(index) = node {
                is_needed[index] = true;
                node = self.beginnings.nodes[index].parent;
            }
        }
        for index in (0..is_needed.len()).filter(|&index| is_needed[index]) {
            let text = match self.are_frozen(adapter) {
                true => Text {
                    prefix: self.cached(decoder, adapter, index),
                    graph: None,
                },
                false => self.text(decoder, adapter, &texts, index, is_trained),
            };
            texts.of_node[index] = Some(text);
        }
        texts
    }

    /// Whether nothing in the texts is the adapter's, as it is called by what comes later.
    fn are_frozen(&self, adapter: &Adapter) -> bool {
        self.settings.invocation.is_some() && adapter.config().modules_to_save.is_empty()
    }

    fn cached(&self, decoder: &Decoder, adapter: &Adapter, index: usize) -> Prefix {
        let compute = || {
            let parent = self.beginnings.nodes[index].parent;
            let before = parent.map(|parent| self.cached(decoder, adapter, parent));
            self.computed(decoder, adapter, index, before.as_ref())
        };
        self.cache.0[index].get_or_init(compute).clone()
    }

    /// A node's text, given that of the node before it.
    fn computed(
        &self,
        decoder: &Decoder,
        adapter: &Adapter,
        index: usize,
        before: Option<&Prefix>,
    ) -> Prefix {
        let ids = &self.beginnings.nodes[index].ids;
        match before {
            None => decoder.prefix(ids, Some(adapter), self.device),
            Some(before) => decoder.longer_prefix(before, ids, Some(adapter), self.device),
        }
    }

    fn text(
        &self,
        decoder: &Decoder,
        adapter: &Adapter,
        texts: &Texts,
        index: usize,
        is_trained: bool,
    ) -> Text {
        let node = &self.beginnings.nodes[index];
        let before = node.parent.map(|parent| texts.prefix(parent));
        if !is_trained {
            return Text {
                prefix: self.computed(decoder, adapter, index, before),
                graph: None,
            };
        }
        let leaves = Leaves::of(&adapter.values());
        let of_before = before.map(|before| Leaves::of(&before.states()));
        let before = before.zip(of_before.as_ref());
        let before = before.map(|(before, leaves)| before.with_states(&leaves.0));
        let with_leaves = adapter.with_values(leaves.0.iter().cloned());
        let prefix = self.computed(decoder, &with_leaves, index, before.as_ref());
        let states = prefix.states();
        let cut = |state: &Tensor<3>| match state.is_autodiff() {
            true => state.clone().inner(),
            false => state.clone(),
        };
        let cut: Vec<Tensor<3>> = states.iter().map(cut).collect();
        Text {
            prefix: prefix.with_states(&cut),
            graph: Some(Graph {
                states,
                adapter: leaves,
                before: node.parent.zip(of_before),
            }),
        }
    }
}

impl Texts {
    /// A text that was needed.
    pub(super) fn prefix(&self, node: usize) -> &Prefix {
        let text = self.of_node[node]
            .as_ref()
            .expect("texts that are needed are computed");
        &text.prefix
    }

    /// The parameters' gradients of what has flowed back to the texts' states, a list a node.
    pub(super) fn backward(self, mut arrived: Vec<Summed<3>>, sum: &mut Summed<2>) {
        // A text comes after the one that it goes on from.
        for (index, text) in self.of_node.into_iter().enumerate().rev() {
            let Some(Graph {
                states,
                adapter,
                before,
            }) = text.and_then(|text| text.graph)
            else {
                continue;
            };
            let arrived_here = std::mem::take(&mut arrived[index]);
            let pairs = states.into_iter().zip(arrived_here.0);
            // The derivative of this number is what arrived.
            let products = pairs.filter_map(|(state, gradient)| {
                let gradient = gradient.filter(|_| state.is_autodiff())?;
                Some((state * gradient).sum())
            });
            let Some(total) = products.reduce(|a, b| a + b) else {
                continue;
            };
            let mut gradients = total.backward();
            sum.add(adapter.gradients(&mut gradients));
            if let Some((parent, leaves)) = before {
                arrived[parent].add(leaves.gradients(&mut gradients));
            }
        }
    }
}
