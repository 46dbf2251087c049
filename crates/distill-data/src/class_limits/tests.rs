use task_spec::{Example, Message};

use super::*;

mod worth;

fn row(id: &str, label: &str, calls: usize, confidence: Option<f64>) -> TrainRow {
    let messages = vec![Message::user(id), Message::assistant(label)];
    TrainRow {
        example: Example {
            confidence,
            ..Example::new(id, messages)
        },
        calls,
        first_call: None,
        reported: None,
        by_person: false,
    }
}

fn ids(rows: &[TrainRow]) -> Vec<&str> {
    rows.iter().map(|row| row.example.id.as_str()).collect()
}

#[test]
fn the_strongest_rows_of_a_class_stay() {
    let mut rows = vec![
        row("a", "card", 1, Some(0.9)),
        row("b", "card", 5, Some(0.2)),
        row("c", "fees", 1, None),
        row("d", "card", 1, Some(0.95)),
        row("e", "card", 1, None),
        row("f", "card", 1, Some(0.9)),
    ];
    rows[4].by_person = true;
    for (cap, over) in [(4, vec!["f"]), (3, vec!["a", "f"]), (1, vec!["a", "b", "d", "f"])] {
        let mut left = rows.clone();
        assert_eq!(ids(&take_over_cap(&mut left, cap)), over);
        assert_eq!(left.len() + over.len(), rows.len());
        assert!(left.is_sorted_by_key(|row| row.example.id.clone()));
    }
    let mut left = rows.clone();
    assert!(take_over_cap(&mut left, 5).is_empty() && left == rows);
}

#[test]
fn classes_that_lack_rows_are_named_with_how_many() {
    let rows = [
        row("a", "card", 9, None),
        row("b", "card", 1, None),
        row("c", "fees", 1, None),
    ];
    let missing = below_floor(["card", "fees", "top-up"].into_iter(), &rows, 2);
    let expected = [("fees", 1), ("top-up", 2)].map(|(label, rows)| (label.to_owned(), rows));
    assert_eq!(missing, BTreeMap::from(expected));
    assert!(below_floor(["top-up"].into_iter(), &rows, 0).is_empty());
}
