//! The gradient of a step, and what needs none.

use base_model::{Adapter, Network, Prefix, TokenBatch};

use super::{Objective, blockwise::Sums, laid::Laid, texts::Texts};
use crate::{
    Gradient, Shards, TokenRow,
    step::{Leaves, Summed},
};

/// Rows that go on from the same text, by their places in the step.
struct Part {
    node: Option<usize>,
    places: Vec<usize>,
}

/// What a part of a step gives.
struct Arrived {
    loss: f64,
    /// Of all cross entropies in it.
    weight: f64,
    adapter: Summed<2>,
    /// Of the texts' states, a list a node.
    texts: Vec<Summed<3>>,
}

impl Objective<'_> {
    /// The mean loss of some rows, by their indices, and its gradient.
    ///
    /// What rows begin with is computed once; its states are constants to the rows, which are dealt out to the shards, and
    /// what has flowed back to them from all rows flows on through it, once. That is exact: a gradient is a sum over paths,
    /// and every path from a row to the adapter by way of the text goes through those states.
    ///
    /// # Panics
    ///
    /// If there are no rows, or an index is none of a row's.
    #[must_use]
    pub fn gradient(&self, adapter: &Adapter, rows: &[usize], shards: &Shards) -> Gradient {
        let scale = 1.0 / self.weight(rows);
        let nodes = self.nodes(rows);
        let texts = self.texts(adapter, &nodes, true);
        let parts = self.parts(rows, &nodes, shards);
        let found = shards.run(parts, |parts| {
            let pieces = self.pieces(&parts, shards);
            let pieces = pieces.map(|(node, places)| (node, self.at(rows, places)));
            self.arrived(adapter, &texts, pieces, scale)
        });
        let mut found = found.into_iter();
        let mut sum = found.next().expect("a step has at least one row");
        for part in found {
            sum.loss += part.loss;
            sum.weight += part.weight;
            sum.adapter.add(part.adapter.0);
            for (sum, part) in sum.texts.iter_mut().zip(part.texts) {
                sum.add(part.0);
            }
        }
        texts.backward(sum.texts, &mut sum.adapter);
        Gradient {
            loss: sum.loss,
            tensors: sum.adapter.or_zeros(&adapter.values()),
            weight: Some(sum.weight),
        }
    }

    /// The mean loss of some rows, by their indices.
    #[must_use]
    pub fn mean_loss(&self, adapter: &Adapter, rows: &[usize], shards: &Shards) -> f64 {
        let scale = 1.0 / self.weight(rows);
        let nodes = self.nodes(rows);
        let texts = self.texts(adapter, &nodes, false);
        let parts = self.parts(rows, &nodes, shards);
        let losses = shards.run(parts, |parts| {
            let losses = self.pieces(&parts, shards).map(|(node, places)| {
                let (prefix, shared) = self.prefix(&texts, node).unzip();
                let laid = self.laid(&self.at(rows, places), shared.unwrap_or(0), scale);
                let loss = self.loss_of(&laid, self.scores(&laid, prefix, adapter));
                f64::from(loss.into_scalar::<f32>())
            });
            losses.sum::<f64>()
        });
        losses.into_iter().sum()
    }

    /// The logarithm of every label's probability, a list for each of some rows, by their indices; lists are empty where
    /// no labels are learnt.
    #[must_use]
    pub fn log_scores(&self, adapter: &Adapter, rows: &[usize], shards: &Shards) -> Vec<Vec<f64>> {
        let nodes = self.nodes(rows);
        let texts = self.texts(adapter, &nodes, false);
        let parts = self.parts(rows, &nodes, shards);
        let found = shards.run(parts, |parts| {
            let mut found = Vec::new();
            for (node, places) in self.pieces(&parts, shards) {
                let scores = self.scores_of(adapter, &self.at(rows, places), self.prefix(&texts, node));
                found.extend(places.iter().copied().zip(scores));
            }
            found
        });
        let mut scores = vec![Vec::new(); rows.len()];
        for (place, of_row) in found.into_iter().flatten() {
            scores[place] = of_row;
        }
        scores
    }

    fn scores_of(
        &self,
        adapter: &Adapter,
        rows: &[&TokenRow],
        prefix: Option<(&Prefix, usize)>,
    ) -> Vec<Vec<f64>> {
        let (prefix, shared) = prefix.unzip();
        let shared = shared.unwrap_or(0);
        let ids: Vec<Vec<u32>> = rows.iter().map(|row| row.ids[shared..].to_vec()).collect();
        match (self.network, &self.settings.labels) {
            (Network::Encoder(encoder), _) => {
                let batch = TokenBatch::new(&ids, 0, self.device);
                let scores = encoder.log_scores(&batch, adapter);
                scores.unwrap_or_else(|| vec![Vec::new(); rows.len()])
            }
            (Network::Decoder(decoder), Some(labels)) => {
                labels.log_scores(decoder, &ids, prefix, Some(adapter), self.device)
            }
            _ => vec![Vec::new(); rows.len()],
        }
    }

    fn arrived<'r>(
        &self,
        adapter: &Adapter,
        texts: &Texts,
        pieces: impl Iterator<Item = (Option<usize>, Vec<&'r TokenRow>)>,
        scale: f64,
    ) -> Arrived {
        let mut arrived = Arrived {
            loss: 0.0,
            weight: 0.0,
            adapter: Summed::default(),
            texts: self.beginnings.nodes.iter().map(|_| Summed::default()).collect(),
        };
        for (node, rows) in pieces {
            let (text, shared) = self.prefix(texts, node).unzip();
            let laid = self.laid(&rows, shared.unwrap_or(0), scale);
            let sums = Sums {
                adapter: &mut arrived.adapter,
                text: node.map(|node| &mut arrived.texts[node]),
            };
            arrived.weight += laid.wanted.weight;
            arrived.loss += match self.settings.activation_checkpointing {
                true => self.blockwise_gradient(adapter, &laid, text, sums),
                false => self.gradient_at_once(adapter, &laid, text, sums),
            };
        }
        arrived
    }

    /// The loss of some rows after a text, its derivatives added to `sums`.
    fn gradient_at_once(
        &self,
        adapter: &Adapter,
        laid: &Laid,
        prefix: Option<&Prefix>,
        sums: Sums<'_>,
    ) -> f64 {
        // Leaves of its own for every piece: graphs that share a leaf would wait for one another.
        let leaves = Leaves::of(&adapter.values());
        let of_text = prefix.map(|prefix| Leaves::of(&prefix.states()));
        let prefix = prefix
            .zip(of_text.as_ref())
            .map(|(prefix, of_text)| prefix.with_states(&of_text.0));
        let with_leaves = adapter.with_values(leaves.0.iter().cloned());
        let loss = self.loss_of(laid, self.scores(laid, prefix.as_ref(), &with_leaves));
        let mut gradients = loss.backward();
        sums.adapter.add(leaves.gradients(&mut gradients));
        if let Some((of_text, sum)) = of_text.zip(sums.text) {
            sum.add(of_text.gradients(&mut gradients));
        }
        f64::from(loss.inner().into_scalar::<f32>())
    }

    /// A text that was computed, and how many tokens it has.
    fn prefix<'t>(&self, texts: &'t Texts, node: Option<usize>) -> Option<(&'t Prefix, usize)> {
        node.map(|node| (texts.prefix(node), self.beginnings.nodes[node].tokens))
    }

    fn at(&self, rows: &[usize], places: &[usize]) -> Vec<&TokenRow> {
        places.iter().map(|&place| &self.rows[rows[place]]).collect()
    }

    /// Deals rows out to the shards, those of one text together, each some of all lengths.
    fn parts(&self, rows: &[usize], nodes: &[Option<usize>], shards: &Shards) -> Vec<Vec<Part>> {
        let mut parts: Vec<Vec<Part>> = (0..shards.count()).map(|_| Vec::new()).collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&place| (nodes[place], self.rows[rows[place]].ids.len()));
        for (number, place) in order.into_iter().enumerate() {
            let node = nodes[place];
            let of_shard = &mut parts[number % shards.count()];
            match of_shard.last_mut() {
                Some(part) if part.node == node => part.places.push(place),
                _ => of_shard.push(Part {
                    node,
                    places: vec![place],
                }),
            }
        }
        parts.retain(|parts| !parts.is_empty());
        parts
    }

    /// The rows of a shard's parts, as many at once as it may compute.
    fn pieces<'p>(
        &self,
        parts: &'p [Part],
        shards: &Shards,
    ) -> impl Iterator<Item = (Option<usize>, &'p [usize])> {
        let at_once = self.settings.micro_rows.min(self.settings.step_rows);
        let at_once = at_once.div_ceil(shards.count()).max(1);
        let pieces = move |part: &'p Part| part.places.chunks(at_once).map(|places| (part.node, places));
        parts.iter().flat_map(pieces)
    }
}
