//! Raw logs of three shapes in which everything happens that a table of four columns cannot say: several answers to a call,
//! probabilities of tokens, whole distributions, what a teacher says of itself, persons, times, ids, damage. Of most texts the
//! words tell the label.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use distill_data::{AuditConfig, FieldMap, LogFile, LogFormat, ReviewConfig};
use serde_json::{Value, json};
use task_spec::{Label, Task};

use super::log::{Random, edited, sentence, telling_sentence};

const LABELS: [&str; 3] = ["card-arrival", "top-up", "exchange rate"];
/// As the teachers write them.
const SPELT: [&str; 4] = ["arrival", "top-up", "Exchange rate", "no such label"];

pub(crate) fn task() -> Task {
    let labels = vec![
        Label::new(LABELS[0]).with_alias(SPELT[0]),
        Label::new(LABELS[1]),
        Label::new(LABELS[2]),
    ];
    Task::of_labels("demo", labels).unwrap().with_system("Sort it.")
}

/// What a person's minute is worth, and an audit of some rows, as far as they follow from a seed.
pub(crate) fn review(seed: u64) -> ReviewConfig {
    let mut random = Random::of(seed ^ 0xa0d17);
    let mut costs: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for _ in 0..random.below(5) {
        let [given, right] = [LABELS[random.below(3)], LABELS[random.below(3)]].map(str::to_owned);
        costs
            .entry(given)
            .or_default()
            .insert(right, random.below(9) as f64 / 2.0);
    }
    let least = random.below(30);
    ReviewConfig {
        words_per_minute: (1 + random.below(300)) as f64,
        // None may take no time at all.
        seconds_per_question: random.below(9) as f64,
        costs,
        audit: AuditConfig {
            share: random.below(40) as f64 / 100.0,
            least,
            most: least + 20 + random.below(200),
            rare_below: random.below(300),
            least_rare: random.below(20),
            seed: random.below(3) as u64,
        },
    }
}

/// Writes so many calls that follow from a seed, dealt out to three logs, about a fiftieth of the lines damaged.
pub(crate) fn write(folder: &Path, calls: usize, seed: u64) -> Vec<LogFile> {
    let mut random = Random::of(seed);
    let mut texts: Vec<(String, usize)> = Vec::new();
    let mut logs = [String::new(), String::new(), String::new()];
    for number in 0..calls {
        let (text, label) = match random.below(10) {
            0..4 if !texts.is_empty() => texts[random.below(texts.len())].clone(),
            4..7 if !texts.is_empty() => {
                let (text, label) = texts[random.below(texts.len())].clone();
                (edited(&text, &mut random), label)
            }
            7 => (sentence(&mut random), random.below(3)),
            _ => telling_sentence(&mut random),
        };
        texts.push((text.clone(), label));
        let text = match random.below(30) {
            0 => " \t".to_owned(),
            1..6 => text.to_uppercase() + "!",
            _ => text,
        };
        let place = random.below(3);
        let line = match place {
            0 => chat(number, &text, label, &mut random),
            1 => decision(number, &text, label, &mut random),
            _ => plain(number, &text, label, &mut random),
        };
        let line = line.to_string();
        let shown = if random.below(50) == 0 {
            line.len() / 2
        } else {
            line.len()
        };
        let shown = (0..=shown)
            .rev()
            .find(|&end| line.is_char_boundary(end))
            .unwrap_or(0);
        writeln!(logs[place], "{}", &line[..shown]).unwrap();
    }
    let formats = [
        LogFormat::OpenaiChat,
        LogFormat::OpenaiDecisions { question: None },
        LogFormat::Jsonl(FieldMap::default()),
    ];
    let named = ["chat.jsonl", "decisions.jsonl", "plain.jsonl"]
        .iter()
        .zip(formats);
    named
        .zip(&logs)
        .map(|((name, format), lines)| {
            let path = folder.join(name);
            std::fs::write(&path, lines).unwrap();
            LogFile::new(path, format)
        })
        .collect()
}

/// The label, or by chance another, or none of the task's.
fn said(label: usize, random: &mut Random) -> usize {
    match random.below(20) {
        0..3 => random.below(3),
        3 => 3,
        _ => label,
    }
}

fn probability(random: &mut Random) -> f64 {
    (1 + random.below(1000)) as f64 / 1000.0
}

/// A chat completion of one answer, half of them with the probabilities of its tokens, or of several.
fn chat(number: usize, text: &str, label: usize, random: &mut Random) -> Value {
    let asked = [1, 1, 1, 2, 3, 5][random.below(6)];
    let with_tokens = random.below(2) == 0;
    let choices: Vec<Value> = (0..asked)
        .map(|_| {
            let answer = SPELT[said(label, random)];
            let tokens = with_tokens.then(|| {
                let (first, rest) = answer.split_at(answer.len() / 2);
                json!({"content": [
                    {"token": first, "logprob": probability(random).ln()},
                    {"token": rest, "logprob": probability(random).ln()},
                ]})
            });
            json!({
                "message": {"role": "assistant", "content": answer},
                "finish_reason": if random.below(30) == 0 { "length" } else { "stop" },
                "logprobs": tokens,
            })
        })
        .collect();
    json!({
        "request": {"model": "teacher", "messages": [
            {"role": "system", "content": "Sort it."},
            {"role": "user", "content": text},
        ]},
        "response": {
            // Some ids are given twice.
            "id": format!("chat-{}", number % 700),
            "created": 1_750_000_000 + 3600 * random.below(2000),
            "model": "teacher-1",
            "choices": choices,
        },
    })
}

/// A decision with its distribution, and in some a question that is not the task's.
fn decision(number: usize, text: &str, label: usize, random: &mut Random) -> Value {
    let weights: Vec<f64> = (0..3)
        .map(|place| probability(random) + if place == label { 1.5 } else { 0.0 })
        .collect();
    let all: f64 = weights.iter().sum();
    let probabilities: Vec<Value> = weights
        .iter()
        .zip(LABELS)
        .map(|(weight, value)| json!({"value": value, "probability": weight / all}))
        .collect();
    let values = LABELS.map(|value| json!({"value": value}));
    json!({
        "id": format!("decision-{number}"),
        "request": {"model": "teacher", "input": text, "questions": [
            {"type": "choice", "name": "intent", "instructions": "Sort it.", "choices": values},
            {"type": "predicate", "name": "angry", "instructions": "The customer is angry."},
        ]},
        "response": {"model": "teacher-2", "answers": [
            {"type": "choice", "name": "intent", "choice": LABELS[said(label, random).min(2)], "probabilities": probabilities},
            {"type": "predicate", "name": "angry", "probability": probability(random)},
        ]},
    })
}

/// A line of fields, with what the teacher said of itself, and some by a person.
fn plain(number: usize, text: &str, label: usize, random: &mut Random) -> Value {
    let mut line = json!({"input": text, "answer": SPELT[said(label, random)]});
    match random.below(4) {
        0 => {}
        1 => line["confidence"] = json!(0),
        _ => line["confidence"] = json!(probability(random)),
    }
    if random.below(10) == 0 {
        line["reviewed"] = json!(true);
    }
    if random.below(2) == 0 {
        line["id"] = json!(number % 50);
        line["timestamp"] = json!(1_750_000_000 + random.below(1_000_000));
    }
    line
}
