use proptest::prelude::*;

use super::*;
use crate::kernels::flex::machine::tests::on_every_machine;

const FORMATS: [WeightFormat; 3] = [WeightFormat::F32, WeightFormat::F16, WeightFormat::Int8];

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_product_is_the_sum_over_the_inputs(
        rows in 0_usize..40, d_input in 1_usize..800, d_output in 1_usize..150, seed in 0_usize..50, biased: bool,
    ) {
        let (left, right) = (exact(rows * d_input, seed), exact(d_output * d_input, seed + 1));
        let bias = biased.then(|| exact(d_output, seed + 2));
        let expected: Vec<f32> = left
            .chunks_exact(d_input)
            .flat_map(|x| {
                right.chunks_exact(d_input).enumerate().map(|(output, w)| {
                    let product: f32 = x.iter().zip(w).map(|(x, w)| x * w).sum();
                    product + bias.as_ref().map_or(0.0, |bias| bias[output])
                }).collect::<Vec<_>>()
            })
            .collect();
        // Halves hold these numbers exactly too.
        for format in [WeightFormat::F32, WeightFormat::F16] {
            on_every_machine(|| {
                let panels = Panels::of(Matrix::rows_of(&right, d_input), format);
                let found = panels.times(Matrix::rows_of(&left, d_input), bias.as_deref());
                assert_eq!(found, expected);
                assert_eq!(panels.to_rows(), right);
            });
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it(rows in 1_usize..400, at in 0_usize..400) {
        let (d_input, d_output, at) = (401, 35, at % rows);
        let (left, right) = (inexact(rows * d_input), inexact(d_output * d_input));
        for format in FORMATS {
            on_every_machine(|| {
                let panels = Panels::of(Matrix::rows_of(&right, d_input), format);
                let together = panels.times(Matrix::rows_of(&left, d_input), None);
                let alone = panels.times(Matrix::rows_of(&left[at * d_input..][..d_input], d_input), None);
                assert_eq!(&together[at * d_output..][..d_output], &alone[..]);
            });
        }
    }

    #[test]
    fn a_format_changes_nothing_but_the_weight(rows in 1_usize..90, d_input in 1_usize..700, d_output in 1_usize..90) {
        let (left, right) = (inexact(rows * d_input), inexact(d_output * d_input));
        for format in FORMATS {
            on_every_machine(|| {
                let panels = Panels::of(Matrix::rows_of(&right, d_input), format);
                let rounded = panels.to_rows();
                for (rounded, exact) in rounded.chunks(d_input).zip(right.chunks(d_input)) {
                    for (rounded, exact) in rounded.chunks(GROUP).zip(exact.chunks(GROUP)) {
                        let largest = exact.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
                        for (rounded, exact) in rounded.iter().zip(exact) {
                            let error = match format {
                                WeightFormat::F32 => 0.0,
                                WeightFormat::F16 => exact.abs() / 2048.0,
                                WeightFormat::Int8 => largest / 253.0,
                            };
                            assert!((rounded - exact).abs() <= error + 1e-7, "{format:?}: {rounded}, {exact}");
                        }
                    }
                }
                let plain = Panels::of(Matrix::rows_of(&rounded, d_input), WeightFormat::F32);
                let x = Matrix::rows_of(&left, d_input);
                assert_eq!(panels.times(x, None), plain.times(x, None));
            });
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let (d_input, d_output) = (600, 700);
    let weight = inexact(d_output * d_input);
    let panels = Panels::of(Matrix::rows_of(&weight, d_input), WeightFormat::F32);
    let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    // Shared out by outputs and by rows.
    for rows in [25, 90] {
        let input = inexact(rows * d_input);
        let input = Matrix::rows_of(&input, d_input);
        let shared = panels.times(input, None);
        // Where it already runs on a thread of a pool, work is not cut again.
        let alone = threads.install(|| panels.times(input, None));
        assert!(shared == alone, "{rows} rows");
    }
}

#[test]
fn a_matrix_without_inputs_gives_its_bias() {
    let panels = Panels::of(Matrix::part_of(&[], [2, 0], 0), WeightFormat::Int8);
    let rows = Matrix::part_of(&[], [3, 0], 0);
    assert_eq!(panels.times(rows, Some(&[1.0, 2.0])), [1.0, 2.0].repeat(3));
}
