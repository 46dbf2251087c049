//! Products of few rows with a frozen matrix, bound by how fast its numbers are read.
//!
//! A library for products of any matrices lays out both sides anew each time, which for a dozen rows costs as much as
//! the product. Here the frozen side is laid out once: in panels of as many outputs as two vector registers hold, each
//! input's numbers for these outputs side by side, so that a product reads them from beginning to end exactly once for
//! every few rows. Sums run over the inputs in order, so that a row's result does not depend on the rows beside it.

use burn::tensor::Tensor;
use pulp::{Arch, Simd, WithSimd};

use super::matrix::Matrix;

/// Rows up to which a product takes this way; with more, what laying out both sides costs is shared by enough rows.
pub(in crate::kernels) const FEW_ROWS: usize = 128;

/// Registers of a row's sums in one panel.
const REGISTERS: usize = 2;
/// Rows whose sums are held in registers at once, on machines of 32 vector registers and of 16: with the numbers of a
/// panel's input and one of the rows', they fill all but one or two.
const ROWS_OF_32: usize = 14;
const ROWS_OF_16: usize = 6;
/// Inputs of a panel that are read for all rows before the next: they stay in the first-level cache.
const INPUTS_AT_ONCE: usize = 256;

/// A matrix `[d_output, d_input]` in panels.
#[derive(Debug)]
pub(in crate::kernels) struct Panels {
    d_input: usize,
    d_output: usize,
    /// Outputs of a panel; the last panel is filled up with zeros.
    width: usize,
    /// `[panels, d_input, width]`
    values: Vec<f32>,
}

impl Panels {
    /// Lays out a weight for the vector registers of this machine.
    pub(in crate::kernels) fn of(weight: &Tensor<2>) -> Self {
        let [d_output, d_input] = weight.dims();
        let rows: Vec<f32> = weight.to_data().iter::<f32>().collect();
        let width = Arch::new().dispatch(PanelWidth);
        let mut values = vec![0.0; d_output.div_ceil(width) * width * d_input];
        for (output, row) in rows.chunks_exact(d_input.max(1)).enumerate() {
            let panel = &mut values[output / width * width * d_input..];
            for (numbers, &value) in panel.chunks_exact_mut(width).zip(row) {
                numbers[output % width] = value;
            }
        }
        Self {
            d_input,
            d_output,
            width,
            values,
        }
    }

    /// The rows times the transposed matrix, `[rows, d_output]`.
    ///
    /// # Panics
    ///
    /// If the rows are not of `d_input` numbers each.
    pub(super) fn times(&self, rows: Matrix<'_>) -> Vec<f32> {
        assert_eq!(
            rows.columns, self.d_input,
            "the matrix has as many inputs as a row"
        );
        let mut output = vec![0.0; rows.rows * self.d_output];
        if self.d_input > 0 && self.d_output > 0 {
            Arch::new().dispatch(Product {
                rows,
                panels: self,
                output: &mut output,
            });
        }
        output
    }
}

/// Outputs of a panel on this machine.
struct PanelWidth;

impl WithSimd for PanelWidth {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        REGISTERS * S::F32_LANES
    }
}

struct Product<'a> {
    rows: Matrix<'a>,
    panels: &'a Panels,
    /// `[rows, d_output]`
    output: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, panels, output } = self;
        let (width, d_output) = (panels.width, panels.d_output);
        let blocks = blocks(
            rows.rows,
            if S::REGISTER_COUNT >= 32 {
                ROWS_OF_32
            } else {
                ROWS_OF_16
            },
        );
        let mut block_inputs = vec![0.0; rows.rows * panels.d_input.min(INPUTS_AT_ONCE)];
        for from in (0..panels.d_input).step_by(INPUTS_AT_ONCE) {
            let inputs = INPUTS_AT_ONCE.min(panels.d_input - from);
            for &[first, count] in &blocks {
                let block = &mut block_inputs[first * inputs..][..count * inputs];
                for row in 0..count {
                    let values = &rows.row(first + row)[from..from + inputs];
                    for (beside, &value) in block.chunks_exact_mut(count).zip(values) {
                        beside[row] = value;
                    }
                }
            }
            for (index, panel) in panels.values.chunks_exact(width * panels.d_input).enumerate() {
                let panel = &panel[from * width..][..inputs * width];
                let outputs = width.min(d_output - index * width);
                for &[first, count] in &blocks {
                    let tile = Tile {
                        inputs: &block_inputs[first * inputs..][..count * inputs],
                        panel,
                        output: &mut output[first * d_output + index * width..],
                        stride: d_output,
                        outputs,
                        begins: from == 0,
                    };
                    tile.add(simd, count);
                }
            }
        }
    }
}

/// Rows cut into as few blocks as there must be, as even as they can be: their first rows and counts.
fn blocks(rows: usize, most: usize) -> Vec<[usize; 2]> {
    let count = rows.div_ceil(most);
    (0..count)
        .map(|block| {
            let first = block * rows / count;
            [first, (block + 1) * rows / count - first]
        })
        .collect()
}

/// A block of rows times a part of a panel.
struct Tile<'a> {
    /// `[inputs, rows]`
    inputs: &'a [f32],
    /// `[inputs, width]`
    panel: &'a [f32],
    /// Rows of `outputs` numbers that begin `stride` after one another.
    output: &'a mut [f32],
    stride: usize,
    outputs: usize,
    /// Whether these are the first inputs; else the sums in the output go on.
    begins: bool,
}

impl Tile<'_> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, rows: usize) {
        // The number of rows is known to the compiler, which then keeps their sums in registers.
        macro_rules! with_rows {
            ($($rows:literal)+) => {
                match rows {
                    $($rows => self.add_rows::<S, $rows>(simd),)+
                    _ => unreachable!("blocks have at most {ROWS_OF_32} rows"),
                }
            };
        }
        with_rows!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
    }

    #[inline(always)]
    fn add_rows<S: Simd, const ROWS: usize>(self, simd: S) {
        let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; ROWS];
        if !self.begins {
            for (row, sums) in sums.iter_mut().enumerate() {
                for (register, sum) in sums.iter_mut().enumerate() {
                    *sum = simd.partial_load_f32s(&self.output[self.part::<S>(row, register)]);
                }
            }
        }
        let (inputs, _) = self.inputs.as_chunks::<ROWS>();
        let (weights, _) = S::as_simd_f32s(self.panel).0.as_chunks::<REGISTERS>();
        for (inputs, weights) in inputs.iter().zip(weights) {
            for row in 0..ROWS {
                let input = simd.splat_f32s(inputs[row]);
                for register in 0..REGISTERS {
                    sums[row][register] = simd.mul_add_f32s(input, weights[register], sums[row][register]);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (register, sum) in sums.iter().enumerate() {
                let part = self.part::<S>(row, register);
                simd.partial_store_f32s(&mut self.output[part], *sum);
            }
        }
    }

    /// Where the sums of a register lie in the output.
    #[inline(always)]
    fn part<S: Simd>(&self, row: usize, register: usize) -> std::ops::Range<usize> {
        let end = |registers: usize| row * self.stride + (registers * S::F32_LANES).min(self.outputs);
        end(register)..end(register + 1)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use proptest::prelude::*;

    use super::*;

    /// Numbers that are sixteenths of small integers: products and sums of them are exact in any order.
    fn exact(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|index| ((index * 37 + seed * 11) % 61) as f32 / 16.0 - 1.875)
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_product_is_the_sum_over_the_inputs(
            rows in 0_usize..40, d_input in 1_usize..300, d_output in 1_usize..90, seed in 0_usize..50
        ) {
            let device = crate::device_by_name("flex").unwrap();
            let (left, right) = (exact(rows * d_input, seed), exact(d_output * d_input, seed + 1));
            let data = TensorData::new(right.clone(), [d_output, d_input]);
            let panels = Panels::of(&Tensor::from_data(data, &device));
            let found = panels.times(Matrix::rows_of(&left, d_input));
            let expected: Vec<f32> = left
                .chunks_exact(d_input)
                .flat_map(|x| right.chunks_exact(d_input).map(|w| x.iter().zip(w).map(|(x, w)| x * w).sum()))
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_row_does_not_depend_on_the_rows_beside_it(rows in 1_usize..40, at in 0_usize..40) {
            let device = crate::device_by_name("flex").unwrap();
            let (d_input, d_output, at) = (301, 35, at % rows);
            // Not exact: another order of the sum would be another result.
            let numbers = |count: usize| (0..count).map(|i| ((i * 7919 % 1009) as f32).sqrt().sin()).collect::<Vec<_>>();
            let data = TensorData::new(numbers(d_output * d_input), [d_output, d_input]);
            let panels = Panels::of(&Tensor::from_data(data, &device));
            let left = numbers(rows * d_input);
            let together = panels.times(Matrix::rows_of(&left, d_input));
            let alone = panels.times(Matrix::rows_of(&left[at * d_input..][..d_input], d_input));
            prop_assert_eq!(&together[at * d_output..][..d_output], &alone[..]);
        }
    }

    #[test]
    fn blocks_are_even_and_cover_the_rows() {
        assert_eq!(blocks(0, 14), Vec::<[usize; 2]>::new());
        assert_eq!(blocks(13, 14), [[0, 13]]);
        assert_eq!(blocks(30, 14), [[0, 10], [10, 10], [20, 10]]);
        assert_eq!(blocks(29, 14), [[0, 9], [9, 10], [19, 10]]);
    }
}
