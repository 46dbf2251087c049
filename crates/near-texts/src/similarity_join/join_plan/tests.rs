use proptest::prelude::*;

use super::*;
use crate::{near_pairs_of_normal, shingle_count};

fn sizes(texts: &[String]) -> BTreeMap<usize, usize> {
    let mut sizes = BTreeMap::new();
    for text in texts {
        *sizes.entry(shingle_count(text)).or_default() += 1;
    }
    sizes
}

/// The pairs that a plan finds, texts handed over in slices of so many keys at a time, as an engine would.
fn joined(plan: &JoinPlan, texts: &[String], at_once: usize) -> Vec<(usize, usize, f64)> {
    let mut keyed: Vec<(u64, usize)> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let mut keys = Vec::new();
        plan.keys(text, &mut keys).unwrap();
        assert!(keys.len() <= plan.most_keys());
        keyed.extend(keys.into_iter().map(|key| (key, index)));
    }
    keyed.sort_unstable();
    let mut found = Vec::new();
    let groups: Vec<&[(u64, usize)]> = keyed.chunk_by(|a, b| a.0 == b.0).collect();
    for some in groups.chunks(at_once) {
        let some: Vec<(u64, usize)> = some.concat();
        let keys: Vec<u64> = some.iter().map(|&(key, _)| key).collect();
        let own: Vec<&str> = some.iter().map(|&(_, index)| texts[index].as_str()).collect();
        found.extend(plan.pairs(&keys, &own).unwrap().into_iter().map(|pair| {
            let (a, b) = (some[pair.left].1, some[pair.right].1);
            (a.min(b), a.max(b), pair.jaccard)
        }));
    }
    found.sort_by_key(|pair| (pair.0, pair.1));
    found
}

fn in_one_memory(texts: &[String], threshold: JaccardThreshold) -> Vec<(usize, usize, f64)> {
    let pairs = near_pairs_of_normal(texts, threshold);
    pairs
        .iter()
        .map(|pair| (pair.left, pair.right, pair.jaccard))
        .collect()
}

/// Every way to cut, and not only the one that few texts are given.
fn with_cut(plan: &JoinPlan, number: usize) -> JoinPlan {
    let mut plan = plan.clone();
    for class in &mut plan.classes {
        let distance = crate::shingles::most_distance(class.largest, plan.threshold.get());
        let cuts = Cut::candidates(distance);
        class.cut = cuts[number % cuts.len()].clone();
    }
    plan
}

proptest! {
    #[test]
    fn a_plan_finds_each_pair_of_the_join_once(
        texts in prop::collection::vec("[ab]{0,4}|[abc ]{0,30}|(abcab|cabba|bcc){1,12}", 0..40),
        percent in 30..=100_u32,
        cut in 0..30_usize,
        at_once in 1..50_usize,
    ) {
        let threshold = JaccardThreshold::new(f64::from(percent) / 100.0).unwrap();
        // The sample decides what it costs and never what is found.
        let plan = JoinPlan::of(&sizes(&texts), &texts[..texts.len() / 2], threshold);
        let expected = in_one_memory(&texts, threshold);
        prop_assert_eq!(&joined(&plan, &texts, at_once), &expected);
        prop_assert_eq!(&joined(&with_cut(&plan, cut), &texts, at_once), &expected);
        let read: JoinPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        prop_assert_eq!(read, plan);
    }
}

#[test]
fn many_texts_are_cut_and_joined_as_in_one_memory() {
    let mut state = 7_u64;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let mut texts: Vec<String> = Vec::new();
    for row in 0..1500 {
        let mut text: Vec<char> = match row {
            0..1000 => (0..30 + below(30))
                .map(|_| char::from(b'a' + below(20) as u8))
                .collect(),
            _ => texts[below(1000)].chars().collect(),
        };
        for _ in 0..below(4) {
            let at = below(text.len());
            text[at] = char::from(b'a' + below(20) as u8);
        }
        texts.push(text.into_iter().collect());
    }
    texts.sort();
    texts.dedup();
    // As if each stood for ten thousand: so many are not compared one by one.
    let sizes = sizes(&texts)
        .into_iter()
        .map(|(size, count)| (size, count * 10_000))
        .collect();
    let plan = JoinPlan::of(&sizes, &texts, JaccardThreshold::default());
    assert!(plan.most_keys() > 5, "{plan:?}");
    let expected = in_one_memory(&texts, JaccardThreshold::default());
    assert!(expected.len() > 100, "{}", expected.len());
    assert_eq!(joined(&plan, &texts, 100), expected);
}

#[test]
fn a_text_that_the_plan_has_not_counted_and_a_key_of_another_plan_are_refused() {
    let texts = ["where is my card".to_owned(), "where is my cards".to_owned()];
    let plan = JoinPlan::of(&sizes(&texts), &texts, JaccardThreshold::default());
    let refused = plan.keys(
        "a text that is a good deal longer than both of them",
        &mut Vec::new(),
    );
    assert_eq!(
        refused,
        Err(JoinPlanError::Size {
            found: 46,
            largest: 15
        })
    );
    let key = 900 << (PLACE_BITS + KEY_BITS);
    assert_eq!(plan.pairs(&[key, key], &texts), Err(JoinPlanError::Key { key }));
}

#[test]
fn a_cut_that_cannot_be_made_is_refused() {
    let plan = |cut: &str| {
        let json = format!(r#"{{"threshold":0.8,"classes":[{{"larger_from":1,"largest":9,"cut":{cut}}}]}}"#);
        serde_json::from_str::<JoinPlan>(&json)
    };
    assert!(plan(r#"{"groups":3,"parts":2,"touched":1}"#).is_ok());
    for cut in [
        r#"{"groups":0,"parts":2,"touched":1}"#,
        r#"{"groups":3,"parts":9,"touched":1}"#,
        r#"{"groups":3,"parts":2,"touched":3}"#,
        r#"{"groups":2000000,"parts":2,"touched":1}"#,
    ] {
        assert!(plan(cut).is_err(), "{cut}");
    }
}
