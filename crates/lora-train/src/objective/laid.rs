//! Rows laid out for a pass, and the loss of its scores.

use base_model::{Adapter, Network, NextTokens, Prefix, TokenBatch, TokenTree};
use burn::tensor::Tensor;

use super::{Objective, is_over_labels, numbers, share_through, wanted::Wanted};
use crate::{Target, TokenRow};

/// Rows laid out for a pass.
pub(super) struct Laid {
    /// What stands in the rows after the text that they go on from.
    pub(super) batch: TokenBatch,
    /// For every row, the places from which something is predicted; of no account for a label head.
    pub(super) places: Vec<Vec<usize>>,
    /// For each of them, where it is in the trie of the labels, if there is one.
    of_trie: Vec<usize>,
    /// What is right there.
    pub(super) wanted: Wanted,
}

impl Objective<'_> {
    /// Rows after a text of so many of their tokens, each target's weight times `scale`.
    pub(super) fn laid(&self, rows: &[&TokenRow], shared: usize, scale: f64) -> Laid {
        let (mut prompts, mut trees) = (Vec::new(), Vec::new());
        let (mut places, mut of_trie): (Vec<Vec<usize>>, _) = (Vec::new(), Vec::new());
        let mut wanted = Wanted::default();
        for row in rows {
            let weight = row.weight * scale;
            match (&row.target, &self.settings.labels) {
                (Target::Tokens(targets), _) => {
                    // Nothing is predicted from the last of them.
                    prompts.push(row.ids[shared..targets[targets.len() - 1]].to_vec());
                    trees.push(TokenTree::default());
                    // A token is predicted from the place before it.
                    places.push(targets.iter().map(|place| place - 1 - shared).collect());
                    for &place in targets {
                        wanted.at_next_place([(row.ids[place] as usize, weight)]);
                    }
                }
                (Target::Labels(labels), None) => {
                    prompts.push(row.ids.clone());
                    trees.push(TokenTree::default());
                    let shares = labels.iter();
                    wanted.at_next_place(shares.map(|share| (share.label, weight * share.share)));
                }
                (Target::Labels(labels), Some(choices)) => {
                    let part = choices.trie().part(&numbers(labels));
                    let prompt = row.ids[shared..].to_vec();
                    let last = prompt.len() - 1;
                    places.push((last..last + part.places.len()).collect());
                    of_trie.extend(&part.places);
                    for place in 0..part.places.len() {
                        // Over the labels, all steps of a row are one target: its label.
                        wanted.is_counted = place == 0 || !is_over_labels(choices);
                        let steps = part.steps.iter().filter(|(_, step)| step.from == place);
                        wanted.at_next_place(steps.map(|&(step, _)| {
                            let share = share_through(labels, choices, step);
                            (choices.column(step), weight * share)
                        }));
                    }
                    prompts.push(prompt);
                    trees.push(part.tree);
                }
            }
        }
        let trees: Vec<&TokenTree> = trees.iter().collect();
        Laid {
            batch: TokenBatch::with_trees(&prompts, &trees, self.device),
            places,
            of_trie,
            wanted,
        }
    }

    /// The scores of what may be right, at every place or of every row: `[n, tokens or classes]`.
    pub(super) fn scores(&self, laid: &Laid, prefix: Option<&Prefix>, adapter: &Adapter) -> Tensor<2> {
        match self.network {
            Network::Encoder(encoder) => classified(adapter, encoder.pooled(&laid.batch, Some(adapter))),
            Network::Decoder(decoder) => {
                let head = self.settings.labels.as_ref().and_then(|choices| choices.head());
                decoder.logits_at(laid.batch.clone(), prefix, &laid.places, head, Some(adapter))
            }
            _ => unreachable!("rows are for encoders and decoders"),
        }
    }

    /// The sum of the cross entropies, each times its weight, `[1]`.
    pub(super) fn loss_of(&self, laid: &Laid, scores: Tensor<2>) -> Tensor<1> {
        let next = match &self.settings.labels {
            Some(choices) => choices.following(scores, &laid.of_trie),
            None => NextTokens::over_all(scores),
        };
        laid.wanted
            .cross_entropy(&next, self.settings.label_smoothing, self.device)
    }
}

/// The scores of a label head: `[batch, d_model]` to `[batch, classes]`.
pub(super) fn classified(adapter: &Adapter, pooled: Tensor<2>) -> Tensor<2> {
    let scores = adapter.classify(pooled);
    scores.expect("an adapter that is trained on an encoder has a label head")
}
