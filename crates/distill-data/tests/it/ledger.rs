//! Logs of every format with random faults: each line and each call has exactly one end, whatever the order of the lines and
//! the number of threads.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use distill_data::{
    AnswerFormat, CurateConfig, CurateInput, CuratePlan, Curated, Duplicates, GoldRows, LogFile, LogFormat,
    ReviewedRow, SuspectConfig, UnknownConfidence, WeightByCalls, curate,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};
use task_spec::{GoldRow, Label, Task};

use crate::{
    faults::{Fault, fault},
    rendered::{Asked, header, line},
};

const LABELS: [&str; 4] = ["card", "top-up", "fees", "other"];
/// What texts are made of: so few that they are often equal, and nearly.
const WORDS: [&str; 6] = [
    "where is my new card",
    "card",
    "top up",
    "what does it cost",
    "?",
    "№5",
];
/// What a teacher says: labels, an alias, and what is none.
const ANSWERS: [&str; 9] = [
    "card",
    "card",
    "Top_Up.",
    "fees",
    "charge",
    "taxis",
    "",
    "{\"label\": \"card\", \"confidence\": 0.4}",
    "{\"label\": \"fees\", \"confidence\": \"99%\"}",
];

/// All that goes into a curation.
#[derive(Debug, Clone)]
struct Setting {
    format: &'static str,
    /// By log.
    lines: Vec<Vec<Vec<u8>>>,
    gold: Vec<String>,
    reviewed: Vec<(String, &'static str)>,
    config: CurateConfig,
    order: Vec<Index>,
}

fn text() -> impl Strategy<Value = String> {
    vec(select(&WORDS[..]), 1..3).prop_map(|words| words.join(" "))
}

fn asked() -> impl Strategy<Value = Asked> {
    let probability = select(vec![0.0, 0.2, 0.5, 0.9, 0.95, 1.0]);
    let id = select(vec!["a", "b", "c"]);
    (text(), select(&ANSWERS[..]), probability, id).prop_map(|(input, answer, probability, id)| Asked {
        id: id.to_owned(),
        input,
        answer: answer.to_owned(),
        offered: LABELS.map(str::to_owned).to_vec(),
        probability,
    })
}

fn config() -> impl Strategy<Value = CurateConfig> {
    let answer = prop_oneof![Just(AnswerFormat::Text), Just(AnswerFormat::json())];
    let duplicates = select(vec![
        Duplicates::Keep,
        Duplicates::MergeExact,
        Duplicates::MergeNear,
    ]);
    let weight = select(vec![
        WeightByCalls::None,
        WeightByCalls::Sqrt,
        WeightByCalls::Linear,
    ]);
    let unknown = select(vec![UnknownConfidence::Keep, UnknownConfidence::Review]);
    let suspects = option::of(Just(SuspectConfig {
        min_agreement: 0.0,
        least_suspicion: 0.1,
        ..SuspectConfig::default()
    }));
    let thresholds = (
        select(vec![0.5, 0.8, 1.0]),
        select(vec![0.0, 0.5, 0.97]),
        select(vec![0.0, 0.1, 1.0]),
    );
    (
        answer,
        duplicates,
        weight,
        unknown,
        suspects,
        thresholds,
        option::of(Just(0.9)),
    )
        .prop_map(
            |(
                answer,
                duplicates,
                weight_by_calls,
                unknown_confidence,
                suspects,
                thresholds,
                target_precision,
            )| {
                CurateConfig {
                    answer,
                    duplicates,
                    weight_by_calls,
                    unknown_confidence,
                    suspects,
                    near_threshold: thresholds.0,
                    min_confidence: thresholds.1,
                    max_damaged_share: thresholds.2,
                    target_precision,
                    ..CurateConfig::default()
                }
            },
        )
}

fn setting() -> impl Strategy<Value = Setting> {
    let log = (vec(asked(), 0..14), vec(fault(), 0..8));
    (
        select(&LogFormat::NAMES[..]),
        vec(log, 1..3),
        vec(text(), 0..3),
        vec((text(), select(&LABELS[..])), 0..3),
        config(),
        vec(any::<Index>(), 40),
    )
        .prop_map(|(format, logs, gold, reviewed, mut config, order)| {
            if reviewed.is_empty() {
                config.target_precision = None;
            }
            Setting {
                format,
                lines: logs
                    .iter()
                    .map(|(calls, faults)| damaged(format, calls, faults))
                    .collect(),
                gold,
                reviewed,
                config,
                order,
            }
        })
}

fn damaged(format: &str, calls: &[Asked], faults: &[Fault]) -> Vec<Vec<u8>> {
    let rendered = calls.iter().map(|call| line(format, call).into_bytes());
    let mut lines: Vec<Vec<u8>> = rendered.collect();
    faults.iter().for_each(|fault| fault.befall(&mut lines));
    if let Some(header) = header(format) {
        lines.insert(0, header.as_bytes().to_vec());
    }
    // A flipped bit may end a line.
    let whole = lines.join(&b'\n');
    whole.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

impl Setting {
    fn plan(&self) -> CuratePlan {
        self.config.clone().check().unwrap()
    }

    /// Writes the logs and curates them.
    fn curated(&self, folder: &Path) -> Curated {
        let labels = LABELS.map(Label::new).map(|label| match label.name.as_str() {
            "fees" => label.with_alias("charge"),
            _ => label,
        });
        let task = Task::of_labels("bank", labels.to_vec()).unwrap();
        let logs: Vec<LogFile> = (1..)
            .zip(&self.lines)
            .map(|(number, lines)| {
                let path = folder.join(format!("log-{number}"));
                std::fs::write(&path, lines.join(&b'\n')).unwrap();
                LogFile::new(path, LogFormat::by_name(self.format).unwrap()).with_weight(f64::from(number))
            })
            .collect();
        let gold = GoldRows::new(self.gold.iter().map(|input| gold_row(input)).collect());
        let reviewed: Vec<ReviewedRow> = self
            .reviewed
            .iter()
            .map(|(input, label)| reviewed_row(input, label))
            .collect();
        let mut input = CurateInput::new(&task, &logs).with_reviewed(&reviewed);
        if !self.gold.is_empty() {
            input = input.with_gold(&gold);
        }
        curate(&input, &self.plan()).unwrap()
    }

    /// Whether lines mean the same in any order: a table has a header, and spans may be told of on several lines.
    fn has_independent_lines(&self) -> bool {
        !matches!(self.format, "csv" | "open-telemetry")
    }

    fn shuffled(mut self) -> Self {
        for lines in &mut self.lines {
            let count = lines.len();
            for (at, order) in self.order.iter().enumerate().take(count) {
                lines.swap(at, order.index(count));
            }
        }
        self
    }
}

fn gold_row(input: &str) -> GoldRow {
    GoldRow {
        id: format!("gold {input}"),
        input: input.to_owned(),
        label: "card".to_owned(),
    }
}

fn reviewed_row(input: &str, label: &str) -> ReviewedRow {
    ReviewedRow::new(input, label)
}

/// Of a log: how many calls of each line are in some file of the outcome.
fn calls_of(curated: &Curated, file: &str) -> BTreeMap<u64, Vec<Option<String>>> {
    let sources = curated
        .train
        .iter()
        .filter_map(|row| row.example.source.as_ref())
        .chain(curated.review.iter().filter_map(|row| row.source.as_ref()))
        .chain(curated.rejected.iter().map(|row| &row.source))
        .chain(curated.merged.iter().map(|call| &call.source));
    let mut lines: BTreeMap<u64, Vec<Option<String>>> = BTreeMap::new();
    for source in sources.filter(|source| source.file == file) {
        lines
            .entry(source.line)
            .or_default()
            .push(source.question.clone());
    }
    lines
}

/// Every line that is not blank is in the quarantine, holds calls of which each is in one file, or is counted as something else.
fn assert_every_line_has_one_end(setting: &Setting, folder: &Path, curated: &Curated) {
    let ledger = &curated.manifest.ledger;
    assert!(ledger.balances(), "{ledger:?}");
    assert_eq!(ledger.train as usize, curated.train.len());
    assert_eq!(ledger.damaged() as usize, curated.quarantine.len());
    let (mut calls, mut without) = (0, 0);
    for (number, lines) in (1..).zip(&setting.lines) {
        let file = folder.join(format!("log-{number}")).display().to_string();
        let of_line = calls_of(curated, &file);
        calls += of_line.values().map(Vec::len).sum::<usize>();
        let damaged: Vec<u64> = curated
            .quarantine
            .iter()
            .filter(|line| line.file == file)
            .map(|line| line.line)
            .collect();
        let distinct: BTreeSet<u64> = damaged.iter().copied().collect();
        assert_eq!(distinct.len(), damaged.len(), "a line is quarantined twice");
        for (&line, questions) in &of_line {
            assert!(
                !distinct.contains(&line),
                "line {line} is damaged and holds calls"
            );
            if setting.format != "open-telemetry" {
                let names: BTreeSet<_> = questions.iter().collect();
                assert_eq!(names.len(), questions.len(), "a call of line {line} has two ends");
            }
        }
        if setting.format == "csv" {
            continue;
        }
        for (at, text) in (1..).zip(lines) {
            let is_blank = std::str::from_utf8(text).is_ok_and(|text| text.trim().is_empty());
            let has_end = distinct.contains(&at) || of_line.contains_key(&at);
            assert!(!(is_blank && has_end), "blank line {at} has an end");
            without += usize::from(!is_blank && !has_end);
        }
    }
    let others: u64 = ledger.other_questions.values().sum();
    assert_eq!(calls as u64 + others, ledger.calls);
    // What is in no file is counted: lines without a call, and those of other questions alone.
    let counted: u64 = ledger.lines_without_call.values().sum();
    assert!(
        without as u64 <= counted + others,
        "{without} lines are lost: {ledger:?}"
    );
    if others == 0 && setting.format != "open-telemetry" && setting.format != "csv" {
        assert_eq!(without as u64, counted);
    }
}

/// The outcome without what the order of the lines decides: their numbers, and the order in which calls are listed.
fn without_order(curated: &Curated) -> Value {
    let sorted = |rows: Value| {
        let Value::Array(mut rows) = rows else {
            return rows;
        };
        for row in &mut rows {
            if let Some(row) = row.as_object_mut() {
                row.remove("line");
            }
            if let Some(Value::Object(source)) = row.get_mut("source") {
                source.remove("line");
            }
        }
        rows.sort_by_key(Value::to_string);
        Value::Array(rows)
    };
    let mut manifest = json!(curated.manifest);
    for log in manifest["logs"].as_array_mut().unwrap() {
        log.as_object_mut().unwrap().remove("hash");
    }
    // Which teacher came first is a matter of order where the log has no times.
    let teachers = &mut manifest["teachers"];
    teachers.as_object_mut().unwrap().remove("changes");
    for teacher in teachers["listed"].as_array_mut().unwrap() {
        for key in ["first", "last", "mean_confidence"] {
            teacher.as_object_mut().unwrap().remove(key);
        }
    }
    teachers["listed"] = sorted(teachers["listed"].take());
    json!({
        "train": sorted(json!(curated.train)),
        "review": sorted(json!(curated.review)),
        "rejected": sorted(json!(curated.rejected)),
        "quarantine": sorted(json!(curated.quarantine)),
        "merged": sorted(json!(curated.merged)),
        "manifest": manifest,
    })
}

fn on_threads(threads: usize, setting: &Setting, folder: &Path) -> Curated {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| setting.curated(folder))
}

proptest! {
    #[test]
    fn every_line_has_exactly_one_end(setting in setting()) {
        let folder = tempfile::tempdir().unwrap();
        let curated = setting.curated(folder.path());
        assert_every_line_has_one_end(&setting, folder.path(), &curated);
    }

    #[test]
    fn the_outcome_is_that_of_any_order_and_any_number_of_threads(setting in setting()) {
        let folder = tempfile::tempdir().unwrap();
        let curated = on_threads(1, &setting, folder.path());
        prop_assert_eq!(&curated, &on_threads(2, &setting, folder.path()));
        if setting.has_independent_lines() {
            let shuffled = setting.shuffled().curated(folder.path());
            prop_assert_eq!(without_order(&curated), without_order(&shuffled));
        }
    }
}
