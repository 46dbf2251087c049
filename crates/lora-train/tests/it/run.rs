//! Whole runs on the tiny decoder of this repository: stopped, killed, resumed, refused.

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path};

use base_model::{Adapter, BaseModel, device_by_name};
use burn::tensor::Device;
use lora_train::{Event, Lineage, Progress, TrainConfig, TrainError, TrainInput, train};
use task_spec::{Example, Label, Message, Task};

const LABELS: [&str; 4] = ["groceries", "fuel", "coffee", "dentist"];

struct Setting {
    base: BaseModel,
    task: Task,
    rows: Vec<Example>,
    device: Device,
}

impl Setting {
    fn new() -> Self {
        let device =
            device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned())).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny-decoder");
        let task = Task::of_labels("spending", LABELS.map(Label::new).to_vec())
            .unwrap()
            .with_system("Sort the bank card transaction.");
        let words = ["PANTRY MART", "PETROL STATION", "ESPRESSO BAR", "DENTAL CARE"];
        let rows = (0..40)
            .map(|index| {
                let mut messages = task.prompt(&format!("{} {:03}", words[index % 4], index * 37 % 101));
                messages.push(Message::assistant(LABELS[index % 4]));
                Example::new(format!("row-{index}"), messages)
            })
            .collect();
        Self {
            base: BaseModel::open(&folder, &device).unwrap(),
            task,
            rows,
            device,
        }
    }

    fn run(
        &self,
        config: TrainConfig,
        folder: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Lineage, TrainError> {
        self.run_from(None, config, folder, progress)
    }

    fn run_from(
        &self,
        start: Option<&Adapter>,
        config: TrainConfig,
        folder: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Lineage, TrainError> {
        let input = TrainInput {
            base: &self.base,
            task: &self.task,
            rows: &self.rows,
            inputs: &BTreeMap::new(),
            start,
            device: &self.device,
        };
        train(input, &config.check().unwrap(), folder, progress)
    }
}

fn config() -> TrainConfig {
    TrainConfig {
        rank: 4,
        epochs: 2,
        batch_rows: 8,
        learning_rate: 3e-3,
        held_out_share: 0.1,
        checkpoint_steps: 3,
        ..TrainConfig::default()
    }
}

/// Stops, or dies, after some step.
struct Until {
    step: usize,
    dies: bool,
}

impl Progress for Until {
    fn event(&mut self, event: &Event) -> ControlFlow<()> {
        match event {
            Event::Step { step, .. } if *step == self.step => {
                assert!(!self.dies, "killed at step {step}");
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

const NEVER: Until = Until { step: 0, dies: false };

fn adapter_bytes(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("adapter_model.safetensors")).unwrap()
}

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
