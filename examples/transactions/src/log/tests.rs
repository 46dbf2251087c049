use std::collections::HashSet;

use serde_json::Value;

use super::*;
use crate::task;

#[test]
fn the_log_holds_gold_rows_repeats_and_damage_in_the_promised_shares() {
    let (world, task) = (World::new(1), task());
    let gold = world.gold(1_500);
    let rows = world.log(&gold, &LogConfig::default());
    assert_eq!(rows.len(), 20_000);
    assert!(
        rows.is_sorted_by_key(|row| row.at),
        "the log is not in order of time"
    );

    let golden: HashSet<&str> = gold.iter().map(|row| row.text.as_str()).collect();
    let word_for_word = rows
        .iter()
        .filter(|row| golden.contains(row.transaction.text.as_str()))
        .count();
    assert!(
        (30..80).contains(&word_for_word),
        "{word_for_word} gold rows word for word"
    );
    // The same line with two digits behind it; some come about by themselves.
    let with_two_digits = |line: &str| {
        line.rsplit_once(' ')
            .is_some_and(|(head, tail)| tail.len() == 2 && golden.contains(head))
    };
    let near = rows
        .iter()
        .filter(|row| with_two_digits(&row.transaction.text))
        .count();
    assert!((15..60).contains(&near), "{near} gold rows nearly");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let teacher = Teacher::of_transactions(1);
    let cases = || rows.iter().map(|row| (row.transaction.case(), row.at));
    let summary = write_log(&path, &task, &teacher, cases(), 0.002).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let broken = text
        .lines()
        .filter(|line| serde_json::from_str::<Value>(line).is_err())
        .count();
    assert_eq!((summary.lines, summary.damaged), (20_000, broken));
    assert_eq!(summary.hash, ContentHash::of_file(&path).unwrap());
    assert_eq!(text.lines().count(), 20_000);
    assert!((15..75).contains(&broken), "{broken} lines are damaged");

    let head = text
        .lines()
        .take(300)
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    write_log(&path, &task, &teacher, cases().take(300), 0.002).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), head);
}
