use std::collections::HashSet;

use super::*;
use crate::{
    Category, MonthConfig,
    month::{HIRE_WORDS, OPERATORS},
    task,
};

fn texts(document: &Document) -> Vec<&str> {
    match document {
        Document::Text(text) => vec![text],
        Document::Chat(turns) => turns.iter().map(|turn| turn.content.as_str()).collect(),
    }
}

#[test]
fn no_line_or_merchant_that_is_judged_or_served_is_in_the_text() {
    let world = World::new(1);
    let gold = world.gold(1_500);
    let live = world.month(MonthConfig::default()).rows();
    let served = gold.iter().chain(live.iter().map(|row| &row.transaction));
    let lines: HashSet<&str> = served.clone().map(|row| row.text.as_str()).collect();
    // By name, except where the bank names nobody.
    let names: HashSet<&str> = served
        .filter(|row| row.merchant != row.full_cue || row.traits.known)
        .map(|row| row.merchant.as_str())
        .collect();
    let source = PretrainingText::new(1);
    for index in 0..6_000 {
        for text in texts(&source.document(index)) {
            for line in text.lines() {
                assert!(!lines.contains(line), "{line}");
                assert!(!names.contains(line), "{line}");
            }
            let upper = text.to_uppercase();
            for word in OPERATORS.iter().chain(HIRE_WORDS) {
                assert!(!upper.contains(word), "{word} is in {text}");
            }
        }
    }
    let mut dice = Dice::new(9, "merchants", 0);
    for _ in 0..6_000 {
        let line = source.line(&mut dice);
        assert!(!names.contains(line.merchant.as_str()), "{}", line.merchant);
    }
}

#[test]
fn the_task_itself_is_not_in_the_text() {
    let task = task();
    let system = task.system.as_deref().unwrap();
    for document in PretrainingText::new(1).take(6_000) {
        assert!(texts(&document).iter().all(|text| !text.contains(system)));
        if let Document::Chat(turns) = &document {
            let answer = turns.last().unwrap();
            let asked_for_a_word = turns
                .iter()
                .any(|turn| turn.content.contains("lower case") || turn.content.contains("short for"));
            assert!(
                asked_for_a_word || task.labels().index_of(&answer.content).is_none(),
                "{turns:?}"
            );
        }
    }
}

#[test]
fn documents_are_many_and_do_not_depend_on_the_order() {
    let forward: Vec<_> = PretrainingText::new(3).take(200).collect();
    let source = PretrainingText::new(3);
    for index in (0..200).rev() {
        assert_eq!(source.document(index), forward[index as usize]);
    }
    let distinct: HashSet<String> = PretrainingText::new(3)
        .take(6_000)
        .map(|document| texts(&document).join("\n"))
        .collect();
    assert!(distinct.len() > 5_000, "{}", distinct.len());
}

#[test]
fn every_category_is_spoken_of() {
    let text: String = PretrainingText::new(1)
        .take(10_000)
        .map(|document| texts(&document).join("\n") + "\n")
        .collect();
    for category in Category::ALL {
        assert!(text.contains(category.name()), "{category:?}");
        assert!(
            text.contains(crate::lexicon::trade(category).place),
            "{category:?}"
        );
    }
}
