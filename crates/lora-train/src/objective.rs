//! The loss of some rows, as one number with gradients.

use base_model::{Adapter, Network, TokenBatch};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use crate::rows::{EncodedRow, Target};

/// What is learnt, on which network.
#[derive(Debug)]
pub(crate) struct Objective<'a> {
    network: &'a Network,
    device: &'a Device,
    /// The tokens with which all rows begin: the template's opening and the task's instructions. A decoder
    /// computes them once for every part of a step, and every row of the part looks at them there; gradients
    /// flow back through them.
    prefix: Vec<u32>,
}

impl<'a> Objective<'a> {
    pub(crate) fn new(network: &'a Network, rows: &[EncodedRow], device: &'a Device) -> Self {
        let prefix = match network {
            Network::Decoder(_) => common_beginning(rows),
            _ => Vec::new(),
        };
        Self {
            network,
            device,
            prefix,
        }
    }

    /// The weighted sum of cross entropies over all targets of the rows, in nats, multiplied with `scale`.
    ///
    /// The caller gives one over the step's total weight as `scale`, so that the parts of a step add up to the
    /// mean over all its targets, however it was cut: never a mean of means.
    ///
    /// The result is `[1]`.
    pub(crate) fn loss(&self, adapter: &Adapter, rows: &[&EncodedRow], scale: f64) -> Tensor<1> {
        let targets = Targets::of(rows, self.prefix.len());
        let ids: Vec<Vec<u32>> = rows
            .iter()
            .map(|row| row.ids[self.prefix.len()..].to_vec())
            .collect();
        let batch = TokenBatch::new(&ids, 0, self.device);
        let log_p = match self.network {
            Network::Encoder(encoder) => {
                let states = encoder.forward(&batch, Some(adapter));
                let scores = adapter
                    .classify(encoder.pool(states, &batch, Some(adapter)))
                    .expect("an adapter that is trained on an encoder has a label head");
                activation::log_softmax(scores, 1)
            }
            Network::Decoder(decoder) => {
                let prefix = (!self.prefix.is_empty())
                    .then(|| decoder.prefix(&self.prefix, Some(adapter), self.device));
                decoder.log_probabilities_at(batch, prefix.as_ref(), &targets.places, Some(adapter))
            }
            _ => unreachable!("rows are encoded for encoders and decoders only"),
        }; // [targets, classes or vocab]
        let count = targets.wanted.len();
        let wanted = TensorData::new(targets.wanted, [count, 1]);
        let wanted = Tensor::<2, Int>::from_data(wanted, self.device);
        let weights = TensorData::new(targets.weights, [count, 1]);
        let chosen = log_p.gather(1, wanted); // [targets, 1]
        (chosen * Tensor::<2>::from_data(weights, self.device))
            .sum()
            .mul_scalar(-scale)
    }
}

/// The longest beginning of all rows that leaves each a token from which its first target is predicted.
fn common_beginning(rows: &[EncodedRow]) -> Vec<u32> {
    let mut rows = rows.iter().map(|row| match row.target {
        Target::TokensFrom(start) => &row.ids[..start.saturating_sub(1)],
        Target::Class(_) => &[],
    });
    let first = rows.next().unwrap_or_default();
    let common = rows.fold(first.len(), |common, row| {
        let alike = first[..common].iter().zip(row).take_while(|(a, b)| a == b);
        alike.count()
    });
    first[..common].to_vec()
}

/// The targets of some rows, one after the other.
struct Targets {
    /// For every row, the places after the prefix that predict its targets.
    places: Vec<Vec<usize>>,
    /// The class or token that is right.
    wanted: Vec<i32>,
    /// The weight of its row.
    weights: Vec<f32>,
}

impl Targets {
    fn of(rows: &[&EncodedRow], prefix: usize) -> Self {
        let mut targets = Self {
            places: Vec::new(),
            wanted: Vec::new(),
            weights: Vec::new(),
        };
        for row in rows {
            match row.target {
                Target::Class(class) => {
                    targets.places.push(vec![0]);
                    targets.wanted.push(class as i32);
                }
                Target::TokensFrom(start) => {
                    // A token is predicted from the place before it.
                    let places = start - prefix - 1..row.ids.len() - prefix - 1;
                    targets.places.push(places.collect());
                    targets
                        .wanted
                        .extend(row.ids[start..].iter().map(|&id| id as i32));
                }
            }
            targets
                .weights
                .extend(std::iter::repeat_n(row.weight as f32, row.targets()));
        }
        targets
    }
}

/// The weight of all targets of some rows: what the step's loss is divided by.
pub(crate) fn total_weight(rows: &[&EncodedRow]) -> f64 {
    rows.iter().map(|row| row.weight * row.targets() as f64).sum()
}

#[cfg(test)]
mod tests;
