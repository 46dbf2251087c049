//! Bodies for GPUs against plain operations, in f32 and in 16 bits.

use burn::tensor::{Bool, DType, Device, FloatDType, Int, Shape, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Ends;
use crate::{Activation, device_by_name, kernels::plain};

pub(super) fn device() -> Device {
    device_by_name(if cfg!(feature = "wgpu") { "wgpu" } else { "cuda" }).unwrap()
}

/// Numbers drawn for one test, and the type that they are held in.
struct Draw(ChaCha8Rng, DType);

impl Draw {
    /// One for every type that the device has.
    fn each(seed: u64) -> impl Iterator<Item = Self> {
        let device = device();
        [DType::F32, DType::F16, DType::BF16]
            .into_iter()
            .filter(move |&element| device.supports_dtype(element))
            .map(move |element| Self(ChaCha8Rng::seed_from_u64(seed), element))
    }

    fn tensor<const D: usize>(&mut self, shape: [usize; D]) -> Tensor<D> {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| self.0.random_range(-2.0..2.0)).collect();
        let tensor = Tensor::from_data(TensorData::new(values, Shape::from(shape)), &device());
        plain::of_type(tensor, self.1)
    }

    fn mask(&mut self, [rows, queries, keys]: [usize; 3]) -> Tensor<4, Bool> {
        let values: Vec<bool> = (0..rows * queries * keys)
            .map(|index| index % keys != 0 && self.0.random_bool(0.3))
            .collect();
        Tensor::from_data(TensorData::new(values, [rows, 1, queries, keys]), &device())
    }

    /// Holds a result to plain operations on the same numbers in f32, of which rounding to the type is all that may be off.
    fn assert_alike<const D: usize>(&self, what: &str, found: Option<Tensor<D>>, expected: Tensor<D>) {
        let found = found.unwrap_or_else(|| panic!("{what} of {:?} is not computed here", self.1));
        assert_eq!(found.dtype(), self.1, "{what}");
        // Half a unit in the last place, of numbers of 11 and of 8 significant bits.
        let rounding = match self.1 {
            DType::F32 => 0.0,
            DType::F16 => 2.0_f32.powi(-11),
            _ => 2.0_f32.powi(-8),
        };
        let tolerance = rounding + 2e-5;
        let [found, expected] = [found, expected].map(|tensor| -> Vec<f32> {
            let tensor = tensor.cast(FloatDType::F32);
            tensor.into_data().iter().collect()
        });
        assert_eq!(found.len(), expected.len(), "{what}");
        for (index, (a, b)) in found.iter().zip(&expected).enumerate() {
            assert!(
                (a - b).abs() <= tolerance * b.abs().max(1.0),
                "{what} of {:?} at {index}: {a} and {b}",
                self.1
            );
        }
    }
}

fn wide<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    tensor.clone().cast(FloatDType::F32)
}

#[test]
fn normalisations_are_alike() {
    for mut draw in Draw::each(1) {
        for shape in [[1, 1, 1], [2, 3, 70], [1, 5, 384]] {
            let (x, gain, bias) = (
                draw.tensor(shape),
                wide(&draw.tensor([shape[2]])),
                wide(&draw.tensor([shape[2]])),
            );
            let expected = plain::layer_norm(wide(&x), gain.clone(), bias.clone(), 1e-6);
            let found = super::layer_norm(&x, None, &gain, &bias, 1e-6);
            draw.assert_alike("layer norm", found, expected);
            let y = draw.tensor(shape);
            let expected = plain::layer_norm(wide(&x) + wide(&y), gain.clone(), bias.clone(), 1e-6);
            let found = super::layer_norm(&x, Some(&y), &gain, &bias, 1e-6);
            draw.assert_alike("layer norm of a sum", found, expected);
            let expected = plain::rms_norm(wide(&x), gain.clone(), 1e-6);
            draw.assert_alike("rms norm", super::rms_norm(&x, &gain, 1e-6), expected);
        }
    }
}

#[test]
fn activations_and_gates_are_alike() {
    for mut draw in Draw::each(2) {
        let [x, up] = [0; 2].map(|_| draw.tensor([2, 7, 33]) * 3.0);
        type Function = fn(Tensor<3>) -> Tensor<3>;
        let functions: [(Activation, Function); 4] = [
            (Activation::Gelu, plain::gelu),
            (Activation::GeluTanh, plain::gelu_tanh),
            (Activation::Silu, plain::silu),
            (Activation::Relu, burn::tensor::activation::relu),
        ];
        for (activation, function) in functions {
            let what = format!("{activation:?}");
            let expected = function(wide(&x));
            draw.assert_alike(&what, super::activate(&x, activation), expected.clone());
            draw.assert_alike(&what, super::gate(&x, &up, activation), expected * wide(&up));
        }
    }
}

#[test]
fn rotations_are_alike() {
    for mut draw in Draw::each(3) {
        for (batch, tables, seq, heads, half) in [(1, 1, 5, 3, 4), (3, 1, 4, 2, 8), (2, 2, 3, 1, 5)] {
            let states = draw.tensor([batch, seq, heads * 2 * half]);
            let [cos, sin] = [0; 2].map(|_| wide(&draw.tensor([tables, seq, half])));
            let expected = plain::rotate(wide(&states), &cos, &sin);
            draw.assert_alike("rotation", super::rotate(&states, &cos, &sin), expected);
        }
    }
}

#[test]
fn attention_is_alike() {
    for mut draw in Draw::each(4) {
        // Fewer keys than a tile and more, one query and many, shared masks and own, shared key heads.
        for (batch, queries, keys, heads, kv_heads, d_head, masks) in [
            (1, 1, 1, 1, 1, 4, 1),
            (2, 1, 70, 4, 2, 16, 2),
            (3, 13, 13, 2, 2, 32, 3),
            (1, 40, 90, 3, 1, 64, 1),
            (2, 5, 37, 2, 1, 80, 1),
        ] {
            let query = draw.tensor([batch, queries, heads * d_head]);
            let [key, value] = [0; 2].map(|_| draw.tensor([batch, keys, kv_heads * d_head]));
            for masked in [1, queries] {
                let mask = draw.mask([masks, masked, keys]);
                let expected =
                    plain::attention(wide(&query), wide(&key), wide(&value), &mask, heads, kv_heads);
                let found = super::attention([&query, &key, &value], &mask, None, [heads, kv_heads]);
                let what = format!("attention of {queries} queries and {keys} keys");
                draw.assert_alike(&what, found, expected);
            }
        }
    }
}

#[test]
fn attention_of_rows_end_to_end_is_that_of_each() {
    for mut draw in Draw::each(5) {
        let (lengths, heads, kv_heads, d_head) = ([3, 45, 1, 20], 4, 2, 16);
        let tokens: usize = lengths.iter().sum();
        let longest = lengths.into_iter().max().unwrap();
        let query = draw.tensor([1, tokens, heads * d_head]);
        let [key, value] = [0; 2].map(|_| draw.tensor([1, tokens, kv_heads * d_head]));
        let mask = draw.mask([lengths.len(), longest, longest]);
        let ends: Vec<i32> = (0..=lengths.len())
            .map(|rows| lengths[..rows].iter().sum::<usize>() as i32)
            .collect();
        let starts = Tensor::<1, Int>::from_data(TensorData::new(ends, [lengths.len() + 1]), &device());
        let ends = Ends {
            starts: &starts,
            longest,
        };
        let found = super::attention([&query, &key, &value], &mask, Some(ends), [heads, kv_heads]);
        let mut start = 0;
        let rows = lengths.iter().enumerate().map(|(row, &length)| {
            let [query, key, value] = [&query, &key, &value].map(|states| {
                let states = states.clone().narrow(1, start, length);
                states.cast(FloatDType::F32)
            });
            start += length;
            let mask = mask
                .clone()
                .narrow(0, row, 1)
                .narrow(2, 0, length)
                .narrow(3, 0, length);
            plain::attention(query, key, value, &mask, heads, kv_heads)
        });
        draw.assert_alike("attention end to end", found, Tensor::cat(rows.collect(), 1));
    }
}

#[test]
fn a_query_that_may_look_at_nothing_stays_finite() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(6), DType::F32);
    let states = draw.tensor([1, 50, 8]);
    let mask = Tensor::<4, Bool>::from_data(TensorData::new(vec![true; 50], [1, 1, 1, 50]), &device());
    let found = super::attention([&states; 3], &mask, None, [1, 1]);
    let expected = plain::attention(states.clone(), states.clone(), states, &mask, 1, 1);
    draw.assert_alike("attention to nothing", found, expected);
}

#[test]
fn tensors_with_gradients_and_without_numbers_go_other_ways() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(7), DType::F32);
    let leaf = draw.tensor([1, 2, 4]).autodiff().require_grad();
    assert!(super::activate(&leaf, Activation::Gelu).is_none());
    let none = draw.tensor([0, 3, 4]);
    let found = super::activate(&none, Activation::Gelu).unwrap();
    assert_eq!(found.dims(), [0, 3, 4]);
}

#[test]
fn linear_layers_of_few_rows_are_alike() {
    for mut draw in Draw::each(8) {
        for (rows, d_input, d_output) in [(1, 4, 1), (1, 384, 70), (3, 12, 9), (13, 40, 33), (35, 384, 5)] {
            let input = draw.tensor([1, rows, d_input]);
            // So that sums are of the size of 1.
            let weight = draw.tensor([d_output, d_input]) * 0.05;
            let bias = wide(&draw.tensor([d_output]));
            let expected = plain::product(wide(&input), wide(&weight));
            let found = super::linear(&input, &weight, None, None);
            draw.assert_alike("linear", found, expected.clone());
            let expected = expected + bias.clone().unsqueeze();
            let found = super::linear(&input, &weight, Some(&bias), None);
            draw.assert_alike("linear with a bias", found, expected.clone());
            let found = super::linear(&input, &weight, Some(&bias), Some(Activation::Gelu));
            draw.assert_alike("activated linear", found, plain::gelu(expected));
        }
    }
}

#[test]
fn products_by_tiles_are_alike() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(9), DType::F32);
    for [m, k, n] in [[1, 4, 1], [70, 36, 65], [200, 384, 33], [17, 20, 300]] {
        let lhs = draw.tensor([1, m, k]);
        let rhs = draw.tensor([n, k]) * 0.05;
        let bias = draw.tensor([n]);
        let product = plain::product(lhs.clone(), rhs.clone());
        for (bias, activation) in [
            (None, None),
            (Some(&bias), None),
            (Some(&bias), Some(Activation::Silu)),
        ] {
            let expected = match bias {
                Some(bias) => product.clone() + bias.clone().unsqueeze(),
                None => product.clone(),
            };
            let expected = match activation {
                Some(_) => plain::silu(expected),
                None => expected,
            };
            let output = Tensor::<3>::zeros([1, m, n], &device());
            let [left, right, into] = [
                super::constant(&lhs).unwrap().0,
                super::constant(&rhs).unwrap().0,
                super::constant(&output).unwrap().0,
            ];
            let added = bias.map(|bias| super::constant(bias).unwrap());
            super::tiled::tiled([left, right, into], [m, k, n], added, activation);
            draw.assert_alike("product by tiles", Some(output), expected);
        }
    }
}
