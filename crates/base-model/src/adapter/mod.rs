//! Low-rank adapters on a frozen network.

mod config;
mod files;
mod patterns;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub use config::{AdapterConfig, TaskType};
pub use files::AdapterError;

use config::Update;

use crate::{Network, Slot};

/// LoRA factors for some of a network's projections, and the label head, if there is one.
///
/// The base model is not part of it: many adapters share one network, and a forward pass is told which of
/// them to use.
#[derive(Debug, Clone)]
pub struct Adapter {
    config: AdapterConfig,
    parameters: Vec<Parameter>,
    /// For every slot of the network, where its factors are among the parameters.
    by_slot: Vec<Option<Factors>>,
    head: Option<Head>,
}

/// A trainable tensor with its name in the file.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The key in `adapter_model.safetensors`.
    pub name: String,
    /// Its values; a vector is held as one row.
    pub value: Tensor<2>,
    /// Whether the file holds it as a vector.
    pub is_vector: bool,
}

#[derive(Debug, Clone, Copy)]
struct Factors {
    a: usize,
    b: usize,
    scale: f64,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    weight: usize,
    bias: Option<usize>,
    classes: usize,
}

/// Key of the label head's weight and bias, where PEFT keeps modules that are saved whole.
const HEAD: &str = "base_model.model.classifier";

impl Adapter {
    /// A fresh adapter that changes nothing yet.
    ///
    /// `A` is uniform in `±1/sqrt(d_input)`, the Kaiming rule of PEFT and of the authors' loralib; `B` is
    /// zero, so that the first forward pass equals the base model's (Hu et al. 2021, section 4.1). A label
    /// head of `classes` rows is normal with deviation 0.02 and no bias, as transformers makes it. Each
    /// tensor's numbers come from the seed and its name, not from the order in which tensors are made.
    ///
    /// # Errors
    ///
    /// [`AdapterError::NoTarget`] if a target matches no projection of the network.
    pub fn init(
        config: AdapterConfig,
        network: &Network,
        classes: Option<usize>,
        seed: u64,
        device: &Device,
    ) -> Result<Self, AdapterError> {
        let sizes = network.hidden_size();
        let prefix = network.peft_prefix(classes.is_some());
        Self::build(
            config,
            network.slots(),
            prefix,
            classes.map(|n| (n, sizes)),
            |name, [rows, columns]| {
                let mut random = rng(seed, name);
                let values: Vec<f32> = if name.ends_with("lora_B.weight") || name.ends_with(".bias") {
                    vec![0.0; rows * columns]
                } else if name.ends_with("lora_A.weight") {
                    let bound = (columns as f32).powf(-0.5);
                    (0..rows * columns)
                        .map(|_| random.random_range(-bound..bound))
                        .collect()
                } else {
                    (0..rows * columns).map(|_| 0.02 * normal(&mut random)).collect()
                };
                Ok(Tensor::from_data(
                    TensorData::new(values, [rows, columns]),
                    device,
                ))
            },
        )
    }

    /// Lays out the parameters in slot order, the head last, taking each from `value`.
    fn build(
        config: AdapterConfig,
        slots: &[Slot],
        prefix: &str,
        head: Option<(usize, usize)>,
        mut value: impl FnMut(&str, [usize; 2]) -> Result<Tensor<2>, AdapterError>,
    ) -> Result<Self, AdapterError> {
        let updates = config.updates(slots, prefix)?;
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut push = |name: String, shape: [usize; 2], is_vector: bool| {
            let value = value(&name, shape)?;
            parameters.push(Parameter {
                name,
                value,
                is_vector,
            });
            Ok::<usize, AdapterError>(parameters.len() - 1)
        };
        let mut by_slot = Vec::with_capacity(slots.len());
        for (slot, update) in slots.iter().zip(updates) {
            let Some(Update { rank, scale }) = update else {
                by_slot.push(None);
                continue;
            };
            let key = format!("base_model.model.{prefix}{}", slot.path);
            let a = push(format!("{key}.lora_A.weight"), [rank, slot.d_input], false)?;
            let b = push(format!("{key}.lora_B.weight"), [slot.d_output, rank], false)?;
            by_slot.push(Some(Factors { a, b, scale }));
        }
        let head = match head {
            Some((classes, d_model)) => Some(Head {
                weight: push(format!("{HEAD}.weight"), [classes, d_model], false)?,
                bias: Some(push(format!("{HEAD}.bias"), [1, classes], true)?),
                classes,
            }),
            None => None,
        };
        Ok(Self {
            config,
            parameters,
            by_slot,
            head,
        })
    }

    /// The config that goes into `adapter_config.json`.
    #[must_use]
    pub fn config(&self) -> &AdapterConfig {
        &self.config
    }

    /// The trainable tensors, in a fixed order.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// How many numbers are trained.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters
            .iter()
            .map(|parameter| parameter.value.shape().num_elements())
            .sum()
    }

    /// The values of the trainable tensors, in the order of [`Adapter::parameters`].
    #[must_use]
    pub fn values(&self) -> Vec<Tensor<2>> {
        self.parameters
            .iter()
            .map(|parameter| parameter.value.clone())
            .collect()
    }

    /// The same adapter with other values.
    ///
    /// # Panics
    ///
    /// If there are more or fewer values than parameters, or one has another shape.
    #[must_use]
    pub fn with_values(&self, values: impl IntoIterator<Item = Tensor<2>>) -> Self {
        let mut adapter = self.clone();
        let mut values = values.into_iter();
        for parameter in &mut adapter.parameters {
            let value = values.next().expect("one value a parameter");
            assert_eq!(
                value.dims(),
                parameter.value.dims(),
                "{} has another shape",
                parameter.name
            );
            parameter.value = value;
        }
        assert!(values.next().is_none(), "more values than parameters");
        adapter
    }

    /// How many labels the head tells apart, if there is a head.
    #[must_use]
    pub fn classes(&self) -> Option<usize> {
        self.head.map(|head| head.classes)
    }

    /// The label head on pooled states: `[batch, d_model]` to `[batch, classes]`; `None` without a head.
    #[must_use]
    pub fn classify(&self, pooled: Tensor<2>) -> Option<Tensor<2>> {
        let head = self.head?;
        let weight = self.parameters[head.weight].value.clone(); // [classes, d_model]
        let scores = pooled.matmul(weight.transpose()); // [batch, classes]
        Some(match head.bias {
            Some(bias) => scores + self.parameters[bias].value.clone(),
            None => scores,
        })
    }

    /// The factors on a slot: `A` `[rank, d_input]`, `B` `[d_output, rank]`, and the scale.
    pub(crate) fn factors(&self, slot: usize) -> Option<(Tensor<2>, Tensor<2>, f64)> {
        let factors = (*self.by_slot.get(slot)?)?;
        let value = |index: usize| self.parameters[index].value.clone();
        Some((value(factors.a), value(factors.b), factors.scale))
    }
}

/// A random stream of its own for every tensor.
fn rng(seed: u64, name: &str) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(name.as_bytes());
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// A standard normal number, by the method of Box and Muller (1958).
fn normal(random: &mut ChaCha8Rng) -> f32 {
    let u: f64 = 1.0 - random.random::<f64>();
    let v: f64 = random.random();
    ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
}
