//! Intervals of percentiles, means and ratios of means against SciPy.
//!
//! Made by `tests/oracle/reference_intervals.py`, which states the versions; seed 20261127, float64. Percentiles are
//! values of the sample and must be the same ones; of the others 1e-9, relative, is what two iterative implementations of
//! Student's quantile agree to.

use gold_eval::{Mean, mean_interval, mean_ratio_interval, quantile_interval};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    quantile: Vec<Sample>,
    mean: Vec<MeanCase>,
    ratio: Vec<Ratio>,
}

#[derive(Deserialize)]
struct Sample {
    values: Vec<f64>,
    intervals: Vec<Quantile>,
}

#[derive(Deserialize)]
struct Quantile {
    quantile: f64,
    confidence: f64,
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Deserialize)]
struct MeanCase {
    values: Vec<f64>,
    confidence: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Ratio {
    above: Vec<f64>,
    below: Vec<f64>,
    confidence: f64,
    low: f64,
    high: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../oracle/reference_intervals.json")).unwrap()
}

fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs(),
        "{what}: {found} and not {expected}"
    );
}

#[test]
fn intervals_of_percentiles_equal_scipys_quantile_test() {
    for sample in fixture().quantile {
        for case in sample.intervals {
            let found = quantile_interval(&sample.values, case.quantile, case.confidence).unwrap();
            assert_eq!(
                (found.value, found.low, found.high),
                (case.value, case.low, case.high),
                "{} of {} at {}",
                case.quantile,
                sample.values.len(),
                case.confidence
            );
        }
    }
}

#[test]
fn intervals_of_means_equal_scipys_student() {
    for case in fixture().mean {
        let found = mean_interval(&case.values, case.confidence).unwrap();
        close(found.low, case.low, "low");
        close(found.high, case.high, "high");
    }
}

#[test]
fn intervals_of_ratios_equal_a_numerical_inversion() {
    for case in fixture().ratio {
        let (above, below) = (Mean::of(&case.above).unwrap(), Mean::of(&case.below).unwrap());
        let found = mean_ratio_interval(&above, &below, case.confidence).unwrap();
        close(found.low, case.low, "low");
        close(found.high, case.high, "high");
    }
}
