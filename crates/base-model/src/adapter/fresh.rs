//! Adapters that nobody has trained yet.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Adapter, AdapterConfig, AdapterError, LowRank, Part, Wanted};
use crate::{Network, layers::Module};

impl Adapter {
    /// A fresh adapter that changes nothing yet.
    ///
    /// `A` is uniform in `±1/sqrt(d_input)`, the Kaiming rule of PEFT and of the authors' loralib; `B` is
    /// zero, so that the first forward pass equals the base model's (Hu et al. 2021, section 4.1); of an embedding,
    /// whose factors PEFT keeps transposed, `A` is zero and `B` normal. Magnitudes are the base's, modules that are saved
    /// whole begin as the base has them. A label head of `classes` rows is normal with deviation 0.02 and no bias, as
    /// transformers makes it, and so are weights between states and label head that the base has none of. Each
    /// tensor's numbers come from the seed and its name, not from the order in which tensors are made.
    ///
    /// # Errors
    ///
    /// [`AdapterError::NoTarget`] if a target matches no module of the network, [`AdapterError::PartialTarget`] if one
    /// that names no layer matches in some layers only.
    pub fn init(
        mut config: AdapterConfig,
        network: &Network,
        classes: Option<usize>,
        seed: u64,
        device: &Device,
    ) -> Result<Self, AdapterError> {
        // What the base has no weights of must be trained, whether it was asked for or not.
        if let Some(path) = network.missing_path(|_| false) {
            let module = path.split('.').next().unwrap_or(path);
            if !config.modules_to_save.iter().any(|name| name == module) {
                config.modules_to_save.push(module.to_owned());
            }
        }
        Self::build(config, network, classes, true, |wanted| {
            Ok(first_value(&wanted, seed, device))
        })
    }
}

fn first_value(wanted: &Wanted<'_>, seed: u64, device: &Device) -> Tensor<2> {
    let [rows, columns] = wanted.shape;
    let mut random = rng(seed, wanted.name);
    let mut of_numbers = |number: &mut dyn FnMut(&mut ChaCha8Rng) -> f32| {
        let values: Vec<f32> = (0..rows * columns).map(|_| number(&mut random)).collect();
        Tensor::from_data(TensorData::new(values, [rows, columns]), device)
    };
    match &wanted.part {
        Part::B | Part::EmbeddingA | Part::HeadBias => Tensor::zeros([rows, columns], device),
        Part::A => {
            let bound = (columns as f32).powf(-0.5);
            of_numbers(&mut |random| random.random_range(-bound..bound))
        }
        Part::EmbeddingB => of_numbers(&mut normal),
        Part::HeadWeight => of_numbers(&mut |random| 0.02 * normal(random)),
        Part::Weight(Module::Linear(_), false) => of_numbers(&mut |random| 0.02 * normal(random)),
        Part::Magnitude(Module::Linear(layer)) => LowRank::square_norms(layer.stored().0).sqrt().unsqueeze(),
        Part::Magnitude(Module::Embedding(embedding)) => {
            LowRank::square_norms(embedding.stored().transpose())
                .sqrt()
                .unsqueeze()
        }
        Part::Weight(Module::Linear(layer), true) => layer.stored().0,
        Part::Weight(Module::Embedding(embedding), _) => embedding.stored(),
        Part::Weight(Module::Norm(norm), _) => norm.stored().0.unsqueeze(),
        Part::Bias(Module::Linear(layer)) => bias(layer.stored().1, columns, device),
        Part::Bias(Module::Norm(norm)) => bias(norm.stored().1, columns, device),
        // No norm is a target, and an embedding has no bias.
        Part::Magnitude(Module::Norm(_)) | Part::Bias(Module::Embedding(_)) => {
            Tensor::zeros([rows, columns], device)
        }
    }
}

fn bias(stored: Option<Tensor<1>>, length: usize, device: &Device) -> Tensor<2> {
    match stored {
        Some(bias) => bias.unsqueeze(),
        None => Tensor::zeros([1, length], device),
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
