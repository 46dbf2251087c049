//! Whole runs on the tiny decoder of this repository: stopped, killed, resumed, refused.

use std::fs;

use base_model::Adapter;
use lora_train::{TrainConfig, TrainError};
use task_spec::{Example, Message};

use crate::setting::{Setting, Until, adapter_bytes, config};

const NEVER: Until = Until { step: 0, dies: false };

#[test]
fn a_run_that_was_stopped_or_killed_ends_in_the_bytes_of_one_that_was_not() {
    let setting = Setting::new();
    let whole = tempfile::tempdir().unwrap();
    let lineage = setting.run(config(), whole.path(), &mut { NEVER }).unwrap();
    let losses: Vec<f64> = lineage.curve.iter().map(|record| record.loss).collect();
    assert_eq!(losses.len(), 10);
    assert!(losses[9] < 0.5 * losses[0], "nothing was learnt: {losses:?}");

    // Stopped in the first epoch and again in the second.
    let stopped = tempfile::tempdir().unwrap();
    for step in [2, 7] {
        let mut until = Until { step, dies: false };
        let error = setting.run(config(), stopped.path(), &mut until).unwrap_err();
        assert!(
            matches!(error, TrainError::Stopped { step: at } if at == step),
            "{error}"
        );
    }
    let resumed = setting.run(config(), stopped.path(), &mut { NEVER }).unwrap();
    assert_eq!(adapter_bytes(stopped.path()), adapter_bytes(whole.path()));
    assert_eq!(resumed.curve, lineage.curve);
    assert_eq!(resumed.held_out_curve, lineage.held_out_curve);
    assert!(!stopped.path().join("checkpoints").exists());

    // Killed between two checkpoints: the steps since the last are done again.
    let killed = tempfile::tempdir().unwrap();
    let death = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut until = Until { step: 8, dies: true };
        setting.run(config(), killed.path(), &mut until)
    }));
    assert!(death.is_err());
    setting.run(config(), killed.path(), &mut { NEVER }).unwrap();
    assert_eq!(adapter_bytes(killed.path()), adapter_bytes(whole.path()));
}

#[test]
fn a_run_starts_from_what_another_has_learnt_if_their_settings_agree() {
    let setting = Setting::new();
    let folder = tempfile::tempdir().unwrap();
    let first = setting.run(config(), folder.path(), &mut { NEVER }).unwrap();
    let learnt = Adapter::read(folder.path(), &setting.base.network, &setting.device).unwrap();
    let next = tempfile::tempdir().unwrap();
    let second = setting
        .run_from(Some(&learnt), config(), next.path(), &mut { NEVER })
        .unwrap();
    assert!(
        second.curve[0].loss < 0.6 * first.curve[0].loss,
        "{} after {}",
        second.curve[0].loss,
        first.curve[0].loss
    );
    let other = TrainConfig { rank: 8, ..config() };
    let error = setting
        .run_from(Some(&learnt), other, next.path(), &mut { NEVER })
        .unwrap_err();
    assert!(
        matches!(&error, TrainError::OtherStart { field, .. } if field == "r"),
        "{error}"
    );
}

#[test]
fn a_checkpoint_of_another_run_and_a_damaged_one_are_refused() {
    let setting = Setting::new();
    let folder = tempfile::tempdir().unwrap();
    let mut until = Until { step: 2, dies: false };
    setting.run(config(), folder.path(), &mut until).unwrap_err();
    let other = TrainConfig { seed: 2, ..config() };
    let error = setting.run(other, folder.path(), &mut { NEVER }).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");

    let file = folder.path().join("checkpoints/step-00000002.safetensors");
    let bytes = fs::read(&file).unwrap();
    for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..length]).unwrap();
        let error = setting.run(config(), folder.path(), &mut { NEVER }).unwrap_err();
        assert!(
            matches!(error, TrainError::Checkpoint { .. }),
            "{length} bytes: {error}"
        );
    }
}

#[test]
fn a_row_that_cannot_be_trained_on_is_named() {
    let mut setting = Setting::new();
    let folder = tempfile::tempdir().unwrap();
    let good = setting.rows[5].clone();
    let with_answer = |answer: &str| {
        let mut messages = good.prompt().to_vec();
        messages.push(Message::assistant(answer));
        Example::new("the-bad-one", messages)
    };
    let unweighted = Example {
        weight: f64::NAN,
        ..Example::new("the-bad-one", good.messages.clone())
    };
    let long = {
        let mut messages = setting.task.prompt(&"word ".repeat(400));
        messages.push(Message::assistant("fuel"));
        Example::new("the-bad-one", messages)
    };
    for bad in [with_answer("casino"), with_answer(""), unweighted, long] {
        setting.rows[5] = bad;
        let error = setting.run(config(), folder.path(), &mut { NEVER }).unwrap_err();
        assert!(
            matches!(&error, TrainError::Row { id, .. } if id == "the-bad-one"),
            "{error}"
        );
    }
    setting.rows.clear();
    let error = setting.run(config(), folder.path(), &mut { NEVER }).unwrap_err();
    assert!(matches!(error, TrainError::NoRows { .. }), "{error}");
}
