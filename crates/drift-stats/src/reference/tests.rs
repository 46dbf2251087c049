use proptest::prelude::*;

use super::*;

fn row(id: usize, input: &str) -> Served {
    Served {
        id: id.to_string(),
        at: 0,
        input: input.to_owned(),
        label: "x".to_owned(),
        confidence: 0.9,
        outside: Some(0.01),
        adapter: "a".to_owned(),
    }
}

fn rows() -> Vec<Served> {
    // Ten words in common use, and one in three rows brings a word of its own.
    (0..600)
        .map(|i| {
            row(
                i,
                &format!(
                    "w{} {}",
                    "abcdefghij".chars().nth(i % 10).unwrap(),
                    if i % 3 == 0 {
                        "own".repeat(1 + i % 9) + &"z".repeat(i % 23)
                    } else {
                        String::new()
                    }
                ),
            )
        })
        .collect()
}

#[test]
fn a_fifth_of_the_rows_is_held_out() {
    let (held_out, unfamiliar) = Reference::from_rows(&rows()).held_out();
    assert!((90..150).contains(&held_out), "{held_out}");
    assert!(unfamiliar < held_out);
}

/// With a word in every row that no other row has, every held-out row is unfamiliar; with none, none is.
#[test]
fn held_out_rows_tell_how_often_rows_bring_new_words() {
    let letters = |mut i: usize| {
        let mut word = String::new();
        for _ in 0..4 {
            word.push(char::from(b'a' + (i % 26) as u8));
            i /= 26;
        }
        word
    };
    let always: Vec<Served> = (0..300).map(|i| row(i, &letters(i))).collect();
    let (held_out, unfamiliar) = Reference::from_rows(&always).held_out();
    assert_eq!(held_out, unfamiliar);
    let never: Vec<Served> = (0..300).map(|i| row(i, "same words")).collect();
    assert_eq!(Reference::from_rows(&never).held_out().1, 0);
}

#[test]
fn a_bounded_reference_keeps_the_frequent_words_and_sums_up_the_rest() {
    let mut builder = ReferenceBuilder::new().with_max_values(10);
    builder.extend(&rows());
    let bounded = builder.finish();
    let full = Reference::from_rows(&rows());
    assert_eq!(bounded.words().iter().count(), 10);
    let all: u64 = full.words().iter().map(|(_, rows)| rows).sum();
    let kept: u64 = bounded.words().iter().map(|(_, rows)| rows).sum();
    assert_eq!(kept + bounded.words().tail().rows, all);
    assert!(
        full.words()
            .iter()
            .all(|(word, rows)| bounded.words().at_most(word) >= rows)
    );
}

#[test]
fn a_reference_survives_its_file() {
    let reference = Reference::from_rows(&rows());
    let text = serde_json::to_string(&reference).unwrap();
    assert_eq!(serde_json::from_str::<Reference>(&text).unwrap(), reference);
}

#[test]
fn damaged_files_are_refused_by_the_part_at_fault() {
    let whole = serde_json::to_value(Reference::from_rows(&rows())).unwrap();
    let edits: [(&str, serde_json::Value, &str); 6] = [
        ("/text_version", 99.into(), "version 99"),
        ("/rows", 1.into(), "labels"),
        ("/labels/x", u64::MAX.into(), "labels"),
        ("/words/tail/most_rows", 7.into(), "words"),
        ("/confidence/count", 599.into(), "confidences"),
        (
            "/held_out/rows_with_unfamiliar_words",
            601.into(),
            "held-out rows",
        ),
    ];
    for (place, value, expected) in edits {
        let mut damaged = whole.clone();
        *damaged.pointer_mut(place).unwrap() = value;
        let error = serde_json::from_value::<Reference>(damaged)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{place}: {error}");
    }
}

#[test]
fn no_rows_make_a_reference_of_nothing() {
    let empty = Reference::from_rows(&[]);
    assert_eq!((empty.rows(), empty.span()), (0, None));
    assert_eq!(
        serde_json::from_str::<Reference>(&serde_json::to_string(&empty).unwrap()).unwrap(),
        empty
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn neither_order_nor_parts_matter(order in Just(rows()).prop_shuffle(), cut in 0_usize..600) {
        let (first, second) = order.split_at(cut);
        let (mut builder, mut other) = (ReferenceBuilder::new(), ReferenceBuilder::new());
        builder.extend(first);
        other.extend(second);
        builder.merge(other);
        prop_assert_eq!(builder.finish(), Reference::from_rows(&rows()));
    }

    #[test]
    fn hostile_files_are_errors_and_not_panics(text in "\\PC{0,80}", at in 0_usize..1000, byte in any::<u8>()) {
        prop_assert!(serde_json::from_str::<Reference>(&text).is_err());
        let mut bytes = serde_json::to_vec(&Reference::from_rows(rows().iter().take(9))).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        drop(serde_json::from_slice::<Reference>(&bytes));
    }
}
