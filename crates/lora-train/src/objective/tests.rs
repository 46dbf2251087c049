//! What a loss is made of, on the tiny checkpoints of base-model's tests.

use std::path::{Path, PathBuf};

use base_model::{Adapter, Decoder, LabelScoring, LabelTrie, NextTokens, TokenBatch, device_by_name};
use burn::tensor::{Int, Tensor, TensorData, activation};
use serde::Deserialize;

use super::{wanted::Wanted, *};
use crate::Shards;

const END: u32 = 2;

fn device() -> Device {
    device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned())).unwrap()
}

/// A GPU that is a program takes its time: there one case of each kind stands for all.
fn is_cpu() -> bool {
    device() == device_by_name("flex").unwrap()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../base-model/tests/fixtures")
        .join(name)
}

/// A tiny network with an adapter that changes its results.
struct Setting {
    network: Network,
    adapter: Adapter,
    device: Device,
}

impl Setting {
    fn new(name: &str, adapter: &str) -> Self {
        let device = device();
        let network = Network::open(&folder(name), &device).unwrap();
        let adapter = Adapter::read(&folder(name).join(adapter), &network, &device).unwrap();
        Self {
            network,
            adapter,
            device,
        }
    }

    fn decoder(&self) -> &Decoder {
        match &self.network {
            Network::Decoder(decoder) => decoder,
            _ => panic!("an encoder"),
        }
    }

    fn labels(&self, scoring: LabelScoring) -> LabelChoices {
        // One begins another, two begin alike, one is a single token.
        let labels = [&[11, 12, END][..], &[11, 12, 13, END], &[14, END], &[15, 16, END]];
        let trie = LabelTrie::new(&labels.map(<[u32]>::to_vec)).unwrap();
        LabelChoices::new(trie, scoring, self.decoder(), &self.device)
    }

    fn gradient(&self, rows: &[TokenRow], settings: ObjectiveSettings, shards: usize) -> crate::Gradient {
        let objective = Objective::new(&self.network, rows, settings, &self.device).unwrap();
        let all: Vec<usize> = (0..rows.len()).collect();
        objective.gradient(&self.adapter, &all, &Shards::new(shards).unwrap())
    }
}

fn row(ids: &[u32], target: Target) -> TokenRow {
    TokenRow {
        id: format!("{ids:?}"),
        ids: ids.to_vec(),
        target,
        weight: 1.0,
        group: String::new(),
    }
}

fn soft(shares: &[(usize, f64)]) -> Target {
    let share = |&(label, share)| LabelShare { label, share };
    Target::Labels(shares.iter().map(share).collect())
}

fn close(a: &crate::Gradient, b: &crate::Gradient, tolerance: f64) {
    assert!(
        (a.loss - b.loss).abs() <= tolerance * b.loss.abs(),
        "{} and {}",
        a.loss,
        b.loss
    );
    for (index, (a, b)) in a.tensors.iter().zip(&b.tensors).enumerate() {
        let largest = f64::from(b.clone().abs().max().into_scalar::<f32>());
        let worst = f64::from((a.clone() - b.clone()).abs().max().into_scalar::<f32>());
        assert!(
            worst <= tolerance * largest.max(1e-3),
            "tensor {index}: {worst} of {largest}"
        );
    }
}

#[derive(Deserialize)]
struct CrossEntropies {
    scores: Vec<Vec<f32>>,
    cases: Vec<CrossEntropyCase>,
}

#[derive(Deserialize)]
struct CrossEntropyCase {
    name: String,
    shares: Vec<Vec<f64>>,
    weights: Vec<f64>,
    smoothing: f64,
    loss: f64,
    gradient: Vec<Vec<f32>>,
}

/// Oracle: PyTorch 2.15.0, float64, seed 20261126, by tests/oracle/cross_entropy.py; ours is f32.
#[test]
fn cross_entropies_with_shares_weights_and_smoothing_match_pytorch() {
    let device = device();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/cross_entropy.json");
    let oracle: CrossEntropies = stage_files::read_json(&path).unwrap();
    let (rows, classes) = (oracle.scores.len(), oracle.scores[0].len());
    let scores = TensorData::new(oracle.scores.concat(), [rows, classes]);
    let scores = Tensor::<2>::from_data(scores, &device).autodiff().require_grad();
    for case in oracle.cases {
        let mut wanted = Wanted::default();
        for shares in &case.shares {
            let weighed = shares
                .iter()
                .zip(&case.weights)
                .map(|(share, weight)| share * weight);
            wanted.at_next_place(weighed.enumerate().filter(|(_, weight)| *weight > 0.0));
        }
        let loss = wanted.cross_entropy(&NextTokens::over_all(scores.clone()), case.smoothing, &device);
        let gradient = scores.grad(&loss.backward()).unwrap();
        let loss = f64::from(loss.inner().into_scalar::<f32>());
        assert!(
            (loss - case.loss).abs() < 1e-5,
            "{}: {loss} and {}",
            case.name,
            case.loss
        );
        let found: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        for (a, b) in found.iter().zip(case.gradient.concat()) {
            assert!((a - b).abs() < 1e-5, "{}: {a} and {b}", case.name);
        }
    }
}

#[test]
fn what_is_trained_over_labels_is_what_is_served() {
    for name in ["llama3_rope_tied", "gemma3", "llama"]
        .into_iter()
        .take(if is_cpu() { 3 } else { 1 })
    {
        let setting = Setting::new(name, "adapter_lora");
        let prompts = [vec![5, 9, 20], vec![33, 7, 41, 6]];
        for scoring in [LabelScoring::OverLabels, LabelScoring::OverVocabulary] {
            let labels = setting.labels(scoring);
            let served = labels.log_scores(
                setting.decoder(),
                &prompts,
                None,
                Some(&setting.adapter),
                &setting.device,
            );
            for (prompt, served) in prompts.iter().zip(&served) {
                let total: f64 = served.iter().map(|score| score.exp()).sum();
                match scoring {
                    LabelScoring::OverLabels => assert!((total - 1.0).abs() < 1e-5, "{total}"),
                    _ => assert!(total < 0.9, "{total}"),
                }
                for (label, score) in served.iter().enumerate() {
                    let rows = [row(prompt, Target::label(label))];
                    let settings = ObjectiveSettings {
                        labels: Some(labels.clone()),
                        ..ObjectiveSettings::default()
                    };
                    let gradient = setting.gradient(&rows, settings, 1);
                    let targets = match scoring {
                        LabelScoring::OverLabels => 1.0,
                        _ => labels.trie().paths()[label].len() as f64,
                    };
                    assert!(
                        (gradient.loss * targets + score).abs() < 1e-4,
                        "{name}, {scoring:?}, label {label}: {} and {score}",
                        gradient.loss
                    );
                }
            }
        }
    }
}

#[test]
fn over_labels_a_step_is_a_softmax_over_what_may_follow() {
    let setting = Setting::new("llama", "adapter_lora");
    let prompt = vec![5, 9, 20, 7];
    // Label 1 is 11, 12, 13, end. 12 alone follows 11; after 12 comes 13 or the end; after 13 the end.
    let batch = TokenBatch::new(&[[&prompt[..], &[11, 12, 13]].concat()], 0, &setting.device);
    let decoder = setting.decoder();
    let states = decoder.forward(&batch, Some(&setting.adapter));
    let logits = decoder.logits(states, &batch, Some(&setting.adapter)); // [1, 7, vocab]
    let among = |place: usize, tokens: &[u32]| {
        let of_place = logits.clone().narrow(1, place, 1).flatten::<1>(0, 2);
        let tokens: Vec<i32> = tokens.iter().map(|&token| token as i32).collect();
        let tokens = Tensor::<1, Int>::from_data(TensorData::from(tokens.as_slice()), &setting.device);
        let log_p: Vec<f32> = activation::log_softmax(of_place.select(0, tokens), 0)
            .into_data()
            .iter::<f32>()
            .collect();
        f64::from(log_p[0])
    };
    let expected = -(among(3, &[11, 14, 15]) + among(5, &[13, END]));
    let settings = ObjectiveSettings {
        labels: Some(setting.labels(LabelScoring::OverLabels)),
        ..ObjectiveSettings::default()
    };
    let found = setting.gradient(&[row(&prompt, Target::label(1))], settings, 1);
    assert!(
        (found.loss - expected).abs() < 1e-5,
        "{} and {expected}",
        found.loss
    );
}

#[test]
fn a_distribution_is_learnt_as_its_labels_each_by_its_share() {
    let setting = Setting::new("llama", "adapter_lora");
    let shares = [(0, 0.5), (1, 0.3), (3, 0.2)];
    let prompt = [5, 9, 20, 7];
    let apart = shares.map(|(label, share)| TokenRow {
        weight: share,
        ..row(&prompt, Target::label(label))
    });
    for scoring in [LabelScoring::OverLabels, LabelScoring::OverVocabulary] {
        let settings = || ObjectiveSettings {
            labels: Some(setting.labels(scoring)),
            ..ObjectiveSettings::default()
        };
        let one = setting.gradient(&[row(&prompt, soft(&shares))], settings(), 1);
        close(&one, &setting.gradient(&apart, settings(), 2), 1e-4);
    }
    let encoder = Setting::new("bert", "adapter_lora");
    let one = encoder.gradient(&[row(&prompt, soft(&shares))], ObjectiveSettings::default(), 1);
    close(
        &one,
        &encoder.gradient(&apart, ObjectiveSettings::default(), 1),
        1e-4,
    );
}

/// Rows with different numbers of targets, so that a mean of means would differ.
fn uneven_rows(prompt: &[u32]) -> Vec<TokenRow> {
    let endings: [(&[u32], usize); 8] = [
        (&[5, 9, 20, 7], 1),
        (&[33, 7], 1),
        (&[8, 41, 6, 6, 19, 22], 3),
        (&[50, 3, 17], 2),
        (&[5, 9, 21, 60, 4], 4),
        (&[70, 71], 1),
        (&[12, 13, 14, 15, 16, 17, 18], 5),
        (&[5, 9, 20, 8, 44], 2),
    ];
    let of_ending = |(ending, targets): &(&[u32], usize)| {
        let ids = [prompt, ending].concat();
        let target = Target::Tokens((ids.len() - targets..ids.len()).collect());
        row(&ids, target)
    };
    endings.iter().map(of_ending).collect()
}

#[test]
fn a_step_in_parts_is_the_step_at_once_and_no_mean_of_means() {
    let setting = Setting::new("llama", "adapter_lora");
    let rows = uneven_rows(&[4]);
    let at_once = setting.gradient(&rows, ObjectiveSettings::default(), 1);
    assert_eq!(at_once.weight.map(|weight| (weight * 1e9).round()), Some(1e9));
    for (shards, micro_rows) in [(1, 1), (2, 2), (3, 4), (2, usize::MAX)] {
        let settings = ObjectiveSettings {
            micro_rows,
            ..ObjectiveSettings::default()
        };
        let parts = setting.gradient(&rows, settings, shards);
        assert!(
            (parts.loss - at_once.loss).abs() < 1e-6,
            "{} and {}",
            parts.loss,
            at_once.loss
        );
        close(&parts, &at_once, 1e-5);
    }
    // What a mean of means would be.
    let alone = |row: &TokenRow| {
        setting
            .gradient(std::slice::from_ref(row), ObjectiveSettings::default(), 1)
            .loss
    };
    let mean = rows.iter().map(alone).sum::<f64>() / rows.len() as f64;
    assert!((mean - at_once.loss).abs() > 1e-3, "{mean} and {}", at_once.loss);
}

#[test]
fn a_weight_counts_as_repeated_rows() {
    let setting = Setting::new("llama", "adapter_lora");
    let mut rows = uneven_rows(&[4]);
    rows[2].weight = 3.0;
    let weighted = setting.gradient(&rows, ObjectiveSettings::default(), 2);
    rows[2].weight = 1.0;
    rows.extend([rows[2].clone(), rows[2].clone()]);
    close(
        &weighted,
        &setting.gradient(&rows, ObjectiveSettings::default(), 2),
        1e-5,
    );
}

fn whole(settings: ObjectiveSettings) -> ObjectiveSettings {
    ObjectiveSettings {
        shares_beginnings: false,
        ..settings
    }
}

/// In f32, by the largest entry of a tensor.
const SHARED_TOLERANCE: f64 = 1e-4;

#[test]
fn a_prompt_computed_once_gives_the_loss_and_gradients_of_rows_computed_whole() {
    let prompt: Vec<u32> = (0..60).map(|i| 3 + i * 7 % 70).collect();
    let names = ["qwen3", "llama3_rope_tied", "gemma3"];
    for name in names.into_iter().take(if is_cpu() { 3 } else { 1 }) {
        for kind in ["adapter_lora", "adapter_dora"] {
            let setting = Setting::new(name, kind);
            let rows = uneven_rows(&prompt);
            let cuts = [(2, 2), (1, usize::MAX), (2, usize::MAX)];
            for (shards, micro_rows) in cuts.into_iter().take(if is_cpu() { 3 } else { 1 }) {
                let settings = || ObjectiveSettings {
                    micro_rows,
                    ..ObjectiveSettings::default()
                };
                let objective = Objective::new(&setting.network, &rows, settings(), &setting.device).unwrap();
                assert_eq!(objective.beginnings.nodes.len(), 1, "the prompt is shared");
                let once = setting.gradient(&rows, settings(), shards);
                close(
                    &once,
                    &setting.gradient(&rows, whole(settings()), shards),
                    SHARED_TOLERANCE,
                );
            }
        }
    }
}

#[test]
fn several_prompts_that_begin_alike_give_the_gradients_of_rows_computed_whole() {
    let house: Vec<u32> = (0..50).map(|i| 3 + i * 7 % 70).collect();
    let of_task = |task: u32| {
        [
            house.clone(),
            (0..40).map(|i| 4 + (i * 11 + task * 5) % 70).collect(),
        ]
        .concat()
    };
    let rows: Vec<TokenRow> = (0..3).flat_map(|task| uneven_rows(&of_task(task))).collect();
    for name in ["llama", "gemma3"].into_iter().take(if is_cpu() { 2 } else { 1 }) {
        let setting = Setting::new(name, "adapter_lora");
        let objective = Objective::new(
            &setting.network,
            &rows,
            ObjectiveSettings::default(),
            &setting.device,
        )
        .unwrap();
        let parents: Vec<Option<usize>> = objective
            .beginnings
            .nodes
            .iter()
            .map(|node| node.parent)
            .collect();
        assert_eq!(parents, [None, Some(0), Some(0), Some(0)], "{name}");
        let once = setting.gradient(&rows, ObjectiveSettings::default(), 2);
        close(
            &once,
            &setting.gradient(&rows, whole(ObjectiveSettings::default()), 2),
            SHARED_TOLERANCE,
        );
        let (once, all): (_, Vec<usize>) = (objective, (0..rows.len()).collect());
        let shards = Shards::new(2).unwrap();
        let naive = Objective::new(
            &setting.network,
            &rows,
            whole(ObjectiveSettings::default()),
            &setting.device,
        );
        let losses =
            [once, naive.unwrap()].map(|objective| objective.mean_loss(&setting.adapter, &all, &shards));
        assert!((losses[0] - losses[1]).abs() < 1e-5, "{losses:?}");
    }
}

#[test]
fn labels_after_a_shared_prompt_have_the_scores_of_labels_after_whole_rows() {
    let setting = Setting::new("qwen3", "adapter_lora");
    let prompt: Vec<u32> = (0..60).map(|i| 3 + i * 7 % 70).collect();
    let rows: Vec<TokenRow> = (0..9)
        .map(|i| row(&[&prompt[..], &[20 + i as u32, 7]].concat(), Target::label(i % 4)))
        .collect();
    for scoring in [LabelScoring::OverLabels, LabelScoring::OverVocabulary] {
        let settings = ObjectiveSettings {
            labels: Some(setting.labels(scoring)),
            micro_rows: 4,
            ..ObjectiveSettings::default()
        };
        let once = setting.gradient(&rows, settings.clone(), 2);
        close(
            &once,
            &setting.gradient(&rows, whole(settings.clone()), 2),
            SHARED_TOLERANCE,
        );
        let scores = |settings: ObjectiveSettings| {
            let objective = Objective::new(&setting.network, &rows, settings, &setting.device).unwrap();
            let all: Vec<usize> = (0..rows.len()).collect();
            objective.log_scores(&setting.adapter, &all, &Shards::new(2).unwrap())
        };
        let (once, whole) = (scores(settings.clone()), scores(whole(settings)));
        assert_eq!((once.len(), once[0].len()), (9, 4));
        for (a, b) in once.iter().flatten().zip(whole.iter().flatten()) {
            assert!((a - b).abs() < 1e-4, "{a} and {b}");
        }
    }
}

/// An activated adapter changes nothing before its call: the prompt is the base's, and is computed once for all steps.
#[test]
fn a_prompt_before_the_call_of_an_activated_adapter_is_computed_once_a_run() {
    let mut setting = Setting::new("mistral", "adapter_alora");
    let call = setting.adapter.config().alora_invocation_tokens.clone().unwrap();
    let prompt: Vec<u32> = (0..60).map(|i| 13 + i * 7 % 60).collect();
    let rows: Vec<TokenRow> = uneven_rows(&prompt)
        .into_iter()
        .map(|mut of_prompt| {
            let first = match &of_prompt.target {
                Target::Tokens(places) => places[0],
                Target::Labels(_) => unreachable!(),
            };
            of_prompt.ids.splice(first..first, call.iter().copied());
            if let Target::Tokens(places) = &mut of_prompt.target {
                places.iter_mut().for_each(|place| *place += call.len());
            }
            of_prompt
        })
        .collect();
    let settings = ObjectiveSettings {
        invocation: Some(call.clone()),
        ..ObjectiveSettings::default()
    };
    let objective = Objective::new(&setting.network, &rows, settings.clone(), &setting.device).unwrap();
    let all: Vec<usize> = (0..rows.len()).collect();
    let shards = Shards::new(2).unwrap();
    let first = objective.gradient(&setting.adapter, &all, &shards);
    close(
        &first,
        &setting.gradient(&rows, whole(settings.clone()), 2),
        SHARED_TOLERANCE,
    );
    // Another step, with another adapter, after the same prompt.
    setting.adapter = setting
        .adapter
        .with_values(setting.adapter.values().into_iter().map(|value| value * 1.25));
    let second = objective.gradient(&setting.adapter, &all, &shards);
    close(
        &second,
        &setting.gradient(&rows, whole(settings.clone()), 2),
        SHARED_TOLERANCE,
    );
    assert!(
        (first.loss - second.loss).abs() > 1e-4,
        "{} and {}",
        first.loss,
        second.loss
    );
    let without = [row(&prompt, Target::Tokens(vec![5]))];
    let error = Objective::new(&setting.network, &without, settings, &setting.device).unwrap_err();
    assert_eq!(error, (0, TargetError::NotCalled));
}

#[test]
fn a_row_beside_others_has_the_loss_that_it_has_alone() {
    let setting = Setting::new("llama", "adapter_lora");
    let prompt: Vec<u32> = (0..60).map(|i| 3 + i * 7 % 70).collect();
    let rows = uneven_rows(&prompt);
    let objective = Objective::new(
        &setting.network,
        &rows,
        ObjectiveSettings::default(),
        &setting.device,
    )
    .unwrap();
    let shards = Shards::new(1).unwrap();
    let all: Vec<usize> = (0..rows.len()).collect();
    let together = objective.mean_loss(&setting.adapter, &all, &shards) * objective.weight(&all);
    let alone =
        |row: usize| objective.mean_loss(&setting.adapter, &[row], &shards) * objective.weight(&[row]);
    let sum: f64 = all.iter().map(|&row| alone(row)).sum();
    assert!((together - sum).abs() < 1e-4, "{together} and {sum}");
}

#[test]
fn a_row_that_cannot_be_learnt_is_named_with_the_reason() {
    let (decoder, encoder) = (
        Setting::new("llama", "adapter_lora"),
        Setting::new("bert", "adapter_lora"),
    );
    let ids = [5, 9, 20];
    let good = || row(&ids, Target::Tokens(vec![1, 2]));
    let refused = |setting: &Setting, bad: TokenRow, labels: Option<LabelChoices>| {
        let settings = ObjectiveSettings {
            labels,
            ..ObjectiveSettings::default()
        };
        let rows = [good(), bad];
        let rows = if settings.labels.is_some() {
            &rows[1..]
        } else {
            &rows[..]
        };
        Objective::new(&setting.network, rows, settings, &setting.device)
            .unwrap_err()
            .1
    };
    // A loss of 0 that means "no label" does not come about.
    assert_eq!(
        refused(&decoder, row(&ids, Target::Tokens(Vec::new())), None),
        TargetError::NoTarget
    );
    assert_eq!(
        refused(&decoder, row(&ids, soft(&[])), None),
        TargetError::NoTarget
    );
    for place in [0, 3] {
        let bad = row(&ids, Target::Tokens(vec![place]));
        assert_eq!(
            refused(&decoder, bad, None),
            TargetError::Place { place, tokens: 3 }
        );
    }
    assert_eq!(
        refused(&decoder, row(&ids, Target::label(0)), None),
        TargetError::Kind
    );
    assert_eq!(refused(&encoder, good(), None), TargetError::Kind);
    let labels = decoder.labels(LabelScoring::OverLabels);
    let bad = row(&ids, Target::label(4));
    assert_eq!(
        refused(&decoder, bad, Some(labels)),
        TargetError::Label { label: 4, labels: 4 }
    );
}

/// For every kind of adapter, on encoders and decoders, with and without a text before the rows.
#[test]
fn blocks_that_are_computed_anew_give_the_gradients_of_blocks_that_are_kept() {
    let prompt: Vec<u32> = (0..60).map(|i| 3 + i * 7 % 70).collect();
    let of_labels: Vec<TokenRow> = (0..5)
        .map(|i| row(&[5 + i as u32, 9, 20, 7][..2 + i % 3], Target::label(i % 5)))
        .collect();
    let cases = [
        ("bert", "adapter_lora", of_labels.clone()),
        ("bert", "adapter_dora", of_labels.clone()),
        ("modernbert", "adapter_dora", of_labels.clone()),
        ("modernbert", "adapter_all_linear", of_labels),
        ("llama", "adapter_lora", uneven_rows(&[4])),
        ("llama3_rope_tied", "adapter_saved", uneven_rows(&prompt)),
        ("mistral", "adapter_embeddings", uneven_rows(&prompt)),
        ("mistral", "adapter_saved", uneven_rows(&[4])),
        ("qwen3", "adapter_dora", uneven_rows(&prompt)),
        ("gemma3", "adapter_all_linear", uneven_rows(&prompt)),
    ];
    for (name, adapter, rows) in cases.into_iter().step_by(if is_cpu() { 1 } else { 4 }) {
        let setting = Setting::new(name, adapter);
        let kept = setting.gradient(&rows, ObjectiveSettings::default(), 2);
        let settings = ObjectiveSettings {
            activation_checkpointing: true,
            ..ObjectiveSettings::default()
        };
        let anew = setting.gradient(&rows, settings, 2);
        assert_eq!(anew.weight, kept.weight);
        close(&anew, &kept, 1e-5);
    }
}
