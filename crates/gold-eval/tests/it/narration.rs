//! Reading levels against textstat, and the checks on the E2E challenge's sentences.
//!
//! `tests/oracle/readability.py` made the fixture with textstat, whose version it states, and the CMU dictionary.

use std::{collections::BTreeMap, path::PathBuf};

use gold_eval::narration::{Readability, SentenceChecker, SentenceSet, grade_sentences, syllables};
use serde::Deserialize;
use stage_files::read_json_lines;
use task_spec::{SentenceStyle, Task};

#[derive(Deserialize)]
struct Fixture {
    textstat: String,
    words: BTreeMap<String, usize>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
    syllables: usize,
    grade: f64,
    ease: f64,
}

/// Measured: 3 of 132 words; 0.30 years of school and 2.1 points of ease on average, at most 2.4 and 17 (of sentences of
/// five words, where one syllable is much).
#[test]
fn reading_levels_are_near_textstat() {
    let fixture: Fixture = serde_json::from_str(include_str!("../oracle/readability.json")).unwrap();
    assert_eq!(fixture.textstat, "0.7.7");
    let other: Vec<String> = (fixture.words.iter())
        .filter(|(word, count)| syllables(word) != **count)
        .map(|(word, count)| format!("{word} {count} not {}", syllables(word)))
        .collect();
    let share = other.len() as f64 / fixture.words.len() as f64;
    let (mut grade, mut ease, mut count) = (Vec::new(), Vec::new(), 0.0);
    for row in &fixture.rows {
        let level = Readability::of(&row.text);
        grade.push((level.grade() - row.grade).abs());
        ease.push((level.ease() - row.ease).abs());
        count += level.syllables as f64 / row.syllables as f64 / fixture.rows.len() as f64;
    }
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let most = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
    println!(
        "{} of {} words differ: {other:?}",
        other.len(),
        fixture.words.len()
    );
    println!(
        "syllables {count:.3}, grade {:.2} {:.2}, ease {:.2} {:.2}",
        mean(&grade),
        most(&grade),
        mean(&ease),
        most(&ease)
    );
    assert!(share < 0.1, "{other:?}");
    assert!((count - 1.0).abs() < 0.03, "{count}");
    assert!(mean(&grade) < 0.5 && mean(&ease) < 4.0);
}

/// `E2E=OUT cargo test --release -p gold-eval e2e -- --nocapture`, where `OUT` was made by
/// `benches/peers/e2e_sentences.py`.
#[test]
fn a_template_that_says_the_row_passes_on_e2e_and_a_neighbours_sentence_does_not() {
    let Some(folder) = std::env::var_os("E2E").map(PathBuf::from) else {
        println!("skipped: E2E does not name the folder that e2e_sentences.py made");
        return;
    };
    let task: Task<SentenceStyle> = toml::from_str(include_str!("../../examples/gate/e2e.toml")).unwrap();
    let set = SentenceSet::open(&folder.join("gold.jsonl")).unwrap();
    let checker = SentenceChecker::new(&task.output, &set).unwrap();
    let right = |system: &str| {
        let rows: Vec<gold_eval::PredictedRow> = read_json_lines(&folder.join(system)).unwrap();
        let answers = rows.into_iter().map(|row| (row.id, row.prediction.answer));
        let report = grade_sentences(&checker, &set, answers)
            .unwrap()
            .report(system, &set);
        println!("{system}: {:?}", report.right);
        report.right.value
    };
    // What the template gets wrong is "Fast food food".
    assert!(right("template.jsonl") > 0.85);
    assert!(right("nearest.jsonl") < 0.5);
}
