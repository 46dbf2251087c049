use proptest::prelude::*;

use super::*;

fn gold(texts: &[&str]) -> GoldRows {
    let row = |(number, text): (usize, &&str)| GoldRow {
        id: format!("g{number}"),
        input: (*text).into(),
        label: "a".into(),
    };
    GoldRows::new(texts.iter().enumerate().map(row).collect())
}

#[test]
fn word_for_word_near_and_far_are_told_apart() {
    let gold = gold(&[
        "Where is my card?",
        "my new card has not arrived yet",
        "close the account",
    ]);
    let train = [
        "where is my CARD",
        "my new card has not arrived, yet!!",
        "my new cards has not arrived yet",
    ];
    let certificate = leakage_certificate(&train, &gold, JaccardThreshold::default());
    assert_eq!(
        (certificate.exact, certificate.at_0_8, certificate.leaking_rows),
        (2, 2, 3)
    );
    assert_eq!(certificate.gold_at(0.9).collect::<Vec<_>>(), ["g0", "g1"]);
    assert!(!certificate.is_clean());
    let certificate = leakage_certificate(&["something else"], &gold, JaccardThreshold::default());
    assert!(certificate.is_clean() && certificate.nearest.is_empty());
}

#[test]
fn equal_shingle_sets_of_different_texts_are_near_but_not_exact() {
    // "abababab" and "ababababab" have the same two 3-grams.
    let certificate = leakage_certificate(&["abababab"], &gold(&["ababababab"]), JaccardThreshold::default());
    assert_eq!((certificate.at_0_9, certificate.exact), (1, 0));
}

#[test]
fn the_gold_hash_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold.jsonl");
    let rows = gold(&["a", "b"]);
    stage_files::write_json_lines(&path, rows.rows()).unwrap();
    assert_eq!(GoldRows::read(&path).unwrap(), rows);
}

proptest! {
    #[test]
    fn the_hash_of_texts_knows_neither_order_nor_case(
        mut texts in prop::collection::vec("[a-z ]{0,8}", 0..10), other in "[a-z]{1,8}",
    ) {
        let before = texts_hash(&texts);
        texts.reverse();
        let loud: Vec<String> = texts.iter().map(|text| text.to_uppercase()).collect();
        prop_assert_eq!(&texts_hash(&loud), &before);
        texts.push(other);
        prop_assert_ne!(texts_hash(&texts), before);
    }
}
