use proptest::prelude::*;

use super::*;

/// A row of a class.
#[derive(Debug, Clone)]
struct Asked {
    id: String,
    text: String,
    calls: usize,
    confidence: Option<f64>,
    by_person: bool,
}

fn asked(text: &str) -> Asked {
    Asked {
        id: crate::row::text_id(text),
        text: text.to_owned(),
        calls: 1,
        confidence: None,
        by_person: false,
    }
}

fn features(rows: &[Asked]) -> Features {
    Features::of(rows.iter().map(|row| row.text.as_str()))
}

fn candidates(rows: &[Asked]) -> Vec<Candidate<'_>> {
    rows.iter()
        .enumerate()
        .map(|(row, asked)| Candidate {
            row,
            strength: Strength {
                by_person: asked.by_person,
                calls: asked.calls,
                confidence: asked.confidence,
                id: &asked.id,
            },
        })
        .collect()
}

/// The texts that are kept, in order.
fn kept(rows: &[Asked], cap: usize) -> Vec<String> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let found = representatives(&candidates(&rows), cap, &features(&rows));
    let mut texts: Vec<String> = found.into_iter().map(|row| rows[row].text.clone()).collect();
    texts.sort_unstable();
    texts
}

/// A cluster of texts that differ in their last word.
fn cluster(beginning: &str, size: usize) -> Vec<Asked> {
    (0..size)
        .map(|number| asked(&format!("{beginning} {number}")))
        .collect()
}

#[test]
fn every_cluster_has_a_row_before_any_has_two() {
    let clusters = [
        cluster("where is the card that i have ordered", 50),
        cluster("my new debit has not arrived by post", 10),
        cluster("tracking number for a delivery", 3),
    ];
    let rows = clusters.concat();
    for (count, expected) in [(3, [1, 1, 1]), (2, [1, 1, 0]), (1, [1, 0, 0])] {
        let kept = kept(&rows, count);
        let of_cluster = |cluster: &Vec<Asked>| cluster.iter().filter(|row| kept.contains(&row.text)).count();
        assert_eq!(clusters.each_ref().map(of_cluster), expected, "{kept:?}");
    }
}

#[test]
fn what_is_asked_often_or_trusted_more_stays_where_texts_are_unlike() {
    let mut rows = ["a b", "c d", "e f", "g h"].map(asked);
    rows[1].calls = 9;
    rows[3].confidence = Some(0.9);
    assert_eq!(kept(&rows, 1), ["c d"]);
    assert_eq!(kept(&rows, 2), ["c d", "g h"]);
    rows[0].by_person = true;
    assert_eq!(kept(&rows, 1), ["a b"]);
    assert_eq!(kept(&rows, 2), ["a b", "c d"]);
}

#[test]
fn a_text_that_a_person_has_read_stands_for_its_cluster() {
    let mut rows = [
        cluster("where is the card that i have ordered", 8),
        cluster("top up failed again", 4),
    ]
    .concat();
    rows[3].by_person = true;
    let kept = kept(&rows, 2);
    assert!(
        kept.contains(&rows[3].text) && kept.iter().any(|text| text.starts_with("top up")),
        "{kept:?}"
    );
}

#[test]
fn large_classes_give_exactly_the_cap_whatever_the_threads() {
    let words = [
        "card", "fee", "limit", "app", "cash", "rate", "top", "pin", "atm", "loan", "swap",
    ];
    let text = |number: usize| {
        let word = |by: usize| words[(number / by) % words.len()];
        format!("{} {} {} {}", word(1), word(11), word(121), word(1331))
    };
    let mut rows: Vec<Asked> = (0..2 * BLOCK + 500).map(|number| asked(&text(number))).collect();
    rows.iter_mut().step_by(40).for_each(|row| row.by_person = true);
    for cap in [1, 300, rows.len() - 1] {
        let of_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| kept(&rows, cap))
        };
        let (one, mut four) = (of_threads(1), of_threads(4));
        assert_eq!(one, four);
        four.dedup();
        assert_eq!(four.len(), cap, "each row at most once");
    }
}

fn any_rows() -> impl Strategy<Value = Vec<Asked>> {
    let row = (
        "(where|when|why) (is|was) (my|the) (card|cash|fee|top up)( now| again)?",
        1..20_usize,
    );
    prop::collection::btree_map(row.0, row.1, 1..40).prop_map(|rows| {
        let rows = rows.into_iter();
        rows.map(|(text, calls)| Asked {
            calls,
            ..asked(&text)
        })
        .collect()
    })
}

proptest! {
    #[test]
    fn blocks_give_the_cap_and_none_more_than_it_has(rows in 0..9 * BLOCK, share in 0.0..=1.0_f64) {
        let cap = (rows as f64 * share) as usize;
        let blocks = blocks(rows, cap);
        prop_assert_eq!(blocks.iter().map(|block| block.1).sum::<usize>(), cap);
        prop_assert_eq!(blocks.iter().map(|block| block.0.len()).sum::<usize>(), rows);
        prop_assert!(blocks.iter().all(|block| block.1 <= block.0.len() && block.0.len() <= BLOCK));
    }

    #[test]
    fn no_other_choice_covers_much_more_and_order_changes_nothing(
        (rows, shuffled) in any_rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cap in 1..10_usize,
    ) {
        let found = kept(&rows, cap);
        prop_assert_eq!(&found, &kept(&shuffled, cap));
        let candidates = candidates(&rows);
        let all: Vec<&Candidate<'_>> = candidates.iter().collect();
        let block = Block::of(&all, &[], &features(&rows));
        let count = rows.len();
        let covered = |is_kept: &dyn Fn(usize) -> bool| -> f64 {
            let nearest = (0..count).map(|row| {
                let kept = (0..count).filter(|&other| is_kept(block.rows[other]));
                kept.map(|other| block.similarities[other * count + row]).fold(0.0, f32::max)
            });
            nearest.zip(&block.calls).map(|(nearest, calls)| f64::from(nearest) * calls).sum()
        };
        let ours = covered(&|row| found.contains(&rows[row].text));
        // The shuffle is a choice by chance of the same size.
        let chance = covered(&|row| shuffled.iter().take(cap).any(|other| other.text == rows[row].text));
        prop_assert!(ours >= (1.0 - (-1.0_f64).exp()) * chance - 1e-4, "{} against {}", ours, chance);
    }
}
