use serde_json::Value;

use super::*;

#[test]
fn suspects_are_those_of_cleanlab() {
    // Oracle: tests/oracle/confident_joint.py, probabilities as float32 on both sides.
    let oracle: Value =
        serde_json::from_str(include_str!("../../../tests/oracle/confident_joint.json")).unwrap();
    let integers = |value: &Value| -> Vec<usize> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_u64().unwrap() as usize)
            .collect()
    };
    let probabilities: Vec<Vec<f32>> = oracle["probabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            row.as_array()
                .unwrap()
                .iter()
                .map(|p| p.as_f64().unwrap() as f32)
                .collect()
        })
        .collect();
    let given = integers(&oracle["given"]);
    let expected = integers(&oracle["issues"]);
    let found: Vec<usize> = off_diagonal(&probabilities, &given, 4)
        .iter()
        .enumerate()
        .filter_map(|(row, suspicion)| suspicion.map(|_| row))
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
}

#[test]
fn a_class_that_nobody_was_given_is_not_suggested() {
    let probabilities = vec![vec![0.1, 0.2, 0.7], vec![0.9, 0.05, 0.05], vec![0.2, 0.7, 0.1]];
    assert!(
        off_diagonal(&probabilities, &[0, 0, 1], 3)
            .iter()
            .flatten()
            .all(|found| found.suggested != 2)
    );
}

#[test]
fn a_lead_is_measured_against_the_given_label() {
    let distribution = [0.1, 0.5, 0.3, 0.1];
    assert_eq!(Suspicion::by_lead(&distribution, 1, 0.0), None);
    assert_eq!(Suspicion::by_lead(&distribution, 2, 0.3), None);
    assert_eq!(
        Suspicion::by_lead(&distribution, 0, 0.3).map(|found| found.suggested),
        Some(1)
    );
}
