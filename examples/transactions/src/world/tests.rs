use std::collections::{BTreeSet, HashSet};

use super::*;

#[path = "reader.rs"]
mod reader;

fn lines(seed: u64, n: u64) -> Vec<Transaction> {
    let world = World::new(seed);
    (0..n).map(|index| world.line("test", index)).collect()
}

#[test]
fn a_line_is_a_function_of_seed_stream_and_index() {
    let forward = lines(5, 300);
    let world = World::new(5);
    for index in (0..300).rev() {
        assert_eq!(world.line("test", index), forward[index as usize]);
    }
    assert_ne!(world.line("other", 0).text, forward[0].text);
    assert_ne!(lines(6, 300), forward);
}

#[test]
fn every_line_holds_its_cue() {
    for line in lines(1, 10_000) {
        assert!(line.text.contains(&line.cue), "{line:?}");
        assert!(line.cue.len() >= 2, "{line:?}");
        assert!(line.text.is_ascii() && line.text == line.text.trim(), "{line:?}");
    }
}

#[test]
fn a_careful_reader_decides_nearly_every_line() {
    let reader = reader::CarefulReader::new();
    for seed in [1, 2] {
        let lines = lines(seed, 4_000);
        let wrong: Vec<_> = lines
            .iter()
            .filter(|line| reader.read(&line.text) != Some(line.category))
            .map(|line| (&line.text, line.category, reader.read(&line.text)))
            .collect();
        let right = 1.0 - wrong.len() as f64 / lines.len() as f64;
        assert!(right >= 0.98, "{right}: {:#?}", &wrong[..wrong.len().min(60)]);
    }
}

#[test]
fn categories_come_at_their_natural_frequency() {
    let lines = lines(3, 20_000);
    for category in Category::ALL {
        let share = category.share();
        let expected = share * lines.len() as f64;
        let found = lines.iter().filter(|line| line.category == category).count() as f64;
        let deviation = (expected * (1.0 - share)).sqrt();
        assert!(
            (found - expected).abs() < 5.0 * deviation,
            "{category:?}: {found} of {expected}"
        );
    }
}

#[test]
fn a_world_has_hundreds_of_merchants_in_its_large_categories() {
    let world = World::new(1);
    assert!(
        (3_000..8_000).contains(&world.merchants()),
        "{}",
        world.merchants()
    );
    let names: BTreeSet<&str> = world.stocks[Category::EatingOut as usize]
        .merchants
        .iter()
        .map(|(merchant, _)| merchant.name.as_str())
        .collect();
    assert!(names.len() > 300, "{}", names.len());
}

#[test]
fn most_lines_are_distinct_and_some_are_near() {
    let distinct: HashSet<String> = lines(4, 20_000).into_iter().map(|line| line.text).collect();
    let share = distinct.len() as f64 / 20_000.0;
    assert!((0.75..0.95).contains(&share), "distinct: {share}");

    let grams: Vec<Vec<[u8; 3]>> = lines(4, 1_200)
        .iter()
        .map(|line| {
            let grams: BTreeSet<[u8; 3]> = line
                .text
                .as_bytes()
                .windows(3)
                .map(|gram| [gram[0], gram[1], gram[2]])
                .collect();
            grams.into_iter().collect()
        })
        .collect();
    let near = (0..grams.len())
        .filter(|&later| {
            grams[..later]
                .iter()
                .any(|earlier| jaccard(earlier, &grams[later]) >= 0.8)
        })
        .count() as f64
        / grams.len() as f64;
    // Among so few lines; the share grows with their number.
    assert!((0.015..0.12).contains(&near), "near-duplicates: {near}");
}

/// Of two sorted sets.
fn jaccard(a: &[[u8; 3]], b: &[[u8; 3]]) -> f64 {
    let shared = a.iter().filter(|gram| b.binary_search(gram).is_ok()).count();
    shared as f64 / (a.len() + b.len() - shared) as f64
}

#[test]
fn types_can_cross_threads() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<World>();
    check::<Transaction>();
}
