//! Numbers of `tests/oracle/statistics.json`, made with SciPy by the script beside it (versions and seed are
//! in the file and the script; float64).

use drift_stats::{Cell, RowShare, Share, chi_squared, jensen_shannon, population_stability_index};
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracle {
    distances: Vec<Table>,
    rises: Vec<Rise>,
    intervals: Vec<Interval>,
}

#[derive(Deserialize)]
struct Table {
    reference: Vec<u64>,
    window: Vec<u64>,
    jensen_shannon: f64,
    population_stability_index: f64,
    chi_squared: (f64, u64, f64),
}

#[derive(Deserialize)]
struct Rise {
    rows: [u64; 4],
    p_value: f64,
}

#[derive(Deserialize)]
struct Interval {
    count: u64,
    of: u64,
    low: f64,
    high: f64,
}

fn oracle() -> Oracle {
    serde_json::from_str(include_str!("../oracle/statistics.json")).unwrap()
}

/// 1e-9 relative, 1e-12 absolute: sums of at most 500 terms in double precision, and a tail function.
fn assert_close(found: f64, expected: f64, what: &str) {
    let allowed = 1e-12 + 1e-9 * expected.abs();
    assert!(
        (found - expected).abs() <= allowed,
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn distances_match_scipy() {
    for table in oracle().distances {
        let pairs = table.reference.iter().zip(&table.window);
        let cells: Vec<Cell> = pairs
            .map(|(&reference, &window)| Cell { reference, window })
            .collect();
        assert_close(jensen_shannon(&cells), table.jensen_shannon, "jensen_shannon");
        assert_close(
            population_stability_index(&cells),
            table.population_stability_index,
            "stability index",
        );
        let (test, (statistic, degrees, p_value)) = (chi_squared(&cells).unwrap(), table.chi_squared);
        assert_close(test.statistic, statistic, "chi-squared");
        assert_eq!(test.degrees, degrees);
        assert_close(test.p_value, p_value, "chi-squared p-value");
    }
}

/// Relative 1e-8: logarithms of factorials of 150,000 are about 1.6e6, of which double precision keeps
/// 2e-10, and six of them are added before the exponential.
#[test]
fn exact_p_values_match_scipy() {
    for rise in oracle().rises {
        let [reference_rows, reference_of, window_rows, window_of] = rise.rows;
        let found = RowShare {
            reference_rows,
            reference_of,
            window_rows,
            window_of,
        }
        .p_value_of_rise();
        assert!(
            (found / rise.p_value - 1.0).abs() < 1e-8,
            "{:?}: {found} is not {}",
            rise.rows,
            rise.p_value
        );
    }
}

#[test]
fn intervals_match_scipy() {
    for interval in oracle().intervals {
        let found = Share::of(interval.count, interval.of);
        assert_close(found.low, interval.low, "low");
        assert_close(found.high, interval.high, "high");
    }
}
