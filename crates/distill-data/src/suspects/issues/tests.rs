use proptest::prelude::*;

use super::*;
use crate::SuspectConfig;

fn plan(method: IssueMethod) -> SuspectPlan {
    SuspectConfig {
        method,
        ..SuspectConfig::default()
    }
    .check()
    .unwrap()
}

#[test]
fn labels_that_do_not_fit_are_refused_by_their_row() {
    let matrix = [0.5, 0.5, 0.5, 0.5];
    let probabilities = Probabilities::of_matrix(2, &matrix).unwrap();
    let refused =
        |given: &[usize]| find_label_issues(given, &probabilities, &SuspectPlan::default()).unwrap_err();
    assert_eq!(refused(&[0]), LabelIssueError::Length { labels: 1, rows: 2 });
    let label = refused(&[0, 2]);
    assert_eq!(label.to_string(), "row 1 has the label 2, the classes are 0 to 1");
}

#[test]
fn no_rows_have_no_issues() {
    let probabilities = Probabilities::of_matrix(2, &[]).unwrap();
    for method in IssueMethod::ALL {
        let found = find_label_issues(&[], &probabilities, &plan(method)).unwrap();
        assert!(found.issues.is_empty());
        assert_eq!(
            (found.agreement, found.wrong_share(), found.joint.wrong_share()),
            (0.0, 0.0, 0.0)
        );
    }
}

/// Labels of five classes and distributions that have little to do with them, zeros among them.
fn any_rows() -> impl Strategy<Value = (Vec<usize>, Vec<f32>)> {
    let row = (
        0..5_usize,
        prop::collection::vec(prop_oneof![Just(0.0_f32), 0.0..1.0_f32], 5),
    );
    prop::collection::vec(row, 0..60).prop_map(|rows| {
        let given = rows.iter().map(|row| row.0).collect();
        let matrix = rows.iter().flat_map(|(_, weights)| {
            let sum: f32 = weights.iter().sum();
            let even = move |weight: &f32| if sum > 0.0 { weight / sum } else { 0.2 };
            weights.iter().map(even).collect::<Vec<f32>>()
        });
        (given, matrix.collect())
    })
}

proptest! {
    #[test]
    fn every_method_lists_suspects_in_order_and_never_the_most_probable_label((given, matrix) in any_rows()) {
        let probabilities = Probabilities::of_matrix(5, &matrix).unwrap();
        for method in IssueMethod::ALL {
            let found = find_label_issues(&given, &probabilities, &plan(method)).unwrap();
            prop_assert!(found.chance_wrong.iter().all(|chance| (0.0..=1.0).contains(chance)));
            prop_assert!(found.issues.is_sorted_by(|a, b| a.suspicion >= b.suspicion));
            for issue in &found.issues {
                prop_assert_eq!(issue.given, given[issue.row]);
                prop_assert_ne!(issue.suggested, issue.given);
                prop_assert_ne!(probabilities.most_probable(issue.row), Some(issue.given));
                prop_assert_eq!(issue.chance_wrong, found.chance_wrong[issue.row]);
            }
        }
    }

    #[test]
    fn what_both_prunings_agree_on_is_what_pruning_by_both_finds((given, matrix) in any_rows()) {
        let probabilities = Probabilities::of_matrix(5, &matrix).unwrap();
        let rows = |method| -> std::collections::BTreeSet<usize> {
            let found = find_label_issues(&given, &probabilities, &plan(method)).unwrap();
            found.issues.iter().map(|issue| issue.row).collect()
        };
        let both = &rows(IssueMethod::PruneByClass) & &rows(IssueMethod::PruneByNoiseRate);
        prop_assert_eq!(both, rows(IssueMethod::PruneByBoth));
    }
}
