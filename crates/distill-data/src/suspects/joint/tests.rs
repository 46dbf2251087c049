use serde_json::Value;

use super::*;
use crate::{IssueMethod, SuspectConfig, find_label_issues};

/// A case of tests/oracle/confident_joint.py.
struct Case {
    given: Vec<usize>,
    matrix: Vec<f32>,
    value: Value,
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn indexes(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|number| number as usize).collect()
}

fn cases() -> Vec<Case> {
    let oracle: Value =
        serde_json::from_str(include_str!("../../../tests/oracle/confident_joint.json")).unwrap();
    let cases = oracle["cases"].as_array().unwrap().iter();
    cases
        .map(|value| Case {
            given: indexes(&value["given"]),
            matrix: numbers(&value["probabilities"])
                .into_iter()
                .map(|p| p as f32)
                .collect(),
            value: value.clone(),
        })
        .collect()
}

fn classes(case: &Case) -> usize {
    case.matrix.len() / case.given.len()
}

#[test]
fn thresholds_and_joint_are_those_of_cleanlab() {
    // Oracle: cleanlab 2.9.0 by tests/oracle/confident_joint.py, seeds 11 and 29, float32. The thresholds are means of
    // float32, which numpy takes in float32: 1e-6.
    for case in cases() {
        let classes = classes(&case);
        let probabilities = Probabilities::of_matrix(classes, &case.matrix).unwrap();
        let joint = ConfidentJoint::count(&case.given, &probabilities, 0.0);
        for (class, expected) in numbers(&case.value["thresholds"]).into_iter().enumerate() {
            assert!(
                (joint.threshold(class) - expected).abs() < 1e-6,
                "{class}: {expected}"
            );
        }
        let cells: Vec<usize> = (0..classes * classes)
            .map(|cell| joint.count_of(cell / classes, cell % classes))
            .collect();
        // A class's count of itself is raised to 1 when it is calibrated here, when it is counted there.
        let expected = indexes(&case.value["joint"]);
        for (cell, (&count, &expected)) in cells.iter().zip(&expected).enumerate() {
            let is_own = cell / classes == cell % classes;
            assert_eq!(if is_own { count.max(1) } else { count }, expected, "cell {cell}");
        }
        // There in whole rows of the same sum, which moves a cell by 1 at most.
        for (cell, expected) in numbers(&case.value["calibrated"]).into_iter().enumerate() {
            let found = joint.calibrated(cell / classes, cell % classes);
            assert!((found - expected).abs() < 1.0, "cell {cell}: {found} {expected}");
        }
    }
}

#[test]
fn each_method_of_the_paper_finds_what_cleanlab_finds() {
    // Oracle: as above; row indexes are compared one by one.
    for case in cases() {
        let probabilities = Probabilities::of_matrix(classes(&case), &case.matrix).unwrap();
        for method in IssueMethod::ALL {
            let expected = &case.value["issues"][method.as_str()];
            if method == IssueMethod::Posterior {
                assert!(expected.is_null(), "cleanlab has no such method");
                continue;
            }
            let plan = SuspectConfig {
                method,
                pooled_rows: 0.0,
                ..SuspectConfig::default()
            };
            let found = find_label_issues(&case.given, &probabilities, &plan.check().unwrap()).unwrap();
            let mut rows: Vec<usize> = found.issues.iter().map(|issue| issue.row).collect();
            rows.sort_unstable();
            assert!(!rows.is_empty());
            assert_eq!(rows, indexes(expected), "{}", method.as_str());
        }
    }
}

/// Two rows of each of three classes, of which the third is always doubtful.
const DOUBTFUL: [f32; 18] = [
    0.8, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4, 0.3, 0.3, 0.4,
];

#[test]
fn of_confident_classes_the_most_probable_counts_and_not_the_most_probable_of_all() {
    // The last row: class 0 leads without reaching its threshold, classes 1 and 2 reach theirs. The paper counts it for 1,
    // cleanlab for 0, whose threshold it misses: with several confident classes, it takes the most probable of all.
    let matrix = [
        0.9, 0.05, 0.05, 0.95, 0.03, 0.02, 0.4, 0.35, 0.25, 0.45, 0.3, 0.25, 0.4, 0.35, 0.25,
    ];
    let given = [0, 0, 1, 2, 2];
    let probabilities = Probabilities::of_matrix(3, &matrix).unwrap();
    let joint = ConfidentJoint::count(&given, &probabilities, 0.0);
    assert!(joint.threshold(0) > 0.9 && joint.threshold(1) <= 0.35 && joint.threshold(2) <= 0.25);
    assert_eq!(joint.count_of(2, 1), 1);
    assert_eq!(joint.count_of(2, 0), 0);
}

#[test]
fn calibrated_rows_add_up_to_what_was_given() {
    for case in cases() {
        let classes = classes(&case);
        let probabilities = Probabilities::of_matrix(classes, &case.matrix).unwrap();
        let joint = ConfidentJoint::count(&case.given, &probabilities, 3.0);
        let mut off_diagonal = 0.0;
        for given in 0..classes {
            let cells: Vec<f64> = (0..classes).map(|right| joint.calibrated(given, right)).collect();
            let rows = joint.rows_given(given) as f64;
            assert!((cells.iter().sum::<f64>() - rows).abs() < 1e-9);
            off_diagonal += rows - cells[given];
        }
        let share = off_diagonal / case.given.len() as f64;
        assert!((joint.wrong_share() - share).abs() < 1e-9 && share > 0.05);
        let pairs = joint.confused_pairs();
        assert!(
            pairs
                .iter()
                .all(|pair| pair.given != pair.right && pair.rows > 0.0)
        );
        assert!(pairs.is_sorted_by(|a, b| a.rows >= b.rows));
        let of_pairs: f64 = pairs.iter().map(|pair| pair.rows).sum();
        assert!((of_pairs - off_diagonal).abs() < 1e-9);
    }
}

#[test]
fn a_small_class_borrows_its_threshold_from_all_rows() {
    let given = [0, 0, 1, 1, 2, 2];
    let probabilities = Probabilities::of_matrix(3, &DOUBTFUL).unwrap();
    let own = ConfidentJoint::count(&given, &probabilities, 0.0);
    let pooled = ConfidentJoint::count(&given, &probabilities, 2.0);
    assert!((own.threshold(2) - 0.4).abs() < 1e-6);
    // Two rows of 0.4, and two of the mean over all rows, 2/3.
    assert!((pooled.threshold(2) - (0.4 + 2.0 / 3.0) / 2.0).abs() < 1e-6);
}

#[test]
fn a_class_that_nobody_was_given_is_right_for_nobody() {
    let probabilities =
        Probabilities::of_matrix(3, &[0.1, 0.2, 0.7, 0.9, 0.05, 0.05, 0.2, 0.7, 0.1]).unwrap();
    for pooled_rows in [0.0, 5.0] {
        let joint = ConfidentJoint::count(&[0, 0, 1], &probabilities, pooled_rows);
        assert_eq!(joint.threshold(2), f64::INFINITY);
        assert_eq!((0..3).map(|given| joint.count_of(given, 2)).sum::<usize>(), 0);
    }
}
