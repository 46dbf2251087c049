use near_texts::PersonalDataKind;
use proptest::prelude::*;
use serde_json::{Value, json};
use task_spec::{GoldRow, Label, Task};

use super::*;
use crate::{
    CsvTable, CurateConfig, CurateInput, Curated, FieldMap, GoldRows, LogFile, LogFormat, ReviewedRow,
    curate, quarantine::excerpt,
};

const CARD: &str = "4111 1111 1111 1111";
const ADDRESS: &str = "ann.lee@example.com";

fn masking() -> CurateConfig {
    CurateConfig {
        personal_data: PersonalDataMask::all(),
        max_damaged_share: 1.0,
        ..CurateConfig::default()
    }
}

/// Curates a log and gives the outcome and everything that was written.
fn written(
    log: &str,
    format: LogFormat,
    gold: Option<&GoldRows>,
    reviewed: &[ReviewedRow],
) -> (Curated, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, log).unwrap();
    let task = Task::of_labels("bank", vec![Label::new("card"), Label::new("fees")]).unwrap();
    let logs = [LogFile::new(path, format)];
    let mut input = CurateInput::new(&task, &logs).with_reviewed(reviewed);
    if let Some(gold) = gold {
        input = input.with_gold(gold);
    }
    let curated = curate(&input, &masking().check().unwrap()).unwrap();
    assert!(curated.manifest.ledger.balances());
    let out = folder.path().join("out");
    curated.write(&out).unwrap();
    let files = std::fs::read_dir(&out).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    (curated, texts.collect())
}

fn jsonl(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn nothing_that_is_written_holds_what_was_masked() {
    let log = jsonl(&[
        json!({"input": format!("my card {CARD} is lost"), "answer": "card", "confidence": 0.9}),
        json!({"input": format!("my card {CARD} is lost!"), "answer": "card", "confidence": 0.8}),
        json!({"input": format!("write to {ADDRESS} about costs"), "answer": "fees", "confidence": 0.1}),
        json!({"input": format!("please write to {ADDRESS}"), "answer": format!("I mailed {ADDRESS}")}),
        json!({"input": "x", "answer": {"label": "card"}, "confidence": format!("{ADDRESS}")}),
        json!({"input": 7, "answer": format!("{CARD}")}),
    ]) + &format!("{{\"input\": \"broken {CARD} and ann.lee\\u0040example.com\n");
    let (curated, text) = written(&log, LogFormat::Jsonl(FieldMap::default()), None, &[]);
    for secret in [CARD, "4111", ADDRESS, "ann.lee", "\\u0040"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("my card 9999 9999 9999 9999 is lost"));
    let record = curated.manifest.personal_data.unwrap();
    assert_eq!(
        (record.questions, record.found[&PersonalDataKind::CardNumber]),
        (4, 2)
    );
    assert_eq!(record.found[&PersonalDataKind::EmailAddress], 2);
    assert_eq!(curated.quarantine.len(), 3);
}

#[test]
fn cells_of_a_broken_table_do_not_run_into_each_other() {
    let log = "id,input,answer\n12,4111111111111111,card,3\n";
    let (curated, text) = written(log, LogFormat::Csv(CsvTable::default()), None, &[]);
    assert_eq!(curated.quarantine.len(), 1);
    assert!(
        !text.contains("4111") && text.contains("12,9999999999999999,card,3"),
        "{text}"
    );
}

#[test]
fn reviewed_rows_and_gold_rows_are_found_as_they_were_before() {
    let log = jsonl(&[
        json!({"input": format!("block card {CARD} for me"), "answer": "fees", "confidence": 0.9}),
        json!({"input": format!("{ADDRESS} asks what a transfer costs"), "answer": "fees", "confidence": 0.9}),
    ]);
    let gold = GoldRows::new(vec![GoldRow {
        id: "g1".into(),
        input: format!("{ADDRESS} asks what a transfer costs"),
        label: "fees".into(),
    }]);
    let reviewed = [ReviewedRow::new(format!("block card {CARD} for me"), "card")];
    let (curated, text) = written(
        &log,
        LogFormat::Jsonl(FieldMap::default()),
        Some(&gold),
        &reviewed,
    );
    assert_eq!(curated.train[0].example.answer(), Some("card"));
    assert_eq!(curated.manifest.ledger.rejected["leaks_gold"], 1);
    let leakage = curated.manifest.leakage.unwrap();
    assert_eq!((leakage.log.exact, &leakage.log.gold), (1, gold.hash()));
    assert!(leakage.train.masked.is_some() && !text.contains(ADDRESS));
}

#[test]
fn a_number_that_was_cut_off_does_not_show() {
    let mask = PersonalDataMask::all();
    let text = format!("{}card 4111 1111 1111 1111", "word ".repeat(10));
    for cut in 50..text.len() {
        let shown = masked_excerpt(&excerpt(&text, cut), &mask, false);
        assert!(!shown.contains("411") && !shown.contains("111"), "{shown}");
        assert_eq!(shown.chars().count(), cut + 1);
    }
    assert_eq!(masked_excerpt("as it is", &mask, false), "as it is");
}

#[test]
fn an_escape_that_is_no_ascii_stays() {
    assert_eq!(without_ascii_escapes(r"a\u0040b \u00e9 \u00"), r"a@b \u00e9 \u00");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_fault_of_a_log_lets_personal_data_through(
        faults in prop::collection::vec((0..6_u8, 0..200_usize, "[a-z]{1,5}"), 1..12),
    ) {
        let mut log = String::new();
        for (kind, cut, word) in &faults {
            let text = format!("{word} {CARD} {word} {ADDRESS} {word}");
            let line = match kind {
                0 => json!({"input": text, "answer": "card"}),
                1 => json!({"input": word, "answer": text}),
                2 => json!({"input": [text], "answer": "card"}),
                3 => json!({"input": text, "answer": "", "confidence": 0.3}),
                4 => json!({"input": text, "answer": "fees", "confidence": text}),
                _ => json!({"input": text, "answer": null, "id": 3}),
            }.to_string();
            let end = match kind { 5 => (*cut).min(line.len()), _ => line.len() };
            log.push_str(&line[..end]);
            log.push('\n');
        }
        let (_, text) = written(&log, LogFormat::Jsonl(FieldMap::default()), None, &[]);
        prop_assert!(!text.contains("4111 1") && !text.contains("ann.lee"), "{}", text);
    }
}
