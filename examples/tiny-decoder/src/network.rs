//! All weights of a decoder as trainable tensors.

use std::{collections::BTreeMap, path::Path};

use base_model::{
    Decoder, DecoderConfig, Precision, TensorSource, TokenBatch, WeightWriter, WeightWriterError,
    WeightsError,
};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The weights of a decoder: names, shapes and first values.
#[derive(Debug)]
pub(crate) struct Weights {
    config: DecoderConfig,
    names: Vec<String>,
    first: Vec<Tensor<2>>,
    is_vector: Vec<bool>,
}

/// Makes whatever tensor it is asked for, and remembers it.
struct Maker<'a> {
    random: ChaCha8Rng,
    /// Deviation of the matrices that end a residual branch.
    residual_deviation: f64,
    device: &'a Device,
    made: Vec<(String, Tensor<2>, bool)>,
}

/// Hands out tensors by name.
struct Leaves<'a> {
    by_name: BTreeMap<&'a str, &'a Tensor<2>>,
}

impl Weights {
    /// Matrices are normal with deviation 0.02, those that end a residual branch smaller by the square root of
    /// twice the number of blocks (Radford et al. 2019, section 2.3); gains are one.
    pub(crate) fn fresh(config: &DecoderConfig, seed: u64, device: &Device) -> Result<Self, WeightsError> {
        let mut maker = Maker {
            random: ChaCha8Rng::seed_from_u64(seed),
            residual_deviation: 0.02 / ((2 * config.layers.len()) as f64).sqrt(),
            device,
            made: Vec::new(),
        };
        Decoder::assemble(config.clone(), &mut maker)?;
        let (mut names, mut first, mut is_vector) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value, vector) in maker.made {
            names.push(name);
            first.push(value);
            is_vector.push(vector);
        }
        Ok(Self {
            config: config.clone(),
            names,
            first,
            is_vector,
        })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn values(&self) -> Vec<Tensor<2>> {
        self.first.clone()
    }

    /// How many numbers are trained.
    pub(crate) fn count(&self) -> usize {
        self.first
            .iter()
            .map(|tensor| tensor.shape().num_elements())
            .sum()
    }

    /// The sum of the cross entropies of every next token of the rows, in nats, multiplied with `scale`.
    pub(crate) fn loss(
        &self,
        values: &[Tensor<2>],
        rows: &[&Vec<u32>],
        scale: f64,
        device: &Device,
    ) -> Tensor<1> {
        let by_name = self.names.iter().map(String::as_str).zip(values).collect();
        let decoder = Decoder::assemble(self.config.clone(), &mut Leaves { by_name })
            .expect("the leaves have the names and shapes that a decoder of this config asked for before");
        let inputs: Vec<Vec<u32>> = rows.iter().map(|row| row[..row.len() - 1].to_vec()).collect();
        let next: Vec<i32> = rows
            .iter()
            .flat_map(|row| row[1..].iter().map(|&id| id as i32))
            .collect();
        let count = next.len();
        let places: Vec<Vec<usize>> = inputs.iter().map(|row| (0..row.len()).collect()).collect();
        let batch = TokenBatch::new(&inputs, 0, device);
        let log_p = decoder.log_probabilities_at(batch, None, &places, None); // [batch * seq, vocab]
        let next = Tensor::<2, Int>::from_data(TensorData::new(next, [count, 1]), device);
        log_p.gather(1, next).sum().mul_scalar(-scale)
    }

    /// Writes the values in f16, under the names of the checkpoint.
    pub(crate) fn write(&self, values: &[Tensor<2>], path: &Path) -> Result<(), WeightWriterError> {
        let mut writer = WeightWriter::new(Precision::F16);
        for ((name, value), &is_vector) in self.names.iter().zip(values).zip(&self.is_vector) {
            writer.push(name, value, is_vector);
        }
        writer.write(path)?;
        Ok(())
    }
}

impl TensorSource for Maker<'_> {
    fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, WeightsError> {
        let ends_branch = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
        let deviation = if ends_branch {
            self.residual_deviation
        } else {
            0.02
        };
        let mut normal = || {
            // Box and Muller (1958).
            let (u, v): (f64, f64) = (1.0 - self.random.random::<f64>(), self.random.random());
            ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos() * deviation) as f32
        };
        let values: Vec<f32> = (0..shape[0] * shape[1]).map(|_| normal()).collect();
        let tensor = Tensor::from_data(TensorData::new(values, shape), self.device);
        self.made.push((name.to_owned(), tensor.clone(), false));
        Ok(tensor)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, WeightsError> {
        let tensor = Tensor::<2>::ones([1, length], self.device);
        self.made.push((name.to_owned(), tensor.clone(), true));
        Ok(tensor.squeeze_dim::<1>(0))
    }
}

impl TensorSource for Leaves<'_> {
    fn matrix(&mut self, name: &str, _shape: [usize; 2]) -> Result<Tensor<2>, WeightsError> {
        let found = self.by_name.get(name).copied().cloned();
        found.ok_or_else(|| WeightsError::Missing {
            tensor: name.to_owned(),
        })
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, WeightsError> {
        Ok(self.matrix(name, [1, length])?.squeeze_dim::<1>(0))
    }
}
