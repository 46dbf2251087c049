use proptest::prelude::*;

use super::*;
use crate::kernels::flex::{
    bytes::INPUTS_OF_A_ROW_SCALE,
    machine::{machine, tests::on_every_machine},
    whole::{INPUTS_OF_A_SCALE, largest, scale_of, size_of_largest},
};

/// `Bf16` is f32 where the machine does not multiply it.
const FORMATS: [WeightFormat; 5] = [
    WeightFormat::F32,
    WeightFormat::Int16,
    WeightFormat::Int8,
    WeightFormat::Int4,
    WeightFormat::Bf16,
];

/// Of the size of what is added up, what rounding in sums of up to 1,200 numbers in f32 may change: twice what it did.
const ROUNDING: f64 = 3e-6;

/// Numbers that are sixteenths of small integers: products and sums of them are exact in any order.
fn exact(count: usize, seed: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((index * 37 + seed * 11) % 61) as f32 / 16.0 - 1.875)
        .collect()
}

/// Numbers that are not exact: another order of a sum would be another result.
fn inexact(count: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((index * 7919 % 1009) as f32).sqrt().sin())
        .collect()
}

fn laid(weight: &[f32], d_input: usize, format: WeightFormat) -> Box<dyn Layout> {
    laid_out(Matrix::rows_of(weight, d_input), format)
}

/// Every row times every output in f64, and the sum of the sizes of what is added up.
fn products(left: &[f32], right: &[f32], d_input: usize) -> Vec<(f64, f64)> {
    let product = |x: &[f32], w: &[f32]| {
        let terms = x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w));
        (terms.clone().sum(), terms.map(f64::abs).sum())
    };
    left.chunks_exact(d_input)
        .flat_map(|x| right.chunks_exact(d_input).map(move |w| product(x, w)))
        .collect()
}

/// Rows as products with bytes see them.
fn in_bytes(rows: &[f32], d_input: usize) -> Vec<f32> {
    let blocks = rows
        .chunks(d_input)
        .flat_map(|row| row.chunks(INPUTS_OF_A_ROW_SCALE));
    let rounded = blocks.flat_map(|numbers| {
        let (scale, inverse) = scale_of(size_of_largest(numbers), 1);
        numbers
            .iter()
            .map(move |number| (number * inverse).round_ties_even() * scale)
    });
    rounded.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_product_is_the_sum_over_the_inputs(
        rows in 0_usize..40, d_input in 1_usize..800, d_output in 1_usize..150, seed in 0_usize..50, biased: bool,
    ) {
        let (left, right) = (exact(rows * d_input, seed), exact(d_output * d_input, seed + 1));
        let bias = biased.then(|| exact(d_output, seed + 2));
        let bias_of = |index: usize| bias.as_ref().map_or(0.0, |bias| bias[index % d_output]);
        let expected: Vec<f32> = products(&left, &right, d_input)
            .into_iter()
            .enumerate()
            .map(|(index, (product, _))| product as f32 + bias_of(index))
            .collect();
        on_every_machine(|| {
            let matrix = laid(&right, d_input, WeightFormat::F32);
            assert_eq!(matrix.times(Matrix::rows_of(&left, d_input), bias.as_deref(), Some(&*matrix)), expected);
            assert_eq!(matrix.to_rows(), right);
        });
    }

    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it(rows in 1_usize..400, at in 0_usize..400) {
        let (d_input, d_output, at) = (601, 35, at % rows);
        let (left, right) = (inexact(rows * d_input), inexact(d_output * d_input));
        for format in FORMATS {
            on_every_machine(|| {
                let matrix = laid(&right, d_input, format);
                let together = matrix.times(Matrix::rows_of(&left, d_input), None, Some(&*matrix));
                let alone = matrix.times(Matrix::rows_of(&left[at * d_input..][..d_input], d_input), None, Some(&*matrix));
                assert_eq!(&together[at * d_output..][..d_output], &alone[..]);
            });
        }
    }

    #[test]
    fn a_format_changes_nothing_but_the_weight(rows in 1_usize..90, d_input in 1_usize..700, d_output in 1_usize..90) {
        let (left, right) = (inexact(rows * d_input), inexact(d_output * d_input));
        for format in FORMATS {
            on_every_machine(|| {
                let matrix = laid(&right, d_input, format);
                let rounded = matrix.to_rows();
                for (rounded, exact) in rounded.chunks(d_input).zip(right.chunks(d_input)) {
                    let blocks = rounded.chunks(INPUTS_OF_A_SCALE).zip(exact.chunks(INPUTS_OF_A_SCALE));
                    for (rounded, exact) in blocks {
                        let most = exact.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
                        // Half a unit of the last place, which a power of two makes twice as large at most.
                        let error = match format {
                            WeightFormat::F32 | WeightFormat::F16 => most / largest(3) as f32,
                            WeightFormat::Bf16 => most / 256.0,
                            WeightFormat::Int16 => 0.501 * most / largest(2) as f32,
                            WeightFormat::Int8 => 0.501 * most / largest(1) as f32,
                            // See the tests of rounding.
                            WeightFormat::Int4 => most / 4.0,
                        };
                        for (rounded, exact) in rounded.iter().zip(exact) {
                            assert!((rounded - exact).abs() <= error, "{format:?}: {rounded}, {exact}");
                        }
                    }
                }
                let found = matrix.times(Matrix::rows_of(&left, d_input), None, Some(&*matrix));
                let has_bytes = matches!(format, WeightFormat::Int8 | WeightFormat::Int4) && !machine().has_tiles;
                let left = if has_bytes { in_bytes(&left, d_input) } else { left.clone() };
                for (found, (expected, size)) in found.iter().zip(products(&left, &rounded, d_input)) {
                    let error = match format {
                        WeightFormat::F32 => ROUNDING * size,
                        // Each input is rounded to 8 bits that count.
                        WeightFormat::Bf16 => size / 256.0,
                        _ if has_bytes => ROUNDING * size,
                        // On tiles, each input may be rounded by so much of the largest, which is 1.
                        _ => 2e-5 * d_input as f64,
                    };
                    assert!((f64::from(*found) - expected).abs() <= error + 1e-7, "{format:?}: {found}, {expected}, {size}");
                }
            });
        }
    }

    /// An input that is far larger than all others makes sums in f32 inexact too, by what it rounds away itself.
    #[test]
    fn a_large_input_costs_the_others_little(d_input in 1_usize..1200, at in 0_usize..1200, power in 0_i32..10) {
        let (mut left, right) = (inexact(d_input), inexact(d_input * 20));
        let large = 2_f32.powi(power);
        left[at % d_input] *= large;
        on_every_machine(|| {
            let found = laid(&right, d_input, WeightFormat::F32).times(Matrix::rows_of(&left, d_input), None, None);
            for (found, (expected, size)) in found.iter().zip(products(&left, &right, d_input)) {
                let bound = ROUNDING * (size + f64::from(large) * (d_input as f64).sqrt());
                assert!((f64::from(*found) - expected).abs() <= bound + 1e-7, "{found}, {expected}, {size}");
            }
        });
    }
}

#[test]
fn formats_round_alike_on_every_machine() {
    let (d_input, d_output) = (1300, 21);
    let weight = inexact(d_output * d_input);
    for format in [WeightFormat::Int16, WeightFormat::Int8, WeightFormat::Int4] {
        let rounded = std::cell::OnceCell::new();
        on_every_machine(|| {
            let found = laid(&weight, d_input, format).to_rows();
            let first = rounded.get_or_init(|| found.clone());
            // A whole number times its scale, in f32 or in f64.
            let apart = found
                .iter()
                .zip(first)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(apart <= 1e-7, "{apart}");
        });
    }
}

#[test]
fn weights_of_8_and_4_bits_give_the_same_bits_on_every_machine_without_a_matrix_unit() {
    for (rows, d_input, d_output) in [(1, 384, 64), (13, 1301, 150), (50, 700, 33), (200, 3, 5)] {
        let (left, right) = (inexact(rows * d_input), inexact(d_output * d_input));
        for format in [WeightFormat::Int8, WeightFormat::Int4] {
            let expected = std::cell::OnceCell::new();
            on_every_machine(|| {
                if machine().has_tiles {
                    return;
                }
                let matrix = laid(&right, d_input, format);
                let found = matrix.times(
                    Matrix::rows_of(&left, d_input),
                    Some(&left[..1].repeat(d_output)),
                    Some(&*matrix),
                );
                assert!(
                    &found == expected.get_or_init(|| found.clone()),
                    "{format:?}, {rows} x {d_input} x {d_output}"
                );
            });
        }
    }
}

#[test]
fn what_is_no_number_stays_in_its_row_or_its_output() {
    let (rows, d_input, d_output) = (19, 530, 37);
    for bad in [f32::NAN, f32::INFINITY] {
        for format in FORMATS {
            on_every_machine(|| {
                let (mut left, right) = (inexact(rows * d_input), inexact(d_output * d_input));
                left[7 * d_input + 521] = bad;
                let found = laid(&right, d_input, format).times(Matrix::rows_of(&left, d_input), None, None);
                for (row, found) in found.chunks_exact(d_output).enumerate() {
                    assert!(
                        found.iter().all(|number| number.is_finite() != (row == 7)),
                        "{format:?}, row {row}"
                    );
                }
                let (left, mut right) = (inexact(rows * d_input), inexact(d_output * d_input));
                right[5 * d_input + 2] = bad;
                let found = laid(&right, d_input, format).times(Matrix::rows_of(&left, d_input), None, None);
                for found in found.chunks_exact(d_output) {
                    for (output, number) in found.iter().enumerate() {
                        assert_eq!(number.is_finite(), output != 5, "{format:?}, output {output}");
                    }
                }
            });
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let (d_input, d_output) = (600, 700);
    let weight = inexact(d_output * d_input);
    let matrix = laid(&weight, d_input, WeightFormat::F32);
    let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    // Shared out by outputs and by rows.
    for rows in [25, 90] {
        let input = inexact(rows * d_input);
        let input = Matrix::rows_of(&input, d_input);
        let shared = matrix.times(input, None, Some(&*matrix));
        // Where it already runs on a thread of a pool, work is not cut again.
        let alone = threads.install(|| matrix.times(input, None, Some(&*matrix)));
        assert!(shared == alone, "{rows} rows");
    }
}

#[test]
fn a_matrix_without_inputs_gives_its_bias() {
    on_every_machine(|| {
        let matrix = laid_out(Matrix::part_of(&[], [2, 0], 0), WeightFormat::Int8);
        let rows = Matrix::part_of(&[], [3, 0], 0);
        assert_eq!(matrix.times(rows, Some(&[1.0, 2.0]), None), [1.0, 2.0].repeat(3));
    });
}
