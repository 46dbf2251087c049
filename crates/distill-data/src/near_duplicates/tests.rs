use super::*;

/// A row with a label, a support for it and a number of calls.
fn row(id: &str, label: usize, support: f64, calls: usize) -> Row {
    Row {
        id: id.into(),
        calls: vec![0; calls],
        text: id.into(),
        label,
        support: BTreeMap::from([(label, support)]),
        is_decided: true,
        by_person: false,
        confidence: None,
        reported: None,
        distribution: BTreeMap::new(),
    }
}

fn near(left: usize, right: usize) -> NearPair {
    NearPair {
        left,
        right,
        jaccard: 0.85,
    }
}

const MAJORITY: f64 = 2.0 / 3.0;

fn contradicted(rows: &[Row], pairs: &[NearPair]) -> Vec<usize> {
    contradictions(rows, pairs, MAJORITY)
        .iter()
        .map(|found| found.row)
        .collect()
}

#[test]
fn of_two_equals_both_are_doubted_and_of_unequals_the_weaker() {
    let equal = [row("a", 0, 0.5, 1), row("b", 1, 0.5, 1)];
    assert_eq!(contradicted(&equal, &[near(0, 1)]), [0, 1]);
    let unequal = [row("a", 0, 3.0, 4), row("b", 1, 0.5, 1)];
    assert_eq!(contradicted(&unequal, &[near(0, 1)]), [1]);
}

#[test]
fn neighbours_of_the_same_label_speak_for_a_row() {
    let rows = [row("a", 0, 0.9, 1), row("b", 0, 0.9, 1), row("c", 1, 0.9, 1)];
    // The first has one neighbour for it and one against it: two of three is the majority.
    assert_eq!(contradicted(&rows, &[near(0, 1), near(0, 2)]), [2]);
}

#[test]
fn neighbours_of_one_label_are_no_contradiction() {
    let rows = [row("a", 0, 0.1, 1), row("b", 0, 9.0, 9)];
    assert!(contradicted(&rows, &[near(0, 1)]).is_empty());
}

#[test]
fn the_label_of_a_person_is_not_doubted() {
    let mut rows = [row("a", 0, 1.0, 1), row("b", 1, 9.0, 9)];
    rows[0].by_person = true;
    assert!(contradicted(&rows, &[near(0, 1)]).is_empty());
}

#[test]
fn a_chain_is_not_merged_into_one_row() {
    // a - b - c - d, each like the next alone: b stands for a and c, and d stays.
    let rows = [
        row("a", 0, 1.0, 1),
        row("b", 0, 1.0, 3),
        row("c", 0, 1.0, 2),
        row("d", 0, 1.0, 1),
    ];
    let behind = stars(&rows, &[true; 4], &[near(0, 1), near(1, 2), near(2, 3)], &[]);
    assert_eq!(behind, [Some((1, 0.85)), None, Some((1, 0.85)), None]);
}

#[test]
fn rows_of_different_labels_are_never_merged() {
    let rows = [row("a", 0, 1.0, 1), row("b", 1, 1.0, 3)];
    assert_eq!(stars(&rows, &[true; 2], &[near(0, 1)], &[]), [None, None]);
}

#[test]
fn the_stronger_row_stays_whatever_the_order() {
    let rows = [row("a", 0, 1.0, 1), row("b", 0, 1.0, 2)];
    assert_eq!(
        stars(&rows, &[true; 2], &[near(0, 1)], &[]),
        [Some((1, 0.85)), None]
    );
    let mut rows = [row("a", 0, 1.0, 9), row("b", 0, 1.0, 2)];
    rows[1].by_person = true;
    assert_eq!(
        stars(&rows, &[true; 2], &[near(0, 1)], &[]),
        [Some((1, 0.85)), None]
    );
}

#[test]
fn rows_that_are_alike_go_behind_the_strongest_of_their_label() {
    let mut rows = [
        row("shell oil 5744", 0, 1.0, 1),
        row("shell oil 12", 0, 1.0, 3),
        row("shell oil 9", 1, 1.0, 9),
        row("shell oil 77", 0, 1.0, 2),
        row("chevron 12", 0, 1.0, 9),
    ];
    let alike = [0, 0, 0, 0, 1];
    let into = |behind: Vec<Option<(usize, f64)>>| -> Vec<Option<usize>> {
        behind
            .into_iter()
            .map(|found| found.map(|(into, _)| into))
            .collect()
    };
    let behind = into(stars(&rows, &[true; 5], &[], &alike));
    assert_eq!(behind, [Some(1), None, None, Some(1), None]);
    // A person's word goes behind no other, and the others stand behind it.
    rows[0].by_person = true;
    let behind = into(stars(&rows, &[true; 5], &[], &alike));
    assert_eq!(behind, [None, Some(0), None, Some(0), None]);
}

#[test]
fn clusters_hang_together_by_any_chain() {
    assert_eq!(clusters(5, [(3, 4), (1, 3)].into_iter()), [0, 1, 2, 1, 1]);
}
