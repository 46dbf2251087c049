//! Fused operations against plain ones: values, and gradients by burn's own differentiation of the plain.

use burn::tensor::{Bool, Device, Shape, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Frozen, flex::machine::tests::on_every_machine, plain};
use crate::{WeightFormat, device_by_name};

mod attention;

/// Numbers drawn for one test.
struct Draw(ChaCha8Rng, Device);

impl Draw {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed), device_by_name("flex").unwrap())
    }

    fn tensor<const D: usize>(&mut self, shape: [usize; D]) -> Tensor<D> {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| self.0.random_range(-2.0..2.0)).collect();
        Tensor::from_data(TensorData::new(values, Shape::from(shape)), &self.1)
    }

    /// Blocked with a chance of a third, but never a query's every key, and always the last keys.
    fn mask(&mut self, [rows, queries, keys]: [usize; 3]) -> Tensor<4, Bool> {
        let values: Vec<bool> = (0..rows * queries * keys)
            .map(|index| match index % keys {
                0 => false,
                key if key + 2 > keys => true,
                _ => self.0.random_bool(0.3),
            })
            .collect();
        Tensor::from_data(TensorData::new(values, [rows, 1, queries, keys]), &self.1)
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// How far results in f32 may be apart, of 1 or of their size.
const ROUNDING: f32 = 2e-5;

fn assert_close(what: &str, tolerance: f32, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * b.abs().max(1.0),
            "{what} at {index}: {a} and {b}"
        );
    }
}

/// Holds the values of two functions of one matrix to one another, and their gradients: the tensor is cut into
/// the inputs by `inputs`, and the outputs are weighed with odd factors so that no gradient is like another.
fn assert_alike<const N: usize>(
    name: &str,
    inputs: &[Tensor<3>; N],
    fused: impl Fn([Tensor<3>; N]) -> Tensor<3>,
    plain: impl Fn([Tensor<3>; N]) -> Tensor<3>,
) {
    assert_alike_within(ROUNDING, name, inputs, fused, plain);
}

fn assert_alike_within<const N: usize>(
    tolerance: f32,
    name: &str,
    inputs: &[Tensor<3>; N],
    fused: impl Fn([Tensor<3>; N]) -> Tensor<3>,
    plain: impl Fn([Tensor<3>; N]) -> Tensor<3>,
) {
    let run = |function: &dyn Fn([Tensor<3>; N]) -> Tensor<3>| {
        let without = values(function(inputs.clone()));
        let leaves = inputs.clone().map(|input| input.autodiff().require_grad());
        let output = function(leaves.clone());
        let count = output.shape().num_elements();
        let factors: Vec<f32> = (0..count).map(|i| ((i * 7 % 13) as f32 - 6.0) / 5.0).collect();
        let factors = Tensor::<3>::from_data(
            TensorData::new(factors, output.shape()),
            &device_by_name("flex").unwrap(),
        );
        let mut gradients = (output.clone() * factors.autodiff()).sum().backward();
        let gradients = leaves.map(|leaf| values(leaf.grad_remove(&mut gradients).unwrap()));
        assert_close(
            &format!("{name}, with and without gradients"),
            tolerance,
            &values(output.inner()),
            &without,
        );
        (without, gradients)
    };
    let (expected, expected_gradients) = run(&plain);
    on_every_machine(|| {
        let (found, found_gradients) = run(&fused);
        assert_close(name, tolerance, &found, &expected);
        for (index, (found, expected)) in found_gradients.iter().zip(&expected_gradients).enumerate() {
            assert_close(&format!("{name}, gradient {index}"), tolerance, found, expected);
        }
    });
}

#[test]
fn products_are_alike() {
    let mut draw = Draw::new(8);
    for (batch, seq, d_input, d_output) in [(1, 3, 5, 7), (2, 15, 300, 40), (3, 50, 16, 33)] {
        let inputs = [draw.tensor([batch, seq, d_input])];
        let weight = draw.tensor([1, d_output, d_input]).squeeze_dim::<2>(0);
        let frozen = Frozen::new(weight.clone(), WeightFormat::F32);
        let bias: Tensor<1> = draw.tensor([d_output]);
        assert_alike(
            "linear",
            &inputs,
            |[x]| super::linear(x, &frozen, Some(bias.clone())),
            |[x]| plain::product(x, weight.clone()) + bias.clone().unsqueeze(),
        );
        // A gradient flows to the bias too.
        let [x] = inputs;
        let flat = |bias: Tensor<3>| bias.reshape([d_output]);
        assert_alike(
            "linear with a bias that is trained",
            &[x.clone(), bias.clone().reshape([1, 1, d_output])],
            |[x, bias]| super::linear(x, &frozen, Some(flat(bias))),
            |[x, bias]| plain::product(x, weight.clone()) + flat(bias).unsqueeze(),
        );
        let inputs = [x, weight.clone().unsqueeze()];
        let flat = |tensor: Tensor<3>| tensor.squeeze_dim::<2>(0);
        assert_alike(
            "linear with a weight that is trained",
            &inputs,
            |[x, w]| super::linear(x, &Frozen::new(flat(w), WeightFormat::F32), None),
            |[x, w]| plain::product(x, flat(w)),
        );
    }
}

#[test]
fn gradients_flow_through_every_format() {
    let mut draw = Draw::new(10);
    // Whole numbers of 64ths, the largest among every few, so that rounding them to a byte changes nothing.
    let values: Vec<f32> = (0..2 * 9 * 150_i32)
        .map(|index| match index % 16 {
            0 => 127,
            _ => index * 37 % 150 - 75,
        })
        .map(|multiple| multiple as f32 / 64.0)
        .collect();
    let inputs = [Tensor::from_data(TensorData::new(values, [2, 9, 150]), &draw.1)];
    for format in [WeightFormat::Int16, WeightFormat::Int8, WeightFormat::Int4] {
        let frozen = Frozen::new(draw.tensor([70, 150]), format);
        let rounded = frozen.plain();
        assert_alike_within(
            1e-4,
            "linear with a rounded weight",
            &inputs,
            |[x]| super::linear(x, &frozen, None),
            |[x]| plain::product(x, rounded.clone()),
        );
    }
}

#[test]
fn adapted_products_are_alike() {
    let mut draw = Draw::new(1);
    // Odd sizes, and ones that fill vector registers.
    for (batch, seq, d_input, d_output, rank) in [(2, 3, 5, 7, 2), (3, 17, 32, 48, 16), (1, 1, 8, 1, 1)] {
        let inputs = [
            draw.tensor([batch, seq, d_input]),
            draw.tensor([1, rank, d_input]),
            draw.tensor([1, d_output, rank]),
        ];
        let weight = draw.tensor([1, d_output, d_input]).squeeze_dim::<2>(0);
        let bias: Tensor<1> = draw.tensor([d_output]);
        let frozen = Frozen::new(weight.clone(), WeightFormat::F32);
        let flat = |tensor: Tensor<3>| tensor.squeeze_dim::<2>(0);
        let plain = |x, w, a, b| plain::adapted_product(x, w, flat(a), flat(b), 0.7);
        assert_alike(
            "adapted_linear",
            &inputs,
            |[x, a, b]| super::adapted_linear(x, &frozen, Some(bias.clone()), (flat(a), flat(b), 0.7)),
            |[x, a, b]| plain(x, weight.clone(), a, b) + bias.clone().unsqueeze(),
        );
        let [x, a, b] = inputs;
        assert_alike(
            "adapted_linear with a weight that is trained",
            &[x, weight.clone().unsqueeze(), a, b],
            |[x, w, a, b]| {
                super::adapted_linear(
                    x,
                    &Frozen::new(flat(w), WeightFormat::F32),
                    None,
                    (flat(a), flat(b), 0.7),
                )
            },
            |[x, w, a, b]| plain(x, flat(w), a, b),
        );
    }
}

#[test]
fn a_frozen_weight_is_kept_as_it_was() {
    let weight = Draw::new(9).tensor([37, 21]);
    assert_eq!(
        values(Frozen::new(weight.clone(), WeightFormat::F32).plain()),
        values(weight)
    );
}

/// Work that is on a thread of a pool is not cut over others.
#[test]
fn threads_change_no_bit() {
    let mut draw = Draw::new(6);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for [batch, queries, keys] in [[1, 301, 333], [2, 150, 150], [5, 61, 80], [1, 1, 4000]] {
        let (heads, d_head) = (6, 32);
        let [query, key, value] =
            [queries, keys, keys].map(|length| draw.tensor([batch, length, heads * d_head]));
        let mask = draw.mask([batch, queries, keys]);
        let attend = || super::attention(query.clone(), key.clone(), value.clone(), &mask, heads, heads);
        let (shared, alone) = (values(attend()), one.install(|| values(attend())));
        assert!(
            shared == alone,
            "{batch} rows of {queries} queries and {keys} keys"
        );
    }
    let states = draw.tensor([3, 401, 384]);
    let [gain, bias] = [(); 2].map(|()| draw.tensor([384]));
    let layer = || {
        values(super::layer_norm(
            states.clone(),
            gain.clone(),
            bias.clone(),
            1e-5,
        ))
    };
    assert!(layer() == one.install(layer));
    let root_mean_square = || values(super::rms_norm(states.clone(), gain.clone(), 1e-5));
    assert!(root_mean_square() == one.install(root_mean_square));
}

#[test]
fn norms_are_alike() {
    let mut draw = Draw::new(4);
    for width in [1, 6, 16, 50] {
        let flat = |tensor: Tensor<3>| tensor.reshape([width]);
        let inputs = [draw.tensor([2, 3, width]), draw.tensor([1, 1, width])];
        assert_alike(
            "rms_norm",
            &inputs,
            |[x, gain]| super::rms_norm(x, flat(gain), 1e-5),
            |[x, gain]| plain::rms_norm(x, flat(gain), 1e-5),
        );
        // A row of one number has no variance: its derivative is a difference of large numbers.
        if width > 1 {
            let [x, gain] = inputs;
            assert_alike(
                "layer_norm",
                &[x, gain, draw.tensor([1, 1, width])],
                |[x, gain, bias]| super::layer_norm(x, flat(gain), flat(bias), 1e-5),
                |[x, gain, bias]| plain::layer_norm(x, flat(gain), flat(bias), 1e-5),
            );
        }
    }
}

#[test]
fn activations_are_alike() {
    let mut draw = Draw::new(5);
    for width in [1, 7, 64] {
        let inputs = [
            draw.tensor([2, 3, width]).mul_scalar(4.0),
            draw.tensor([2, 3, width]),
        ];
        assert_alike(
            "silu_gate",
            &inputs,
            |[gate, up]| super::silu_gate(gate, up),
            |[gate, up]| plain::silu_gate(gate, up),
        );
        let [x, _] = inputs;
        assert_alike("gelu", &[x], |[x]| super::gelu(x), |[x]| plain::gelu(x));
    }
}

#[test]
fn log_softmaxes_are_alike() {
    let mut draw = Draw::new(7);
    for width in [1, 9, 48] {
        let scores = draw.tensor([1, 5, width]).mul_scalar(10.0);
        assert_alike(
            "log_softmax",
            &[scores],
            |[x]| super::log_softmax(x.squeeze_dim::<2>(0)).unsqueeze(),
            |[x]| plain::log_softmax(x.squeeze_dim::<2>(0)).unsqueeze(),
        );
    }
}

#[test]
fn rotations_are_alike() {
    let mut draw = Draw::new(6);
    for (rows, heads, half) in [(1, 2, 3), (2, 3, 8)] {
        let x = draw.tensor([2, 4, heads * 2 * half]);
        let (cos, sin) = (draw.tensor([rows, 4, half]), draw.tensor([rows, 4, half]));
        assert_alike(
            "rotate",
            &[x],
            |[x]| super::rotate(x, &cos, &sin),
            |[x]| plain::rotate(x, &cos, &sin),
        );
    }
}
