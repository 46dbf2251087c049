use super::*;

fn refused(classes: usize, values: &[f32]) -> String {
    Probabilities::of_matrix(classes, values).unwrap_err().to_string()
}

#[test]
fn what_is_no_distribution_is_refused_by_its_row() {
    assert!(refused(1, &[1.0]).contains("at least 2 classes"));
    assert!(refused(3, &[0.5, 0.5]).contains("2 probabilities are no whole number of rows of 3 classes"));
    let nan = refused(2, &[0.5, 0.5, f32::NAN, 0.5]);
    assert!(nan.contains("row 1, class 0") && nan.contains("NaN"), "{nan}");
    assert!(refused(2, &[0.5, 0.5, 1.5, -0.5]).contains("row 1, class 0"));
    assert!(refused(2, &[0.9, -0.1]).contains("row 0, class 1"));
    let sum = refused(2, &[0.5, 0.5, 0.3, 0.3]);
    assert!(sum.contains("row 1") && sum.contains("0.6"), "{sum}");
}

#[test]
fn rounded_probabilities_are_a_distribution() {
    assert!(Probabilities::of_matrix(3, &[0.333, 0.333, 0.333]).is_ok());
    assert!(Probabilities::of_matrix(2, &[]).unwrap().is_empty());
}

#[test]
fn kept_entries_read_as_the_matrix_they_come_from() {
    let matrix = [0.1, 0.0, 0.9, 0.25, 0.75, 0.0];
    let whole = Probabilities::of_matrix(3, &matrix).unwrap();
    let rows = vec![vec![(0, 0.1), (2, 0.9)], vec![(0, 0.25), (1, 0.75)]];
    let kept = Probabilities::of_kept(3, rows);
    assert_eq!((whole.len(), kept.len()), (2, 2));
    for row in 0..2 {
        assert!(whole.row(row).eq(kept.row(row)));
        assert_eq!(whole.most_probable(row), kept.most_probable(row));
        for class in 0..3 {
            assert_eq!(whole.of(row, class), kept.of(row, class));
        }
    }
}
