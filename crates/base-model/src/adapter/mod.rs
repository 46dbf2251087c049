//! Low-rank adapters on a frozen network.

mod by_pattern;
mod config;
mod files;
mod fresh;
mod patterns;
mod targets;
mod tuning;

use std::sync::{Arc, OnceLock};

use burn::tensor::Tensor;

pub use by_pattern::ByPattern;
pub use config::{AdapterConfig, TaskType};
pub use files::AdapterError;
pub use targets::Targets;
pub(crate) use tuning::{LowRank, Tuning};

use config::Change;

use crate::{
    ModuleKind, Network, Slot, WeightFormat,
    kernels::{self, Frozen},
    layers::Module,
};

/// LoRA factors for some of a network's modules, modules that are replaced, and the label head, if there is one.
///
/// The base model is not part of it: many adapters share one network, and a forward pass is told which of
/// them to use.
#[derive(Debug, Clone)]
pub struct Adapter {
    config: AdapterConfig,
    parameters: Vec<Parameter>,
    /// For every slot of the network, where what is done with it is among the parameters.
    by_slot: Vec<SlotChange>,
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

#[derive(Debug, Clone, Default)]
struct SlotChange {
    saved: Option<Saved>,
    factors: Option<Factors>,
}

#[derive(Debug, Clone)]
struct Saved {
    weight: usize,
    bias: Option<usize>,
    /// The present weight laid out.
    frozen: Arc<OnceLock<Frozen>>,
}

#[derive(Debug, Clone)]
struct Factors {
    a: usize,
    b: usize,
    scale: f64,
    magnitude: Option<usize>,
    /// Of the weight's rows with the factors' present values.
    norms: Arc<OnceLock<Tensor<1>>>,
    /// The present values laid out.
    frozen: Arc<OnceLock<(Frozen, Frozen)>>,
}

#[derive(Debug, Clone)]
struct Head {
    weight: usize,
    bias: Option<usize>,
    classes: usize,
    /// The present weight laid out.
    frozen: Arc<OnceLock<Frozen>>,
}

/// A tensor that an adapter needs: its key, its shape, and what it is.
struct Wanted<'a> {
    name: &'a str,
    /// A vector is one row.
    shape: [usize; 2],
    is_vector: bool,
    part: Part<'a>,
}

/// What a tensor is in an adapter.
enum Part<'a> {
    /// The factor `A` of a linear layer.
    A,
    /// The factor `B` of a linear layer.
    B,
    /// The factor `A` of an embedding, for the transposed table.
    EmbeddingA,
    /// The factor `B` of an embedding.
    EmbeddingB,
    /// The lengths of the rows of the module's weight, or of an embedding's columns.
    Magnitude(&'a Module),
    /// The weight of a module that is replaced, if the base has it.
    Weight(&'a Module, bool),
    /// The bias of a module that is replaced.
    Bias(&'a Module),
    /// The label head's weight.
    HeadWeight,
    /// The label head's bias.
    HeadBias,
}

/// Key of the label head's weight and bias, where PEFT keeps modules that are saved whole.
const HEAD: &str = "base_model.model.classifier";

/// What stands before every path in the file.
const ROOT: &str = "base_model.model.";

impl Adapter {
    /// Lays out the parameters in slot order, the head last, taking each from `value`; a head has so many classes.
    fn build(
        config: AdapterConfig,
        network: &Network,
        classes: Option<usize>,
        is_strict: bool,
        mut value: impl FnMut(Wanted<'_>) -> Result<Tensor<2>, AdapterError>,
    ) -> Result<Self, AdapterError> {
        let paths = network.task_paths(classes.is_some());
        let changes = config.changes(network.slots(), &paths, is_strict)?;
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut push = |name: String, shape: [usize; 2], is_vector: bool, part: Part<'_>| {
            let wanted = Wanted {
                name: &name,
                shape,
                is_vector,
                part,
            };
            let value = value(wanted)?;
            parameters.push(Parameter {
                name,
                value,
                is_vector,
            });
            Ok::<usize, AdapterError>(parameters.len() - 1)
        };
        let modules = network.slots().iter().zip(network.modules());
        let mut by_slot = Vec::with_capacity(paths.len());
        for (((slot, module), path), change) in modules.zip(&paths).zip(changes) {
            let key = format!("{ROOT}{path}");
            let (saved, factors) = match change {
                Change::None => (None, None),
                Change::Saved => (Some(push_saved(&key, slot, module, &mut push)?), None),
                Change::LowRank { rank, scale } => {
                    let sizes = (rank, scale, config.use_dora);
                    (None, Some(push_factors(&key, slot, module, sizes, &mut push)?))
                }
            };
            by_slot.push(SlotChange { saved, factors });
        }
        if let Some(path) = network.missing_path(|slot| by_slot[slot].saved.is_some()) {
            return Err(AdapterError::NotInBase {
                path: path.to_owned(),
            });
        }
        let d_model = network.hidden_size();
        let head = match classes {
            Some(classes) => Some(Head {
                weight: push(
                    format!("{HEAD}.weight"),
                    [classes, d_model],
                    false,
                    Part::HeadWeight,
                )?,
                bias: Some(push(format!("{HEAD}.bias"), [1, classes], true, Part::HeadBias)?),
                classes,
                frozen: Arc::default(),
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
        for change in &mut adapter.by_slot {
            if let Some(factors) = &mut change.factors {
                factors.norms = Arc::default();
                factors.frozen = Arc::default();
            }
            if let Some(saved) = &mut change.saved {
                saved.frozen = Arc::default();
            }
        }
        if let Some(head) = &mut adapter.head {
            head.frozen = Arc::default();
        }
        adapter
    }

    /// Its label head alone, for a network that the rest was merged into.
    #[must_use]
    pub fn head_alone(&self) -> Self {
        let is_head = |parameter: &&Parameter| parameter.name.starts_with(HEAD);
        let moved = |index: usize| index - self.parameters.iter().take(index).filter(|p| !is_head(p)).count();
        Self {
            config: self.config.clone(),
            parameters: self.parameters.iter().filter(is_head).cloned().collect(),
            by_slot: vec![SlotChange::default(); self.by_slot.len()],
            head: self.head.as_ref().map(|head| Head {
                weight: moved(head.weight),
                bias: head.bias.map(moved),
                ..head.clone()
            }),
        }
    }

    /// How many labels the head tells apart, if there is a head.
    #[must_use]
    pub fn classes(&self) -> Option<usize> {
        self.head.as_ref().map(|head| head.classes)
    }

    /// The label head on pooled states: `[batch, d_model]` to `[batch, classes]`; `None` without a head.
    #[must_use]
    pub fn classify(&self, pooled: Tensor<2>) -> Option<Tensor<2>> {
        let head = self.head.as_ref()?;
        let (weight, bias) = (self.value(head.weight), head.bias.map(|bias| self.value(bias)));
        if !weight.is_autodiff() && !pooled.is_autodiff() {
            let frozen = head.frozen.get_or_init(|| Frozen::new(weight, WeightFormat::F32));
            let bias = bias.map(|bias| bias.squeeze_dim::<1>(0));
            let scores = kernels::linear(pooled.unsqueeze_dim::<3>(0), frozen, bias); // [1, batch, classes]
            return Some(scores.squeeze_dim::<2>(0));
        }
        let scores = kernels::times(pooled, weight.transpose()); // [batch, classes]
        Some(match bias {
            Some(bias) => scores + bias,
            None => scores,
        })
    }

    fn value(&self, index: usize) -> Tensor<2> {
        self.parameters[index].value.clone()
    }
}

/// Asks for a tensor of a name and shape, a vector or not, and returns where it is.
trait Push: FnMut(String, [usize; 2], bool, Part<'_>) -> Result<usize, AdapterError> {}

impl<F: FnMut(String, [usize; 2], bool, Part<'_>) -> Result<usize, AdapterError>> Push for F {}

fn push_saved(key: &str, slot: &Slot, module: &Module, push: &mut impl Push) -> Result<Saved, AdapterError> {
    let (shape, has_bias) = match module {
        Module::Linear(layer) => ([slot.d_output, slot.d_input], layer.stored().1.is_some()),
        Module::Embedding(_) => ([slot.d_input, slot.d_output], false),
        Module::Norm(norm) => ([1, slot.d_output], norm.has_bias()),
    };
    let is_vector = slot.kind == ModuleKind::Norm;
    Ok(Saved {
        frozen: Arc::default(),
        weight: push(
            format!("{key}.weight"),
            shape,
            is_vector,
            Part::Weight(module, slot.is_in_base),
        )?,
        bias: match has_bias {
            true => Some(push(
                format!("{key}.bias"),
                [1, slot.d_output],
                true,
                Part::Bias(module),
            )?),
            false => None,
        },
    })
}

fn push_factors(
    key: &str,
    slot: &Slot,
    module: &Module,
    (rank, scale, has_magnitude): (usize, f64, bool),
    push: &mut impl Push,
) -> Result<Factors, AdapterError> {
    let (a_shape, b_shape) = ([rank, slot.d_input], [slot.d_output, rank]);
    let (a, b) = match slot.kind {
        ModuleKind::Embedding => (
            push(
                format!("{key}.lora_embedding_A"),
                a_shape,
                false,
                Part::EmbeddingA,
            )?,
            push(
                format!("{key}.lora_embedding_B"),
                b_shape,
                false,
                Part::EmbeddingB,
            )?,
        ),
        _ => (
            push(format!("{key}.lora_A.weight"), a_shape, false, Part::A)?,
            push(format!("{key}.lora_B.weight"), b_shape, false, Part::B)?,
        ),
    };
    let magnitude = match has_magnitude {
        true => {
            let name = format!("{key}.lora_magnitude_vector");
            Some(push(name, [1, slot.d_output], true, Part::Magnitude(module))?)
        }
        false => None,
    };
    Ok(Factors {
        a,
        b,
        scale,
        magnitude,
        norms: Arc::default(),
        frozen: Arc::default(),
    })
}
