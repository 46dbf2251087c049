//! The tiny decoder of this repository, a task, and rows to learn it from.

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path};

use base_model::{Adapter, BaseModel};
use burn::tensor::Device;
use lora_train::{Event, Lineage, Progress, TrainConfig, TrainError, TrainInput, train};
use task_spec::{Example, Label, Message, Task};

use crate::fixtures::fixture::device;

pub(crate) const LABELS: [&str; 4] = ["groceries", "fuel", "coffee", "dentist"];

pub(crate) struct Setting {
    pub(crate) base: BaseModel,
    pub(crate) task: Task,
    pub(crate) rows: Vec<Example>,
    pub(crate) device: Device,
    inputs: BTreeMap<String, stage_files::ContentHash>,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let device = device().unwrap();
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
            inputs: BTreeMap::new(),
        }
    }

    pub(crate) fn input(&self) -> TrainInput<'_> {
        TrainInput {
            base: &self.base,
            task: &self.task,
            rows: &self.rows,
            inputs: &self.inputs,
            start: None,
            device: &self.device,
        }
    }

    pub(crate) fn run(
        &self,
        config: TrainConfig,
        folder: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Lineage, TrainError> {
        self.run_from(None, config, folder, progress)
    }

    pub(crate) fn run_from(
        &self,
        start: Option<&Adapter>,
        config: TrainConfig,
        folder: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Lineage, TrainError> {
        let input = TrainInput {
            start,
            ..self.input()
        };
        train(input, &config.check().unwrap(), folder, progress)
    }
}

/// Whether a test is left to the CPU, because it trains whole runs, which take minutes on a GPU that is a program; what
/// they are made of is tested there too.
#[expect(clippy::print_stdout, reason = "a test says that it was skipped")]
pub(crate) fn is_left_to_the_cpu() -> bool {
    let is_elsewhere = std::env::var("BURN_DEVICE").is_ok_and(|device| device != "flex");
    if is_elsewhere {
        println!("skipped: whole runs are tested on the CPU");
    }
    is_elsewhere
}

pub(crate) fn config() -> TrainConfig {
    TrainConfig {
        rank: 4,
        epochs: 2,
        batch_rows: 8,
        learning_rate: 3e-3,
        held_out_share: 0.1,
        checkpoint_steps: 3,
        shards: 2,
        ..TrainConfig::default()
    }
}

/// Stops, or dies, after some step.
pub(crate) struct Until {
    pub(crate) step: usize,
    pub(crate) dies: bool,
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

pub(crate) fn adapter_bytes(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("adapter_model.safetensors")).unwrap()
}
