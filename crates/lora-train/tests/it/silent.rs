//! Runs that would look fine and be wrong: what would have been silent is an error, or is shown not to happen.

use std::{collections::BTreeMap, fs, path::Path};

use base_model::{Adapter, AdapterError, BaseModel, Generation, LabelScoring, Network};
use lora_train::{
    BestBy, Decay, Method, PreviewToken, Prompt, RowError, SettingError, TrainConfig, TrainError, preview,
};
use task_spec::Example;

use crate::fixtures::fixture::chain as told;
use crate::setting::{LABELS, Setting, config, is_left_to_the_cpu};

fn trained(setting: &Setting, config: TrainConfig) -> (tempfile::TempDir, lora_train::Lineage) {
    let folder = tempfile::tempdir().unwrap();
    let lineage = setting.run(config, folder.path(), &mut ()).unwrap();
    (folder, lineage)
}

/// A chat with its answer, as the template writes it, and of that what is learnt, token by token.
#[test]
fn what_is_learnt_of_a_chat_is_the_answer_and_the_token_that_ends_it() {
    let setting = Setting::new();
    let plan = config().check().unwrap();
    let shown = preview(setting.input(), &plan, 5).unwrap();
    assert_eq!(shown.len(), 5);
    let (chat, tokenizer) = (setting.base.chat.as_ref().unwrap(), &setting.base.tokenizer);
    for row in shown {
        let example = setting.rows.iter().find(|example| example.id == row.id).unwrap();
        // White space is a sign of the vocabulary's own, and may stand in another place.
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        let text = |tokens: &[&PreviewToken]| {
            dense(&tokens.iter().map(|token| token.text.as_str()).collect::<String>())
        };
        let whole = chat.render(&example.messages, false).unwrap();
        assert_eq!(text(&row.tokens.iter().collect::<Vec<_>>()), dense(&whole));
        let (read, learnt): (Vec<_>, Vec<_>) = row.tokens.iter().partition(|token| token.share == 0.0);
        let prompt = chat.render(example.prompt(), true).unwrap();
        assert_eq!(
            text(&read),
            dense(&prompt),
            "the prompt with what begins the answer, and nothing else, is read"
        );
        assert_eq!(
            text(&learnt),
            format!(
                "{}{}",
                example.answer().unwrap(),
                tokenizer.token(chat.end_id(tokenizer).unwrap()).unwrap()
            )
        );
        assert!(learnt.iter().all(|token| token.share == 1.0));
        assert_eq!(row.labels, [(example.answer().unwrap().to_owned(), 1.0)]);
    }
}

/// An answer that is cut off would be learnt without its end.
#[test]
fn a_row_whose_answer_does_not_fit_is_an_error_although_its_question_does() {
    if is_left_to_the_cpu() {
        return;
    }
    let setting = Setting::new();
    let folder = tempfile::tempdir().unwrap();
    let question = setting.base.question_ids(setting.rows[0].prompt()).unwrap().len();
    for (max_tokens, fits) in [(question, false), (question + 64, true)] {
        let config = TrainConfig {
            max_tokens,
            epochs: 1,
            ..config()
        };
        match setting.run(config, folder.path(), &mut ()) {
            Ok(_) => assert!(fits),
            Err(error) => {
                let TrainError::Row {
                    source: RowError::TooLong { tokens, limit },
                    ..
                } = &error
                else {
                    panic!("{}", told(&error));
                };
                assert!(!fits && tokens > limit && *limit == max_tokens);
            }
        }
    }
}

/// An end that is never trained shows when the model goes on after its answer.
#[test]
fn a_trained_decoder_writes_its_answer_and_ends() {
    if is_left_to_the_cpu() {
        return;
    }
    let setting = Setting::new();
    let config = TrainConfig {
        epochs: 12,
        learning_rate: 1e-2,
        held_out_share: 0.0,
        ..config()
    };
    let (folder, _) = trained(&setting, config);
    let adapter = Adapter::read(folder.path(), &setting.base.network, &setting.device).unwrap();
    let Network::Decoder(decoder) = &setting.base.network else {
        panic!("the model is a decoder");
    };
    let end = setting
        .base
        .chat
        .as_ref()
        .unwrap()
        .end_id(&setting.base.tokenizer)
        .unwrap();
    let rows = &setting.rows[..8];
    let prompts: Vec<Vec<u32>> = rows
        .iter()
        .map(|row| setting.base.question_ids(row.prompt()).unwrap())
        .collect();
    let generation = Generation {
        max_new_tokens: 12,
        stop: vec![end],
    };
    let answers = decoder.generate(&prompts, Some(&adapter), &generation, &setting.device);
    for (row, answer) in rows.iter().zip(answers) {
        assert_eq!(
            answer,
            setting.base.answer_ids(row.answer().unwrap()).unwrap(),
            "{}",
            row.id
        );
    }
}

#[test]
fn targets_that_match_nothing_or_half_the_layers_are_named() {
    let setting = Setting::new();
    let folder = tempfile::tempdir().unwrap();
    let with = |targets: &[&str]| TrainConfig {
        targets: targets.iter().map(|&target| target.to_owned()).collect(),
        ..config()
    };
    let error = setting
        .run(with(&["q_proj", "qkv_proj"]), folder.path(), &mut ())
        .unwrap_err();
    assert!(
        matches!(&error, TrainError::Adapter(AdapterError::NoTarget { .. })),
        "{}",
        told(&error)
    );
    assert!(told(&error).contains("qkv_proj"), "{}", told(&error));
}

/// Every tensor that was trained is in the file, read back and merged; of a tied decoder also with a head that is not tied
/// any more.
#[test]
fn what_is_saved_is_what_was_trained_also_where_a_tied_head_is_a_target() {
    if is_left_to_the_cpu() {
        return;
    }
    let setting = Setting::new();
    let all = TrainConfig {
        targets: ["q_proj", "down_proj", "lm_head"].map(str::to_owned).to_vec(),
        ..config()
    };
    for config in [config(), all] {
        let (folder, lineage) = trained(&setting, config);
        let adapter = Adapter::read(folder.path(), &setting.base.network, &setting.device).unwrap();
        let check = &lineage.self_check;
        assert_eq!(check.trained_tensors, adapter.parameters().len());
        assert_eq!(check.probes, 8);
        assert!(check.read_back_difference < 1e-5, "{check:?}");
        assert!(check.merged_difference.unwrap() < 1e-3, "{check:?}");
    }
}

#[test]
fn every_epoch_sees_every_row_and_every_target_once() {
    if is_left_to_the_cpu() {
        return;
    }
    let setting = Setting::new();
    for scoring in [LabelScoring::OverVocabulary, LabelScoring::OverLabels] {
        let config = TrainConfig {
            scoring,
            epochs: 3,
            batch_rows: 7,
            held_out_share: 0.0,
            ..config()
        };
        let (_folder, lineage) = trained(&setting, config);
        assert_eq!(lineage.self_check.whole_epochs, 3);
        let targets = |row: &Example| match scoring {
            LabelScoring::OverVocabulary => setting.base.answer_ids(row.answer().unwrap()).unwrap().len(),
            _ => 1,
        };
        let expected = setting.rows.iter().map(targets).sum::<usize>() as f64;
        assert!((lineage.targets_per_epoch - expected).abs() < 1e-9);
        assert!((lineage.self_check.targets - 3.0 * expected).abs() < 1e-6);
        assert_eq!(lineage.scoring, scoring);
    }
}

#[test]
fn every_way_of_training_learns() {
    if is_left_to_the_cpu() {
        return;
    }
    let setting = Setting::new();
    let base = TrainConfig {
        epochs: 4,
        ..config()
    };
    let ways = [
        TrainConfig {
            scoring: LabelScoring::OverLabels,
            ..base.clone()
        },
        TrainConfig {
            method: Method::RsLora,
            learning_rate: 1e-3,
            ..base.clone()
        },
        TrainConfig {
            method: Method::Dora,
            ..base.clone()
        },
        TrainConfig {
            method: Method::ActivatedLora,
            ..base.clone()
        },
        TrainConfig {
            activation_checkpointing: true,
            ..base.clone()
        },
        TrainConfig {
            prompt: Prompt::Whole,
            micro_rows: 3,
            ..base.clone()
        },
        TrainConfig {
            label_smoothing: 0.05,
            schedule: Decay::Linear,
            ..base.clone()
        },
        TrainConfig {
            b_rate_ratio: 4.0,
            schedule: Decay::Constant,
            learning_rate: 1e-3,
            ..base.clone()
        },
        TrainConfig {
            best_by: BestBy::WorstLabel,
            patience: 50,
            ..base.clone()
        },
        TrainConfig {
            class_weights: BTreeMap::from([("dentist".to_owned(), 2.0)]),
            label_balance: 0.5,
            ..base
        },
    ];
    for config in ways {
        let (_folder, lineage) = trained(&setting, config.clone());
        let (first, last) = (lineage.curve[0].loss, lineage.curve.last().unwrap().loss);
        assert!(last < 0.6 * first, "{config:?}: from {first} to {last}");
        let merges = config.method != Method::ActivatedLora;
        assert_eq!(lineage.self_check.merged_difference.is_some(), merges);
        if config.best_by == BestBy::WorstLabel {
            let labels = lineage.held_out_curve.last().unwrap().labels.clone().unwrap();
            assert!(labels.worst <= labels.overall && LABELS.contains(&labels.worst_label.as_str()));
        }
    }
}

#[test]
fn a_distribution_is_learnt_where_a_row_has_one() {
    if is_left_to_the_cpu() {
        return;
    }
    let mut setting = Setting::new();
    for row in &mut setting.rows {
        let answer = row.answer().unwrap().to_owned();
        let other = LABELS.iter().find(|label| **label != answer).unwrap();
        row.probabilities = BTreeMap::from([(answer, 0.7), ((*other).to_owned(), 0.3)]);
    }
    let plan = config().check().unwrap();
    let shown = preview(setting.input(), &plan, 1).unwrap();
    assert_eq!(shown[0].labels.len(), 2);
    // The answer's own tokens are learnt by its share; none of these labels begins another.
    let shares: Vec<f64> = shown[0]
        .tokens
        .iter()
        .map(|token| token.share)
        .filter(|share| *share > 0.0)
        .collect();
    assert!(
        shares.iter().all(|share| (share - 0.7).abs() < 1e-12),
        "{shares:?}"
    );
    let hard = TrainConfig {
        soft_labels: false,
        ..config()
    };
    assert_eq!(
        preview(setting.input(), &hard.check().unwrap(), 1).unwrap()[0]
            .labels
            .len(),
        1
    );
    let (_folder, lineage) = trained(
        &setting,
        TrainConfig {
            epochs: 3,
            scoring: LabelScoring::OverLabels,
            ..config()
        },
    );
    // No loss is below the entropy of what is learnt.
    let entropy = -(0.7_f64 * 0.7_f64.ln() + 0.3 * 0.3_f64.ln());
    let lowest = lineage
        .curve
        .iter()
        .map(|step| step.loss)
        .fold(f64::MAX, f64::min);
    assert!(
        lowest > entropy - 1e-4 && lowest < entropy + 0.6,
        "{lowest} and {entropy}"
    );
    setting.rows[3].probabilities = BTreeMap::from([("casino".to_owned(), 1.0)]);
    let folder = tempfile::tempdir().unwrap();
    let error = setting.run(config(), folder.path(), &mut ()).unwrap_err();
    assert!(
        matches!(&error, TrainError::Row { id, source: RowError::Label { .. } } if id == "row-3"),
        "{error}"
    );
}

/// An encoder with a label head and, as its checkpoint has none, a pooler that is trained too.
struct Encoder {
    folder: tempfile::TempDir,
}

impl Encoder {
    /// The tiny BERT of base-model's tests, with a tokenizer of words.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../base-model/tests/fixtures/bert");
        for name in ["config.json", "model.safetensors"] {
            fs::copy(fixture.join(name), folder.path().join(name)).unwrap();
        }
        let words: Vec<String> = [
            "[UNK]", "pantry", "petrol", "espresso", "dental", "mart", "station", "bar", "care",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain((0..100).map(|n| format!("{n:03}")))
        .collect();
        let vocab: BTreeMap<&String, usize> = words.iter().enumerate().map(|(id, word)| (word, id)).collect();
        let tokenizer = serde_json::json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"},
        });
        fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
        Self { folder }
    }

    fn setting(&self) -> Setting {
        let mut setting = Setting::new();
        setting.base = BaseModel::open(self.folder.path(), &setting.device).unwrap();
        setting
    }
}

#[test]
fn an_encoder_s_head_is_saved_and_what_it_cannot_do_is_refused_with_the_reason() {
    if is_left_to_the_cpu() {
        return;
    }
    let encoder = Encoder::new();
    let setting = encoder.setting();
    let (folder, lineage) = trained(
        &setting,
        TrainConfig {
            epochs: 6,
            ..config()
        },
    );
    let adapter = Adapter::read(folder.path(), &setting.base.network, &setting.device).unwrap();
    assert_eq!(adapter.classes(), Some(LABELS.len()));
    assert!(
        adapter
            .parameters()
            .iter()
            .any(|parameter| parameter.name.ends_with("classifier.weight"))
    );
    assert!(lineage.self_check.merged_difference.unwrap() < 1e-3);
    assert!(lineage.curve.last().unwrap().loss < lineage.curve[0].loss);
    let refused = [
        TrainConfig {
            prompt: Prompt::Once,
            ..config()
        },
        TrainConfig {
            method: Method::ActivatedLora,
            ..config()
        },
    ];
    for config in refused {
        let error = setting.run(config, folder.path(), &mut ()).unwrap_err();
        assert!(
            matches!(
                &error,
                TrainError::Setting {
                    source: SettingError::SeesAhead { .. },
                    ..
                }
            ),
            "{}",
            told(&error)
        );
        assert!(
            told(&error).contains("see what comes after them"),
            "{}",
            told(&error)
        );
    }
}

#[test]
fn a_setting_that_does_not_fit_the_task_is_named() {
    let setting = Setting::new();
    let folder = tempfile::tempdir().unwrap();
    let unknown = TrainConfig {
        class_weights: BTreeMap::from([("casino".to_owned(), 2.0)]),
        ..config()
    };
    let error = setting.run(unknown, folder.path(), &mut ()).unwrap_err();
    assert!(
        told(&error).contains("class_weights") && told(&error).contains("casino"),
        "{}",
        told(&error)
    );
    assert!(
        TrainConfig {
            label_smoothing: 1.0,
            ..config()
        }
        .check()
        .is_err()
    );
    assert!(
        TrainConfig {
            class_weights: BTreeMap::from([("fuel".to_owned(), 0.0)]),
            ..config()
        }
        .check()
        .is_err()
    );
}
