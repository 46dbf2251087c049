use proptest::prelude::*;

use super::*;

pub(crate) fn served() -> impl Strategy<Value = Served> {
    let number = || prop_oneof![0.0_f64..=1.0, Just(f64::NAN), Just(f64::INFINITY), Just(-3.0)];
    let text = prop_oneof!["[a-d ]{0,6}", "\\PC{0,12}"];
    (
        any::<u16>(),
        any::<i64>(),
        text,
        "[xyz ]?",
        number(),
        prop::option::of(number()),
    )
        .prop_map(|(id, at, input, label, confidence, outside)| Served {
            id: id.to_string(),
            at,
            input,
            label,
            confidence,
            outside,
            adapter: "a".to_owned(),
        })
}

fn tally_of(rows: &[Served]) -> Tally {
    Tally::of(&rows.iter().map(Row::read).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merged_counts_are_the_counts_of_all(rows in prop::collection::vec(served(), 0..40), cut in 0_usize..40) {
        let (first, second) = rows.split_at(cut.min(rows.len()));
        let mut merged = tally_of(second);
        merged.merge(&tally_of(first));
        prop_assert_eq!(&merged, &tally_of(&rows));
        prop_assert!(merged.confidence.is_consistent());
        prop_assert_eq!(merged.labels.values().sum::<u64>(), merged.rows);
    }

    #[test]
    fn the_fixed_order_does_not_depend_on_the_given_one(rows in prop::collection::vec(served(), 0..40)) {
        let mut turned = rows.clone();
        turned.reverse();
        let as_text = |rows: &[Served]| format!("{:?}", in_fixed_order(rows));
        prop_assert_eq!(as_text(&rows), as_text(&turned));
    }
}

#[test]
fn each_problem_is_counted_and_the_row_still_counts() {
    let row = Served {
        id: "1".to_owned(),
        at: 0,
        input: "\u{a0} ".to_owned(),
        label: " ".to_owned(),
        confidence: f64::NAN,
        outside: Some(1.5),
        adapter: String::new(),
    };
    let long = Served {
        input: "é".repeat(5_000),
        label: "x".to_owned(),
        confidence: 0.5,
        outside: None,
        ..row.clone()
    };
    let tally = tally_of(&[row, long]);
    let expected = RowProblems {
        confidence_not_a_probability: 1,
        outside_not_a_probability: 1,
        blank_inputs: 1,
        cut_inputs: 1,
        blank_labels: 1,
        repeated_ids: 0,
    };
    assert_eq!((tally.rows, tally.problems), (2, expected));
    assert_eq!(tally.confidence.count(), 1);
}
