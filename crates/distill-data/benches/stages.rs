//! What the stages of curation cost beside the simplest that could stand in their place:
//! `cargo bench -p distill-data --bench stages`.
//!
//! Questions of a bank's customers, seeded and made outside the timer: 20,000 rows of 77 labels, one in twenty of them wrong (2,000
//! where benches run once, as tests). The whole of curation and the join of near-duplicates are in `benches/curation.rs`.

use std::{env, path::Path};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use distill_data::{
    Confidence, CurateConfig, CurateInput, FieldMap, LogFile, LogFormat, Probabilities, ReviewReason,
    ReviewRow, ReviewedRows, SplitBy, SplitConfig, SplitRow, SuspectConfig, curate, find_label_issues,
    label_studio_tasks, near_pairs, review_csv, split, text_probabilities,
};
use serde_json::{Value, json};
use task_spec::{Label, Source, Task};

const CLASSES: usize = 77;

/// In test mode, where each bench runs once, a tenth of the rows does.
fn rows() -> usize {
    match env::args().any(|argument| argument == "--test") {
        true => 2_000,
        false => 20_000,
    }
}

fn label(class: usize) -> String {
    format!("intent-{class:02}")
}

fn task() -> Task {
    let labels = (0..CLASSES).map(|class| Label::new(label(class)));
    Task::of_labels("bench", labels.collect()).expect("the labels differ")
}

/// A question and the class that it was given.
struct Asked {
    text: String,
    class: usize,
}

/// Six words of the class's own thirty and four of everybody's hundred.
fn questions(rows: usize) -> Vec<Asked> {
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let word = |seed: usize| -> String {
        let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..3 + seed % 5)
            .map(|at| char::from(b'a' + ((mixed >> (8 * at)) % 26) as u8))
            .collect()
    };
    (0..rows)
        .map(|_| {
            let right = next(CLASSES);
            let own = (0..6)
                .map(|_| word(1000 + 30 * right + next(30)))
                .collect::<Vec<_>>();
            let shared = (0..4).map(|_| word(next(100))).collect::<Vec<_>>();
            let is_wrong = next(20) == 0;
            Asked {
                text: [own, shared].concat().join(" "),
                class: if is_wrong { (right + 1) % CLASSES } else { right },
            }
        })
        .collect()
}

/// The search for wrong labels: the probabilities, and what is made of them beside the most probable class alone.
fn suspects(criterion: &mut Criterion) {
    let asked = questions(rows());
    let texts: Vec<&str> = asked.iter().map(|asked| asked.text.as_str()).collect();
    let given: Vec<usize> = asked.iter().map(|asked| asked.class).collect();
    let of_repeats = |repeats| {
        let config = SuspectConfig {
            repeats,
            ..SuspectConfig::default()
        };
        config.check().expect("the settings are in range")
    };
    let (once, plan) = (of_repeats(1), of_repeats(3));
    let judge = |plan| text_probabilities(&texts, &given, CLASSES, plan).expect("a label for each text");
    let probabilities = judge(&once);
    let mut group = criterion.benchmark_group("suspects");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function(
        BenchmarkId::new("probabilities, one repeat", texts.len()),
        |bencher| {
            bencher.iter(|| judge(&once));
        },
    );
    group.bench_function(
        BenchmarkId::new("probabilities, three repeats", texts.len()),
        |bencher| {
            bencher.iter(|| judge(&plan));
        },
    );
    group.bench_function(BenchmarkId::new("chances", texts.len()), |bencher| {
        bencher.iter(|| find_label_issues(&given, &probabilities, &plan).expect("a label for each row"));
    });
    group.bench_function(
        BenchmarkId::new("most probable class alone", texts.len()),
        |bencher| {
            bencher.iter(|| other_than_given(&given, &probabilities));
        },
    );
    group.finish();
}

/// How many rows have another most probable class than their label.
fn other_than_given(given: &[usize], probabilities: &Probabilities<'_>) -> usize {
    let most = |row| {
        probabilities
            .row(row)
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(class, _)| class)
    };
    let rows = given.iter().enumerate();
    rows.filter(|&(row, label)| most(row) != Some(*label)).count()
}

/// A name, and how an answer is logged.
type Logged<'a> = (&'a str, &'a dyn Fn(&str) -> Value);

/// Chat completions, whole or as the events of their stream: one for each four characters of the answer, as tokens come.
fn answers(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the logs");
    let asked = questions(rows());
    let whole = |answer: &str| json!({"model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}]});
    let chunk = |delta: Value, reason: Option<&str>| json!({"model": "m", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let streamed = |answer: &str| {
        let pieces = answer.as_bytes().chunks(4);
        let pieces = pieces.map(|piece| chunk(json!({"content": String::from_utf8_lossy(piece)}), None));
        let first = chunk(json!({"role": "assistant", "content": ""}), None);
        let last = chunk(json!({}), Some("stop"));
        Value::Array([first].into_iter().chain(pieces).chain([last]).collect())
    };
    let sent = |answer: &str| {
        let events = streamed(answer);
        let events = events.as_array().into_iter().flatten();
        Value::String(
            events
                .map(|event| format!("data: {event}\n\n"))
                .chain(["data: [DONE]\n\n".to_owned()])
                .collect(),
        )
    };
    // As little beside the reading as can be.
    let config = CurateConfig {
        suspects: None,
        ..CurateConfig::default()
    };
    let config = CurateConfig {
        duplicates: distill_data::Duplicates::Keep,
        ..config
    };
    let plan = config.check().expect("the settings are in range");
    let task = task();
    let mut group = criterion.benchmark_group("answers");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(asked.len() as u64));
    let kinds: [Logged<'_>; 3] = [
        ("whole", &whole),
        ("streamed, as a list", &streamed),
        ("streamed, as sent", &sent),
    ];
    for (name, response) in kinds {
        let path = folder.path().join(format!("{name}.jsonl"));
        let lines = asked.iter().map(|asked| {
            let messages = json!([{"role": "user", "content": asked.text}]);
            json!({"request": {"model": "m", "messages": messages}, "response": response(&label(asked.class))})
        });
        stage_files::write_json_lines(&path, lines).expect("the log is written");
        let logs = [LogFile::new(
            &path,
            LogFormat::by_name("openai-chat").expect("the format has this name"),
        )];
        let read = || curate(&CurateInput::new(&task, &logs), &plan).expect("the log is read");
        assert_eq!(
            read().manifest.ledger.rejected.len(),
            0,
            "{name}: every answer is a label"
        );
        group.bench_function(BenchmarkId::new(name, asked.len()), |bencher| bencher.iter(read));
    }
    group.finish();
}

/// The questions to a person as a table and for Label Studio, and the table read back, beside the same rows as JSON lines.
fn review(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the tables");
    let queue = questions_to_a_person(&questions(rows()));
    let asked: Vec<&ReviewRow> = queue.iter().collect();
    let task = task();
    let table = folder.path().join("review.csv");
    std::fs::write(&table, review_csv(&asked)).expect("the table is written");
    let lines = folder.path().join("review.jsonl");
    stage_files::write_json_lines(&lines, &queue).expect("the lines are written");
    let mut group = criterion.benchmark_group("review");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(queue.len() as u64));
    group.bench_function(BenchmarkId::new("a table", queue.len()), |bencher| {
        bencher.iter(|| review_csv(&asked));
    });
    group.bench_function(BenchmarkId::new("Label Studio's tasks", queue.len()), |bencher| {
        bencher.iter(|| label_studio_tasks(&asked).to_string());
    });
    group.bench_function(BenchmarkId::new("JSON lines", queue.len()), |bencher| {
        let line = |row: &&ReviewRow| serde_json::to_string(row).expect("a row is text and numbers");
        bencher.iter(|| asked.iter().map(line).collect::<Vec<_>>());
    });
    group.bench_function(BenchmarkId::new("a table read back", queue.len()), |bencher| {
        bencher.iter(|| ReviewedRows::read(&table, &task).expect("it is what was written"));
    });
    group.bench_function(BenchmarkId::new("JSON lines read back", queue.len()), |bencher| {
        let read =
            |path: &Path| stage_files::read_json_lines::<ReviewRow>(path).expect("they are what was written");
        bencher.iter(|| read(&lines));
    });
    group.finish();
}

fn questions_to_a_person(asked: &[Asked]) -> Vec<ReviewRow> {
    let question = |(number, asked): (usize, &Asked)| ReviewRow {
        id: format!("{number:016x}"),
        input: asked.text.clone(),
        label: label(asked.class),
        suggested: Some(label((asked.class + 1) % CLASSES)),
        reason: ReviewReason::SuspectLabel {
            suggested: label((asked.class + 1) % CLASSES),
            suggested_probability: 0.75,
            given_probability: 0.125,
        },
        calls: 1,
        chance_wrong: 0.75,
        value: 0.75,
        minutes: 0.125,
        similar: Vec::new(),
        confidence: None::<Confidence>,
        support: [(label(asked.class), 0.5)].into(),
        source: Some(Source {
            file: "log.jsonl".to_owned(),
            line: number as u64 + 1,
            call: None,
            question: None,
        }),
    };
    asked.iter().enumerate().map(question).collect()
}

/// Splits of every kind beside the join of near-duplicates, which all of them begin with.
fn splits(criterion: &mut Criterion) {
    let asked = questions(rows());
    let texts: Vec<&str> = asked.iter().map(|asked| asked.text.as_str()).collect();
    let of_row = |(number, asked): (usize, &Asked)| SplitRow {
        id: number.to_string(),
        text: asked.text.clone(),
        label: label(asked.class),
        group: Some((number / 7).to_string()),
        time: Some(number as u64 / 3),
        ..SplitRow::default()
    };
    let of_rows: Vec<SplitRow> = asked.iter().enumerate().map(of_row).collect();
    let plan = |by, measure| {
        let config = SplitConfig {
            by,
            measure,
            ..SplitConfig::held_out(0.1)
        };
        config.check().expect("the settings are in range")
    };
    let mut group = criterion.benchmark_group("split");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(asked.len() as u64));
    for (name, by) in [
        ("by cluster", SplitBy::Cluster),
        ("by group", SplitBy::Group),
        ("by time", SplitBy::Time),
    ] {
        let plan = plan(by, false);
        group.bench_function(BenchmarkId::new(name, asked.len()), |bencher| {
            bencher.iter(|| split(&of_rows, &plan));
        });
    }
    let measured = plan(SplitBy::Cluster, true);
    group.bench_function(
        BenchmarkId::new("by cluster, flattery measured", asked.len()),
        |bencher| {
            bencher.iter(|| split(&of_rows, &measured));
        },
    );
    group.bench_function(BenchmarkId::new("the join alone", asked.len()), |bencher| {
        bencher.iter(|| near_pairs(&texts, plan(SplitBy::Cluster, false).config().near_threshold));
    });
    group.finish();
}

/// Curation with caps on its classes beside the same without.
fn caps(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the log");
    let path = folder.path().join("log.jsonl");
    let asked = questions(rows());
    let lines = asked
        .iter()
        .map(|asked| json!({"input": asked.text, "answer": label(asked.class)}));
    stage_files::write_json_lines(&path, lines).expect("the log is written");
    let logs = [LogFile::new(&path, LogFormat::Jsonl(FieldMap::default()))];
    let task = task();
    let mut group = criterion.benchmark_group("class_cap");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(asked.len() as u64));
    for (name, class_cap) in [("half of the rows", Some(rows() / CLASSES / 2)), ("none", None)] {
        let config = CurateConfig {
            suspects: None,
            class_cap,
            ..CurateConfig::default()
        };
        let plan = config.check().expect("the settings are in range");
        group.bench_function(BenchmarkId::new(name, asked.len()), |bencher| {
            bencher.iter(|| curate(&CurateInput::new(&task, &logs), &plan).expect("the log is read"));
        });
    }
    group.finish();
}

criterion_group!(benches, suspects, answers, review, splits, caps);
criterion_main!(benches);
