//! What the prompt that all rows begin with costs in training: `cargo bench -p benches --bench prompt`.
//!
//! The gradient of a step of 32 rows of 20 tokens after a prompt of 0, 100 or 400, on the tiny decoder of this repository.
//! Computing the prompt in every row, which is what other trainers do, is the baseline of computing it once a step, which
//! gives the same gradient, and of an activated adapter, for which it is computed once a run.

use std::path::Path;

use base_model::{Adapter, AdapterConfig, BaseModel, Targets, TaskType, device_by_name};
use burn::tensor::Device;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lora_train::{Objective, ObjectiveSettings, Shards, Target, TokenRow};

const ROWS: usize = 32;
/// Of a row, after the prompt; the last ones are its targets.
const TOKENS: u32 = 20;
const TARGETS: usize = 4;
/// The last tokens of the prompt, by which an activated adapter is called.
const CALL: [u32; 3] = [4001, 4002, 4003];

/// How the prompt is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    InEveryRow,
    OnceAStep,
    OnceARun,
}

fn rows(prompt: u32) -> Vec<TokenRow> {
    let row = |row: u32| {
        let prompt = (0..prompt).map(|place| 7 + place * 131 % 3900);
        let call = CALL.into_iter().filter(|_| prompt.len() > 0);
        let own = (0..TOKENS).map(|place| 7 + (row * 977 + place * 53) % 3900);
        let ids: Vec<u32> = prompt.clone().chain(call).chain(own).collect();
        TokenRow {
            id: row.to_string(),
            target: Target::Tokens((ids.len() - TARGETS..ids.len()).collect()),
            ids,
            weight: 1.0,
            group: row.to_string(),
        }
    };
    (0..ROWS as u32).map(row).collect()
}

fn adapter(base: &BaseModel, way: Way, device: &Device) -> Adapter {
    let config = AdapterConfig {
        r: 16,
        target_modules: Targets::AllLinear,
        alora_invocation_tokens: (way == Way::OnceARun).then(|| CALL.to_vec()),
        ..AdapterConfig::new(base.name(), TaskType::CausalLm)
    };
    Adapter::init(config, &base.network, None, 1, device).expect("the targets are there")
}

fn steps(criterion: &mut Criterion) {
    let device = device_by_name("flex").expect("the benches are built with flex");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny-decoder");
    let base = BaseModel::open(&folder, &device).expect("the repository holds the model");
    let shards = Shards::new(2).expect("the system has two threads");
    let all: Vec<usize> = (0..ROWS).collect();
    let mut group = criterion.benchmark_group("gradient_of_32_rows_after_a_prompt");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(ROWS as u64));
    for prompt in [0, 100, 400] {
        let rows = rows(prompt);
        for (name, way) in [
            ("in_every_row", Way::InEveryRow),
            ("once_a_step", Way::OnceAStep),
            ("once_a_run", Way::OnceARun),
        ] {
            // There is nothing to be computed once.
            if prompt == 0 && way != Way::InEveryRow {
                continue;
            }
            let adapter = adapter(&base, way, &device);
            let settings = ObjectiveSettings {
                shares_beginnings: way != Way::InEveryRow,
                invocation: adapter.config().alora_invocation_tokens.clone(),
                ..ObjectiveSettings::default()
            };
            let objective = Objective::new(&base.network, &rows, settings, &device)
                .unwrap_or_else(|(row, error)| panic!("row {row}: {error}"));
            group.bench_function(BenchmarkId::new(name, prompt), |bencher| {
                bencher.iter(|| objective.gradient(&adapter, &all, &shards));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
