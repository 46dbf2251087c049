//! The loss of some rows, as one number with gradients.

use base_model::{Adapter, Network, TokenBatch};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use crate::rows::{EncodedRow, Target};

/// The weighted sum of cross entropies over all targets of the rows, in nats, multiplied with `scale`.
///
/// The caller gives one over the step's total weight as `scale`, so that the parts of a step add up to the
/// mean over all its targets, however it was cut: never a mean of means.
///
/// The result is `[1]`.
pub(crate) fn loss(
    network: &Network,
    adapter: &Adapter,
    rows: &[&EncodedRow],
    scale: f64,
    device: &Device,
) -> Tensor<1> {
    let ids: Vec<Vec<u32>> = rows.iter().map(|row| row.ids.clone()).collect();
    let batch = TokenBatch::new(&ids, 0, device);
    let (_, seq) = batch.sizes();
    let targets = Targets::of(rows, seq);
    let scores = match network {
        Network::Encoder(encoder) => {
            let states = encoder.forward(&batch, Some(adapter));
            adapter
                .classify(encoder.pool(states, Some(adapter)))
                .expect("an adapter that is trained on an encoder has a label head")
        }
        Network::Decoder(decoder) => {
            let states = decoder.forward(&batch, Some(adapter));
            let at = Tensor::<1, Int>::from_data(TensorData::from(targets.at.as_slice()), device);
            decoder.logits_at(states, at)
        }
        _ => unreachable!("rows are encoded for encoders and decoders only"),
    }; // [targets, classes or vocab]
    let count = targets.wanted.len();
    let wanted = TensorData::new(targets.wanted, [count, 1]);
    let weights = TensorData::new(targets.weights, [count, 1]);
    let chosen = activation::log_softmax(scores, 1).gather(1, Tensor::<2, Int>::from_data(wanted, device)); // [targets, 1]
    (chosen * Tensor::<2>::from_data(weights, device))
        .sum()
        .mul_scalar(-scale)
}

/// The targets of some rows, flattened.
struct Targets {
    /// The position, in the flattened `[batch * seq]`, that predicts each target.
    at: Vec<i32>,
    /// The class or token that is right.
    wanted: Vec<i32>,
    /// The weight of its row.
    weights: Vec<f32>,
}

impl Targets {
    fn of(rows: &[&EncodedRow], seq: usize) -> Self {
        let mut targets = Self {
            at: Vec::new(),
            wanted: Vec::new(),
            weights: Vec::new(),
        };
        for (index, row) in rows.iter().enumerate() {
            let mut push = |at: usize, wanted: usize| {
                targets.at.push(at as i32);
                targets.wanted.push(wanted as i32);
                targets.weights.push(row.weight as f32);
            };
            match row.target {
                Target::Class(class) => push(index * seq, class),
                Target::TokensFrom(start) => {
                    for position in start..row.ids.len() {
                        // A token is predicted from the position before it.
                        push(index * seq + position - 1, row.ids[position] as usize);
                    }
                }
            }
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
