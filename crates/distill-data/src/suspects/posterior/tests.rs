use super::*;

/// Rows of three classes. Where 0 is right, 1 is given every fifth time; a 2 is never wrong.
fn confused() -> (Vec<usize>, Vec<f32>) {
    let mut given = Vec::new();
    let mut matrix = Vec::new();
    for row in 0..60 {
        let right = row % 3;
        given.push(if right == 0 && row % 15 == 0 { 1 } else { right });
        for class in 0..3 {
            matrix.push(if class == right { 0.9 } else { 0.05 });
        }
    }
    (given, matrix)
}

fn judged(given: &[usize], matrix: &[f32]) -> Vec<Doubt> {
    let probabilities = Probabilities::of_matrix(3, matrix).unwrap();
    let agreeing = (0..given.len()).filter(|&row| probabilities.most_probable(row) == Some(given[row]));
    let agreement = agreeing.count() as f64 / given.len().max(1) as f64;
    let joint = ConfidentJoint::count(given, &probabilities, 0.0);
    doubts(given, &probabilities, &joint, agreement).0
}

#[test]
fn a_pair_that_is_often_confused_is_suspected_sooner() {
    let (mut given, mut matrix) = confused();
    // Two doubtful rows of the same probabilities: one of the confused pair, one of a pair that is never confused.
    given.extend([1, 2]);
    matrix.extend([0.5, 0.45, 0.05, 0.5, 0.05, 0.45]);
    let found = judged(&given, &matrix);
    let (confused, never) = (found[60], found[61]);
    assert!(confused.chance > 2.0 * never.chance, "{confused:?} {never:?}");
    assert_eq!((confused.instead, never.instead), (Some(0), Some(0)));
    assert!(
        (confused.lead - never.lead).abs() < 1e-6,
        "a lead knows nothing of pairs"
    );
    // The wrong labels that the pair was learnt from are found, and the right ones left.
    for row in 0..60 {
        let is_wrong = given[row] != row % 3;
        assert_eq!(
            found[row].suspicion() > 0.5,
            is_wrong,
            "row {row}: {:?}",
            found[row]
        );
    }
}

#[test]
fn chances_are_probabilities_whatever_the_matrix() {
    // A given label of probability 0, a certain one, and nothing but one class.
    let found = judged(&[0, 1, 2], &[0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    assert!(
        found.iter().all(|doubt| (0.0..=1.0).contains(&doubt.suspicion())),
        "{found:?}"
    );
    assert_eq!(found[1].suspicion(), 0.0);
    assert_eq!(found[0].instead, Some(1));
    assert!(judged(&[], &[]).is_empty());
}

#[test]
fn the_order_of_rows_changes_no_chance() {
    let (given, matrix) = confused();
    let found = judged(&given, &matrix);
    let turned: Vec<usize> = given.iter().rev().copied().collect();
    let turned_matrix: Vec<f32> = matrix.chunks_exact(3).rev().flatten().copied().collect();
    for (one, other) in found.iter().zip(judged(&turned, &turned_matrix).iter().rev()) {
        // Sums of floats in another order.
        assert!((one.suspicion() - other.suspicion()).abs() < 1e-12);
        assert_eq!(one.instead, other.instead);
    }
}
