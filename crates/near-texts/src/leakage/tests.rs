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
    fn a_certificate_of_parts_is_that_of_all_texts_in_whatever_order_they_are_offered(
        texts in prop::collection::btree_set("[ab]{2,7}( [ab]{2,5})?", 0..30),
        questions in prop::collection::vec("[ab]{2,7}( [ab]{2,5})?", 1..6),
        parts in 1..5_usize,
        threshold in 0.5..=1.0_f64,
    ) {
        let threshold = JaccardThreshold::new(threshold).unwrap();
        let questions: Vec<&str> = questions.iter().map(String::as_str).collect();
        let gold = gold(&questions);
        // Sorted, as a set has them.
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (mut joined, mut hasher) = (JoinedTexts::default(), TextsHasher::default());
        let mut leaking = BTreeSet::new();
        for part in texts.chunks(texts.len().div_ceil(parts).max(1)).rev() {
            for pair in gold_neighbours(&questions, part, threshold) {
                let text = part[pair.right];
                if pair.jaccard >= threshold.get() {
                    leaking.insert(text);
                }
                joined.offer(pair.left, GoldNeighbour {
                    gold: gold.rows()[pair.left].id.clone(),
                    train: text_hash(text),
                    jaccard: pair.jaccard,
                    exact: text == questions[pair.left],
                });
            }
            joined.rows += part.len();
        }
        texts.iter().for_each(|text| hasher.push(text));
        joined.hash = hasher.finish();
        joined.leaking = leaking.len();
        let certificate = LeakageCertificate::of_joined(&gold, threshold, joined);
        prop_assert_eq!(certificate, leakage_certificate(&texts, &gold, threshold));
    }

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

#[test]
fn the_nearest_training_text_is_named_by_its_hash_whatever_the_order() {
    let gold = gold(&["my new card has not arrived yet", "close the account"]);
    let mut train = vec![
        "my new card has not arrived yet again",
        "My new card has not arrived, yet!",
        "my new cards has not arrived yet",
    ];
    let certificate = leakage_certificate(&train, &gold, JaccardThreshold::default());
    let [near] = &certificate.nearest[..] else {
        panic!("{certificate:?}")
    };
    assert_eq!(
        (&near.train, near.jaccard, near.exact),
        (&text_hash("my new card has not arrived yet"), 1.0, true)
    );
    assert_eq!((certificate.at_0_7, certificate.below_0_7), (1, 1));
    train.reverse();
    assert_eq!(
        leakage_certificate(&train, &gold, JaccardThreshold::default()),
        certificate
    );
}

#[test]
fn a_masked_leak_is_found_where_the_gold_set_is_masked_too() {
    let gold = gold(&["is 4111 1111 1111 1111 blocked"]);
    let mask = PersonalDataMask::all();
    let train = [mask.mask("is 4111 1111 1111 1111 blocked").text];
    let masked = leakage_certificate(&train, &gold.masked(&mask), JaccardThreshold::default());
    assert_eq!((masked.exact, &masked.gold), (1, gold.hash()));
    assert_eq!(masked.masked.unwrap().rules, MASKING_RULES);
    let plain = leakage_certificate(&train, &gold, JaccardThreshold::default());
    assert_eq!((plain.exact, plain.masked), (0, None));
}

#[test]
fn a_certificate_reads_back_as_it_was_written() {
    let gold = gold(&["where is my new card", "close the account"]).masked(&PersonalDataMask::all());
    let train = ["where is my new cards", "where is my old card"];
    let certificate = leakage_certificate(&train, &gold, JaccardThreshold::new(0.5).unwrap());
    let text = serde_json::to_string(&certificate).unwrap();
    assert_eq!(
        serde_json::from_str::<LeakageCertificate>(&text).unwrap(),
        certificate
    );
    assert!(!certificate.nearest.is_empty());
}
