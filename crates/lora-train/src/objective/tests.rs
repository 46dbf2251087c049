//! Gradients and losses against PyTorch and PEFT.
//!
//! Oracle: PEFT 0.21.2 on PyTorch, float32: `grad.*` of every trainable tensor for one step, and the losses of
//! six AdamW steps (rate 1e-2, betas 0.9 and 0.999, epsilon 1e-8, decay 0.01, no dropout). The fixtures and
//! the script that makes them are in base-model's `tests/fixtures`.

use std::path::{Path, PathBuf};

use base_model::{WeightFiles, device_by_name};

use super::*;
use crate::step::{Shards, Updates};

/// The names of the head's gradients hold PEFT's module path, which its file leaves out.
fn gradient_name(parameter: &str) -> String {
    format!(
        "grad.{}",
        parameter.replace(".classifier.", ".classifier.modules_to_save.")
    )
}

struct Fixture {
    network: Network,
    adapter: Adapter,
    rows: Vec<EncodedRow>,
    reference: WeightFiles,
    device: Device,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../base-model/tests/fixtures")
        .join(name)
}

impl Fixture {
    fn open(name: &str) -> Self {
        let device =
            device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned())).unwrap();
        let network = Network::open(&folder(name), &device).unwrap();
        let path = folder(name).join("adapter_lora");
        let adapter = Adapter::read(&path, &network, &device).unwrap();
        let reference = WeightFiles::open(&path.join("reference.safetensors")).unwrap();
        let base = WeightFiles::open(&folder(name).join("reference.safetensors")).unwrap();
        let (shape, ids) = base.read_integers("input_ids").unwrap();
        let (_, mask) = base.read_integers("attention_mask").unwrap();
        let (_, labels) = reference.read_integers("labels").unwrap();
        let rows = (0..shape[0])
            .map(|row| {
                let span = row * shape[1]..(row + 1) * shape[1];
                let length = mask[span.clone()].iter().filter(|&&m| m == 1).count();
                let target = match name {
                    "bert" => Target::Class(labels[row] as usize),
                    // Labels are -100 on the first six positions and on padding.
                    _ => Target::TokensFrom(labels[span.clone()].iter().position(|&l| l != -100).unwrap()),
                };
                EncodedRow {
                    id: row.to_string(),
                    ids: ids[span][..length].iter().map(|&id| id as u32).collect(),
                    target,
                    label: 0,
                    weight: 1.0,
                    group: row.to_string(),
                }
            })
            .collect();
        Self {
            network,
            adapter,
            rows,
            reference,
            device,
        }
    }

    fn gradient(&self, shards: usize, adapter: &Adapter) -> crate::step::Gradient {
        let rows: Vec<&EncodedRow> = self.rows.iter().collect();
        let scale = 1.0 / total_weight(&rows);
        let objective = Objective::new(&self.network, &self.rows, &self.device);
        Shards::new(shards)
            .unwrap()
            .gradient(&adapter.values(), &rows, |leaves, part| {
                let adapter = adapter.with_values(leaves.iter().cloned());
                objective.loss(&adapter, part, scale)
            })
    }
}

#[test]
fn gradients_match_peft_for_any_number_of_shards() {
    for name in ["bert", "llama"] {
        let fixture = Fixture::open(name);
        for shards in [1, 2, 3] {
            let gradient = fixture.gradient(shards, &fixture.adapter);
            for (parameter, found) in fixture.adapter.parameters().iter().zip(gradient.tensors) {
                let expected = fixture
                    .reference
                    .read(&gradient_name(&parameter.name))
                    .unwrap()
                    .values;
                let found: Vec<f32> = found.into_data().iter::<f32>().collect();
                assert_eq!(found.len(), expected.len(), "{}", parameter.name);
                for (a, b) in found.iter().zip(&expected) {
                    assert!(
                        (a - b).abs() <= 1e-3 * b.abs().max(0.1),
                        "{}: {a} and {b}",
                        parameter.name
                    );
                }
            }
        }
    }
}

#[test]
fn six_adamw_losses_match_pytorch() {
    for name in ["bert", "llama"] {
        let fixture = Fixture::open(name);
        let expected = fixture.reference.read("adamw_losses").unwrap().values;
        let mut adapter = fixture.adapter.clone();
        // No clipping in the oracle's run.
        let mut updates = Updates::new(adapter.parameters().len(), 0.01, f64::MAX);
        for (step, expected) in expected.iter().enumerate() {
            let gradient = fixture.gradient(2, &adapter);
            assert!(
                (gradient.loss - f64::from(*expected)).abs() < 1e-3,
                "{name}, step {step}: {} and {expected}",
                gradient.loss
            );
            let (values, _) = updates.apply(adapter.values(), gradient.tensors, 1e-2);
            adapter = adapter.with_values(values);
        }
    }
}

#[test]
fn weights_count_as_repeated_rows() {
    let mut fixture = Fixture::open("llama");
    fixture.rows[1].weight = 3.0;
    let weighted = fixture.gradient(2, &fixture.adapter).loss;
    fixture.rows[1].weight = 1.0;
    let twin = fixture.rows[1].clone();
    fixture.rows.extend([twin.clone(), twin]);
    let repeated = fixture.gradient(2, &fixture.adapter).loss;
    assert!((weighted - repeated).abs() < 1e-6, "{weighted} and {repeated}");
}

#[test]
fn the_loss_of_parts_is_the_loss_of_the_whole_and_no_mean_of_means() {
    let fixture = Fixture::open("llama");
    // Rows have different numbers of targets, so that a mean of means would differ.
    let targets: Vec<usize> = fixture.rows.iter().map(EncodedRow::targets).collect();
    assert!(targets.iter().any(|&n| n != targets[0]), "{targets:?}");
    let whole = fixture.gradient(1, &fixture.adapter).loss;
    let parts = fixture.gradient(3, &fixture.adapter).loss;
    assert!((whole - parts).abs() < 1e-6, "{whole} and {parts}");
}

#[test]
fn only_the_answer_and_its_end_are_targets() {
    let row = EncodedRow {
        id: "1".to_owned(),
        ids: vec![10, 11, 12, 20, 21, 2],
        target: Target::TokensFrom(3),
        label: 0,
        weight: 2.0,
        group: "1".to_owned(),
    };
    let class = EncodedRow {
        target: Target::Class(4),
        ..row.clone()
    };
    let targets = Targets::of(&[&row, &class], 2);
    assert_eq!(targets.places, [vec![0, 1, 2], vec![0]]);
    assert_eq!(targets.wanted, [20, 21, 2, 4]);
    assert_eq!(targets.weights, [2.0; 4]);
}

#[test]
fn rows_that_begin_alike_have_the_loss_and_gradients_of_rows_computed_whole() {
    let mut fixture = Fixture::open("llama");
    // The same instructions before every row.
    let instructions = [7_u32, 3, 9, 11, 4];
    for row in &mut fixture.rows {
        row.ids.splice(0..0, instructions);
        row.target = match row.target {
            Target::TokensFrom(start) => Target::TokensFrom(start + instructions.len()),
            Target::Class(class) => Target::Class(class),
        };
    }
    let rows: Vec<&EncodedRow> = fixture.rows.iter().collect();
    let scale = 1.0 / total_weight(&rows);
    let shared = Objective::new(&fixture.network, &fixture.rows, &fixture.device);
    assert_eq!(shared.prefix, instructions);
    let naive = Objective {
        prefix: Vec::new(),
        ..Objective::new(&fixture.network, &fixture.rows, &fixture.device)
    };
    let gradient = |objective: &Objective<'_>| {
        Shards::new(2)
            .unwrap()
            .gradient(&fixture.adapter.values(), &rows, |leaves, part| {
                objective.loss(&fixture.adapter.with_values(leaves.iter().cloned()), part, scale)
            })
    };
    let (shared, naive) = (gradient(&shared), gradient(&naive));
    assert!(
        (shared.loss - naive.loss).abs() < 1e-6,
        "{} and {}",
        shared.loss,
        naive.loss
    );
    for (a, b) in shared.tensors.into_iter().zip(naive.tensors) {
        let worst = (a - b).abs().max().into_scalar::<f32>();
        assert!(worst < 1e-5, "{worst}");
    }
}

#[test]
fn the_common_beginning_leaves_every_row_a_token_to_predict_from() {
    let row = |ids: &[u32], start| EncodedRow {
        id: String::new(),
        ids: ids.to_vec(),
        target: Target::TokensFrom(start),
        label: 0,
        weight: 1.0,
        group: String::new(),
    };
    assert_eq!(
        common_beginning(&[row(&[1, 2, 3, 4, 5], 4), row(&[1, 2, 9, 4, 5], 4)]),
        [1, 2]
    );
    assert_eq!(common_beginning(&[row(&[1, 2, 3], 2), row(&[1, 2, 3], 2)]), [1]);
    assert_eq!(common_beginning(&[row(&[1, 2], 0), row(&[1, 2], 2)]), [0_u32; 0]);
    assert_eq!(common_beginning(&[]), [0_u32; 0]);
}
