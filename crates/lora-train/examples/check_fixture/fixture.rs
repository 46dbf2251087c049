//! Adapters whose gradients and losses PyTorch has computed; the integration tests read them by this too.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use base_model::{Adapter, DeviceError, Network, WeightFiles, device_by_name};
use burn::tensor::Device;
use lora_train::{Objective, ObjectiveSettings, Shards, Target, TokenRow, Updates};

pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// The device that `BURN_DEVICE` names, or the CPU.
pub(crate) fn device() -> Result<Device, DeviceError> {
    device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned()))
}

/// An adapter on its base, the rows that it is trained on, and what PyTorch and PEFT compute.
pub(crate) struct Fixture {
    pub(crate) network: Network,
    pub(crate) adapter: Adapter,
    pub(crate) rows: Vec<TokenRow>,
    pub(crate) reference: WeightFiles,
    pub(crate) device: Device,
}

/// The largest differences from the reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Differences {
    /// Of two entries of a gradient.
    pub(crate) gradient: f64,
    /// The same by the largest entry of the reference's tensor.
    pub(crate) relative_gradient: f64,
    /// Of two losses of six AdamW steps.
    pub(crate) loss: f64,
}

/// A tensor whose entries are all smaller is compared as if its largest were this: below, f32 knows few digits of it.
const SMALL: f64 = 1e-3;
/// Steps and settings of the reference's optimiser.
const RATE: f64 = 1e-2;
const DECAY: f64 = 0.01;

impl Fixture {
    /// An adapter folder inside of its base model's.
    pub(crate) fn open(folder: &Path, device: &Device) -> Fallible<Self> {
        let base = folder
            .parent()
            .ok_or("the folder of an adapter is in that of its base")?;
        let network = Network::open(base, device)?;
        let adapter = Adapter::read(folder, &network, device)?;
        let reference = WeightFiles::open(&folder.join("reference.safetensors"))?;
        let inputs = WeightFiles::open(&base.join("reference.safetensors"))?;
        Ok(Self {
            rows: rows(&network, &inputs, &reference)?,
            network,
            adapter,
            reference,
            device: device.clone(),
        })
    }

    pub(crate) fn objective(&self, settings: ObjectiveSettings) -> Fallible<Objective<'_>> {
        Objective::new(&self.network, &self.rows, settings, &self.device)
            .map_err(|(row, error)| format!("row {row}: {error}").into())
    }

    /// Trains six steps as the reference did, with the rows cut over so many shards.
    pub(crate) fn differences(&self, shards: usize) -> Fallible<Differences> {
        let objective = self.objective(ObjectiveSettings::default())?;
        let shards = Shards::new(shards)?;
        let all: Vec<usize> = (0..self.rows.len()).collect();
        let losses = self.reference.read("adamw_losses")?.values;
        let mut found = Differences {
            gradient: 0.0,
            relative_gradient: 0.0,
            loss: 0.0,
        };
        let mut adapter = self.adapter.clone();
        // No clipping in the reference's run.
        let mut updates = Updates::new(adapter.parameters().len(), DECAY, f64::MAX);
        for (step, expected) in losses.iter().enumerate() {
            let gradient = objective.gradient(&adapter, &all, &shards);
            found.loss = worse(found.loss, (gradient.loss - f64::from(*expected)).abs());
            if step == 0 {
                for (index, tensor) in gradient.tensors.iter().enumerate() {
                    let values: Vec<f32> = tensor.clone().into_data().iter::<f32>().collect();
                    self.compare(&self.adapter.parameters()[index].name, &values, &mut found)?;
                }
                self.has_all_gradients()?;
            }
            let update = updates.apply(adapter.values(), gradient.tensors, RATE);
            adapter = adapter.with_values(update.values);
        }
        Ok(found)
    }

    fn compare(&self, parameter: &str, values: &[f32], found: &mut Differences) -> Fallible<()> {
        let name = self
            .gradient_name(parameter)
            .ok_or_else(|| format!("no gradient of {parameter}"))?;
        let expected = self.reference.read(&name)?.values;
        if expected.len() != values.len() {
            return Err(format!("{name} has {} numbers, not {}", expected.len(), values.len()).into());
        }
        let largest = expected
            .iter()
            .fold(SMALL, |largest, x| largest.max(f64::from(x.abs())));
        for (a, b) in values.iter().zip(&expected) {
            let difference = f64::from((a - b).abs());
            found.gradient = worse(found.gradient, difference);
            found.relative_gradient = worse(found.relative_gradient, difference / largest);
        }
        Ok(())
    }

    /// What the reference calls the gradient of a parameter: by its path in PEFT's model, which its files shorten.
    fn gradient_name(&self, parameter: &str) -> Option<String> {
        let saved = parameter.match_indices('.').map(|(at, _)| {
            let (module, rest) = parameter.split_at(at);
            format!("grad.{module}.modules_to_save{rest}")
        });
        let as_it_is = [format!("grad.{parameter}"), format!("grad.{parameter}.weight")];
        let mut names = as_it_is.into_iter().chain(saved);
        names.find(|name| self.reference.contains(name))
    }

    /// Every gradient of the reference belongs to a parameter.
    fn has_all_gradients(&self) -> Fallible<()> {
        let parameters = self.adapter.parameters().iter();
        let known: Vec<String> = parameters.filter_map(|p| self.gradient_name(&p.name)).collect();
        let mut gradients = self.reference.names().filter(|name| name.starts_with("grad."));
        match gradients.find(|name| !known.iter().any(|known| known == name)) {
            Some(name) => Err(format!("the adapter has no parameter for {name}").into()),
            None => Ok(()),
        }
    }
}

fn worse(worst: f64, difference: f64) -> f64 {
    // `max` would pass over NaN.
    if difference > worst || difference.is_nan() {
        difference
    } else {
        worst
    }
}

/// The rows of the base's reference without their padding, with the adapter's labels.
fn rows(network: &Network, inputs: &WeightFiles, reference: &WeightFiles) -> Fallible<Vec<TokenRow>> {
    let (shape, ids) = inputs.read_integers("input_ids")?;
    let (_, mask) = inputs.read_integers("attention_mask")?;
    let (_, labels) = reference.read_integers("labels")?;
    let &[count, seq] = &shape[..] else {
        return Err(format!("input_ids have the shape {shape:?}, not [batch, seq]").into());
    };
    let expected = if matches!(network, Network::Encoder(_)) {
        count
    } else {
        count * seq
    };
    if labels.len() != expected || mask.len() != count * seq {
        return Err("labels, attention_mask and input_ids do not belong together".into());
    }
    let mut rows = Vec::new();
    for row in 0..count {
        let kept: Vec<usize> = (row * seq..(row + 1) * seq).filter(|&at| mask[at] == 1).collect();
        let tokens = kept
            .iter()
            .map(|&at| u32::try_from(ids[at]))
            .collect::<Result<Vec<u32>, _>>()?;
        let target = match network {
            Network::Encoder(_) => Target::label(usize::try_from(labels[row])?),
            _ => {
                let is_target = |(_, at): &(usize, &usize)| labels[**at] >= 0;
                let targets: Vec<(usize, &usize)> = kept.iter().enumerate().filter(is_target).collect();
                if targets.iter().any(|(_, at)| labels[**at] != ids[**at]) {
                    return Err(format!("row {row} is to predict other tokens than its own").into());
                }
                // Nothing stands before the first, from which it could be predicted.
                Target::Tokens(
                    targets
                        .into_iter()
                        .map(|(place, _)| place)
                        .filter(|&place| place > 0)
                        .collect(),
                )
            }
        };
        // As in PyTorch, a row without a target adds nothing.
        if target != Target::Tokens(Vec::new()) {
            rows.push(TokenRow {
                id: row.to_string(),
                ids: tokens,
                target,
                weight: 1.0,
                group: row.to_string(),
            });
        }
    }
    Ok(rows)
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

/// An error and those behind it, outermost first.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        told.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    told
}
