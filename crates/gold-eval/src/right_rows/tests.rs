use super::*;

fn read(text: &str) -> Result<RightRows, RightRowsError> {
    RightRows::try_from(text.to_owned())
}

#[test]
fn rows_keep_their_order_in_the_text() {
    let mut right = vec![false; 70];
    right[0] = true;
    right[65] = true;
    let text = String::from(RightRows::new(right.clone()));
    assert_eq!(text, "bits1:70:800000000000000040");
    assert!(read(&text).unwrap().iter().eq(right));
    assert_eq!(String::from(RightRows::new([])), "bits1:0:");
}

#[test]
fn a_text_that_was_cut_edited_or_written_otherwise_is_refused() {
    assert!(matches!(read("bits2:4:f"), Err(RightRowsError::Encoding { .. })));
    assert!(matches!(read("bits1:4"), Err(RightRowsError::Encoding { .. })));
    assert!(matches!(read("bits1:-4:f"), Err(RightRowsError::Encoding { .. })));
    assert_eq!(
        read("bits1:70:8000"),
        Err(RightRowsError::Digits {
            rows: 70,
            expected: 18,
            found: 4
        })
    );
    // A number of rows that no memory holds is refused before memory is asked for.
    assert!(matches!(
        read("bits1:18446744073709551615:f"),
        Err(RightRowsError::Digits { .. })
    ));
    assert_eq!(
        read("bits1:8:fx"),
        Err(RightRowsError::Digit { place: 2, digit: 'x' })
    );
    // The fifth row is the last: the digit 4 speaks of a sixth.
    assert_eq!(
        read("bits1:5:f4"),
        Err(RightRowsError::Digit { place: 2, digit: '4' })
    );
}

#[test]
fn models_with_other_rows_are_not_compared() {
    let (four, five) = (RightRows::new([true; 4]), RightRows::new([true; 5]));
    assert_eq!(
        four.against(&five),
        Err(RowsDiffer {
            expected: 5,
            found: 4
        })
    );
}

proptest::proptest! {
    #[test]
    fn a_text_reads_back_and_counts_as_rows_do(
        pairs in proptest::collection::vec((proptest::bool::ANY, proptest::bool::ANY), 0..300),
    ) {
        let (ours, theirs): (Vec<bool>, Vec<bool>) = pairs.iter().copied().unzip();
        let mut expected = PairedCounts::default();
        for &(a, b) in &pairs {
            expected.add(a, b);
        }
        let rows = RightRows::new(ours.clone());
        proptest::prop_assert_eq!(rows.against(&RightRows::new(theirs)), Ok(expected));
        proptest::prop_assert_eq!(rows.right(), ours.iter().filter(|right| **right).count() as u64);
        proptest::prop_assert_eq!(read(&String::from(rows.clone())), Ok(rows));
    }

    #[test]
    fn any_text_is_rows_or_an_error(text in "\\PC{0,30}|bits1:[1-9][0-9]{0,2}:[0-9a-fé]{0,40}") {
        if let Ok(rows) = read(&text) {
            proptest::prop_assert_eq!(String::from(rows).to_lowercase(), text.to_lowercase());
        }
    }
}
