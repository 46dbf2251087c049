use super::*;

/// Label and cluster of some rows.
fn folds_of(rows: &[(usize, u64)], repeat: usize) -> Vec<usize> {
    let (labels, clusters): (Vec<usize>, Vec<u64>) = rows.iter().copied().unzip();
    assign_folds(&labels, &clusters, 5, repeat)
}

#[test]
fn rows_of_a_cluster_share_a_fold_and_classes_are_spread() {
    let rows: Vec<(usize, u64)> = (0..100).map(|i| (i % 2, i as u64 / 4)).collect();
    for repeat in 0..3 {
        let folds = folds_of(&rows, repeat);
        assert!(
            rows.iter()
                .zip(&folds)
                .all(|((_, cluster), fold)| folds[*cluster as usize * 4] == *fold)
        );
        for fold in 0..5 {
            assert_eq!(folds.iter().filter(|&&f| f == fold).count(), 20);
        }
    }
    assert_ne!(folds_of(&rows, 0), folds_of(&rows, 1), "each repeat cuts anew");
}

#[test]
fn a_class_of_two_clusters_lies_in_two_folds() {
    let mut rows: Vec<(usize, u64)> = (0..40).map(|i| (i % 4, i as u64)).collect();
    rows.extend([(4, 40), (4, 41)]);
    for repeat in 0..8 {
        let folds = folds_of(&rows, repeat);
        assert_ne!(folds[40], folds[41], "repeat {repeat}");
    }
}

#[test]
fn sparse_vectors_add_up_as_whole_ones() {
    let left = [(0, 0.25), (3, 0.5)];
    let right = [(1, 0.125), (3, 0.25), (7, 0.5)];
    let expected = [(0, 0.25), (1, 0.125), (3, 0.75), (7, 0.5)];
    assert_eq!(add(&left, &right), expected);
    assert_eq!(add(&right, &left), expected);
    assert_eq!(add(&left, &[]), left);
}

#[test]
fn a_text_is_not_judged_by_its_own_kind_alone() {
    // The last text and its near-duplicate have a label that contradicts their words. A model that had seen the one would
    // take its word for the other.
    let mut texts: Vec<String> = (0..40)
        .map(|i| {
            let word = ["card", "transfer"][i % 2];
            format!("my {word} number {} is missing since monday {}", i * 7, i % 5)
        })
        .collect();
    let mut given: Vec<usize> = (0..40).map(|i| i % 2).collect();
    texts.extend(
        [
            "please block the card which I lost",
            "please block the card which I lost!",
        ]
        .map(str::to_owned),
    );
    given.extend([1, 1]);
    let probabilities = text_probabilities(&texts, &given, 2, &SuspectPlan::default()).unwrap();
    for row in [40, 41] {
        assert!(
            probabilities.of(row, 0) > 0.5,
            "row {row}: {}",
            probabilities.of(row, 0)
        );
    }
}

#[test]
fn probabilities_add_up_to_one_and_keep_the_given_label() {
    let texts: Vec<String> = (0..60)
        .map(|i| format!("word{} of class{}", i * i % 7, i % 3))
        .collect();
    let given: Vec<usize> = (0..60).map(|i| i % 3).collect();
    let plan = SuspectPlan::default();
    let probabilities = text_probabilities(&texts, &given, 3, &plan).unwrap();
    for (row, &label) in given.iter().enumerate() {
        let sum: f32 = probabilities.row(row).map(|(_, p)| p).sum();
        // At most a class of three below 0.002 is left out.
        assert!((sum - 1.0).abs() < 0.005, "{sum}");
        assert!(probabilities.of(row, label) > 0.0);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| text_probabilities(&texts, &given, 3, &plan).unwrap());
    assert_eq!(alone, probabilities, "threads change nothing");
}

#[test]
fn texts_and_labels_that_do_not_fit_are_refused() {
    let plan = SuspectPlan::default();
    let refused =
        |given: &[usize], classes| text_probabilities(&["a", "b"], given, classes, &plan).unwrap_err();
    assert_eq!(refused(&[0], 2), LabelIssueError::Length { labels: 1, rows: 2 });
    assert_eq!(refused(&[0, 0], 1), LabelIssueError::Classes { found: 1 });
    assert!(matches!(
        refused(&[0, 5], 2),
        LabelIssueError::Label { row: 1, label: 5, .. }
    ));
}
