use burn::tensor::{Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{super::tests::device, exact_product};

/// What sums in f32 may be off by, of the sum of their terms' sizes; factors in TF32 are off by 5e-4 each.
const ROUNDING: f64 = 2e-6;

/// A batch of matrices, row after row.
#[derive(Clone)]
struct Matrices {
    sizes: [usize; 3],
    values: Vec<f32>,
}

impl Matrices {
    fn draw(random: &mut ChaCha8Rng, sizes: [usize; 3]) -> Self {
        let count = sizes.iter().product();
        let values = (0..count).map(|_| random.random_range(-2.0..2.0)).collect();
        Self { sizes, values }
    }

    fn tensor(&self) -> Tensor<3> {
        Tensor::from_data(TensorData::new(self.values.clone(), self.sizes), &device())
    }

    fn at(&self, batch: usize, row: usize, column: usize) -> f64 {
        let [_, rows, columns] = self.sizes;
        f64::from(self.values[(batch * rows + row) * columns + column])
    }

    fn turned(&self) -> Self {
        let [batch, rows, columns] = self.sizes;
        let places =
            (0..batch).flat_map(|b| (0..columns).flat_map(move |c| (0..rows).map(move |r| (b, r, c))));
        Self {
            sizes: [batch, columns, rows],
            values: places.map(|(b, r, c)| self.at(b, r, c) as f32).collect(),
        }
    }

    /// Holds the product of two to what was computed.
    fn assert_product(&self, other: &Self, found: Tensor<3>, what: &str) {
        let ([batch, rows, inner], [_, _, columns]) = (self.sizes, other.sizes);
        let found: Vec<f32> = found.into_data().iter().collect();
        assert_eq!(found.len(), batch * rows * columns, "{what}");
        for (place, found) in found.into_iter().enumerate() {
            let (b, r, c) = (place / (rows * columns), place / columns % rows, place % columns);
            let terms = (0..inner).map(|i| self.at(b, r, i) * other.at(b, i, c));
            let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()));
            let off = (f64::from(found) - sum).abs();
            assert!(
                off <= ROUNDING * size,
                "{what}, {:?} times {:?} at {place}: {found} and {sum}",
                self.sizes,
                other.sizes
            );
        }
    }
}

#[test]
fn products_and_gradients_are_those_of_f32() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    // A row, sizes that no tile divides, and heads. Each takes its kernels' time to compile.
    for (batch, m, k, n) in [(1, 1, 300, 70), (1, 13, 77, 31), (6, 33, 32, 33)] {
        let lhs = Matrices::draw(&mut random, [batch, m, k]);
        let rhs = Matrices::draw(&mut random, [batch, n, k]).turned();
        let gradient = Matrices::draw(&mut random, [batch, m, n]);
        lhs.assert_product(&rhs, exact_product(lhs.tensor(), rhs.tensor()), "product");
        // As a weight comes, and as keys do.
        let turned = rhs.turned().tensor().swap_dims(1, 2);
        lhs.assert_product(
            &rhs,
            exact_product(lhs.tensor(), turned),
            "product with a turned factor",
        );

        let leaves = [&lhs, &rhs].map(|factor| factor.tensor().autodiff().require_grad());
        let [a, b] = leaves.clone();
        let output = exact_product(a, b);
        let mut found = (output * gradient.tensor().autodiff()).sum().backward();
        let [of_lhs, of_rhs] = leaves.map(|leaf| leaf.grad_remove(&mut found).unwrap());
        gradient.assert_product(&rhs.turned(), of_lhs, "gradient of the left factor");
        lhs.turned()
            .assert_product(&gradient, of_rhs, "gradient of the right factor");
    }
}

#[test]
fn a_product_without_rows_is_empty() {
    let none = Matrices {
        sizes: [1, 0, 5],
        values: Vec::new(),
    };
    let some = Matrices {
        sizes: [1, 5, 3],
        values: vec![1.0; 15],
    };
    assert_eq!(exact_product(none.tensor(), some.tensor()).dims(), [1, 0, 3]);
}
