//! What a training step costs: `cargo bench -p benches --bench training_step`.
//!
//! The model is the tiny decoder of this repository, the rows are short questions with the same instructions.
//! A whole run of a few steps is timed, as a user meets it: rows to ids, steps, adapter folder, self-check. The
//! baseline of two shards is the same run on one.

use std::{collections::BTreeMap, path::Path};

use base_model::{BaseModel, device_by_name};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lora_train::{Event, Progress, TrainConfig, TrainInput, train};
use task_spec::{Example, Label, Message, Task};

const ROWS: usize = 128;
const LABELS: [&str; 6] = ["groceries", "fuel", "coffee", "rent", "eating-out", "dentist"];

/// Says nothing.
struct Silent;

impl Progress for Silent {
    fn event(&mut self, _event: &Event) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Continue(())
    }
}

fn task() -> Task {
    Task::of_labels("spending", LABELS.map(Label::new).to_vec())
        .expect("the labels are different")
        .with_system("Sort the bank card transaction into one spending category.")
}

fn rows(task: &Task) -> Vec<Example> {
    (0..ROWS)
        .map(|index| {
            let text = format!(
                "CARD PURCHASE MERCHANT {index:05} STORE {} TOWN",
                index * 7919 % 977
            );
            let mut messages = task.prompt(&text);
            messages.push(Message::assistant(LABELS[index % LABELS.len()]));
            Example::new(index.to_string(), messages)
        })
        .collect()
}

fn steps(criterion: &mut Criterion) {
    let device = device_by_name("flex").expect("the benches are built with flex");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny-decoder");
    let base = BaseModel::open(&folder, &device).expect("the repository holds the model");
    let (task, inputs) = (task(), BTreeMap::new());
    let rows = rows(&task);
    let mut group = criterion.benchmark_group("four_steps_of_32_rows");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(ROWS as u64));
    for shards in [1, 2] {
        let config = TrainConfig {
            epochs: 1,
            held_out_share: 0.0,
            checkpoint_steps: 0,
            shards,
            ..TrainConfig::default()
        };
        let plan = config.check().expect("the settings are good");
        group.bench_with_input(BenchmarkId::new("shards", shards), &plan, |bencher, plan| {
            bencher.iter(|| {
                let out = tempfile::tempdir().expect("there is room for an adapter");
                let input = TrainInput {
                    base: &base,
                    task: &task,
                    rows: &rows,
                    inputs: &inputs,
                    start: None,
                    device: &device,
                };
                train(input, plan, out.path(), &mut Silent).expect("the rows can be trained on")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
