//! Model folders with a reference, as `tests/fixtures/make.py` writes them; the integration tests read them by this too.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use base_model::{Adapter, DeviceError, Network, TokenBatch, WeightFiles, WeightFormat, device_by_name};
use burn::tensor::{Device, Tensor};

pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// A tensor of the reference by name: what was found, and what is expected.
pub(crate) type Compared = (&'static str, Vec<f32>, Vec<f32>);

/// What the oracle computed with a model or an adapter.
pub(crate) const REFERENCE: &str = "reference.safetensors";

/// The device that `BURN_DEVICE` names, or the CPU.
pub(crate) fn device() -> Result<Device, DeviceError> {
    device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned()))
}

/// A model and the batch that its reference was computed on.
pub(crate) struct Fixture {
    pub(crate) network: Network,
    pub(crate) batch: TokenBatch,
    /// Which positions hold a token, row after row.
    pub(crate) kept: Vec<bool>,
    pub(crate) reference: WeightFiles,
}

impl Fixture {
    pub(crate) fn open(folder: &Path, format: WeightFormat, device: &Device) -> Fallible<Self> {
        let network = Network::open_as(folder, format, device)?;
        let reference = WeightFiles::open(&folder.join(REFERENCE))?;
        let (shape, ids) = reference.read_integers("input_ids")?;
        let (mask_shape, mask) = reference.read_integers("attention_mask")?;
        let &[_, seq] = &shape[..] else {
            return Err(format!("input_ids have the shape {shape:?}, not [batch, seq]").into());
        };
        if mask_shape != shape {
            return Err("input_ids and attention_mask have different shapes".into());
        }
        let ids: Vec<u32> = ids.into_iter().map(u32::try_from).collect::<Result<_, _>>()?;
        let rows: Vec<Vec<u32>> = ids.chunks(seq.max(1)).map(<[u32]>::to_vec).collect();
        let kept: Vec<bool> = mask.iter().map(|&kept| kept == 1).collect();
        let masks = kept.chunks(seq.max(1)).map(<[bool]>::to_vec).collect();
        Ok(Self {
            batch: TokenBatch::with_mask(&rows, masks, device),
            network,
            kept,
            reference,
        })
    }

    /// What the network makes of the batch and what the oracle did, by the reference's names.
    pub(crate) fn results(&self) -> Fallible<Vec<Compared>> {
        let found = match &self.network {
            Network::Encoder(encoder) => vec![("last_hidden_state", encoder.forward(&self.batch, None))],
            Network::Decoder(decoder) => {
                let states = decoder.forward(&self.batch, None);
                let logits = decoder.logits(states.clone(), &self.batch, None);
                vec![("last_hidden_state", states), ("logits", logits)]
            }
            _ => return Err("a kind of network that is not known here".into()),
        };
        let with_expected = |(name, found)| Ok((name, values(found), self.reference.read(name)?.values));
        found.into_iter().map(with_expected).collect()
    }

    /// Logits with an adapter, and which of their rows count: all `[batch, classes]` of an encoder, and of a decoder's
    /// `[batch, seq, vocab]` those of a token.
    pub(crate) fn adapter_logits(&self, adapter: &Adapter) -> Fallible<(Vec<f32>, Vec<bool>)> {
        match &self.network {
            Network::Encoder(encoder) => {
                let states = encoder.forward(&self.batch, Some(adapter));
                let scores = adapter
                    .classify(encoder.pool(states, &self.batch, Some(adapter)))
                    .ok_or("an encoder's adapter without a label head has no logits")?;
                let rows = scores.dims()[0];
                Ok((values(scores), vec![true; rows]))
            }
            Network::Decoder(decoder) => {
                let logits = decoder.logits(
                    decoder.forward(&self.batch, Some(adapter)),
                    &self.batch,
                    Some(adapter),
                );
                Ok((values(logits), self.kept.clone()))
            }
            _ => Err("a kind of network that is not known here".into()),
        }
    }
}

/// A tensor's numbers in row-major order.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The largest difference in the rows that are kept, for as many rows of one width in row-major order.
pub(crate) fn largest_difference(found: &[f32], expected: &[f32], kept: &[bool]) -> Fallible<f32> {
    if found.len() != expected.len() || kept.is_empty() {
        return Err(format!("{} numbers, the reference has {}", found.len(), expected.len()).into());
    }
    let width = (found.len() / kept.len()).max(1);
    let pairs = found
        .chunks(width)
        .zip(expected.chunks(width))
        .zip(kept)
        .filter(|(_, kept)| **kept);
    let differences = pairs.flat_map(|((a, b), _)| a.iter().zip(b).map(|(a, b)| (a - b).abs()));
    // `max` would pass over NaN.
    Ok(differences.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst }))
}

/// The folders `adapter_*` in a model folder, by name.
pub(crate) fn adapters_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("adapter_") && path.is_dir()
        })
        .collect();
    found.sort();
    found
}
