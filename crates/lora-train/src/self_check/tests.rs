//! Results that are not what was trained.

use std::collections::BTreeMap;

use base_model::{BaseModel, device_by_name};
use task_spec::{Example, Label, Message, Task};

use super::*;
use crate::{TrainConfig, TrainInput};

struct Setting {
    base: BaseModel,
    task: Task,
    rows: Vec<Example>,
    inputs: BTreeMap<String, stage_files::ContentHash>,
    device: Device,
}

impl Setting {
    fn new() -> Self {
        let device =
            device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned())).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny-decoder");
        let task = Task::of_labels("t", ["fuel", "coffee"].map(Label::new).to_vec()).unwrap();
        let row = |index: usize| {
            let mut messages = task.prompt(&format!("SHOP {index}"));
            messages.push(Message::assistant(["fuel", "coffee"][index % 2]));
            Example::new(index.to_string(), messages)
        };
        Self {
            base: BaseModel::open(&folder, &device).unwrap(),
            rows: (0..10).map(row).collect(),
            task,
            inputs: BTreeMap::new(),
            device,
        }
    }

    /// Checks a run of two steps whose folder and snapshot `spoil` has had in its hands.
    fn check(&self, spoil: impl FnOnce(&mut Snapshot, &Path)) -> Result<SelfCheck, SelfCheckError> {
        let plan = TrainConfig {
            rank: 2,
            shards: 1,
            ..TrainConfig::default()
        }
        .check()
        .unwrap();
        let input = TrainInput {
            base: &self.base,
            task: &self.task,
            rows: &self.rows,
            inputs: &self.inputs,
            start: None,
            device: &self.device,
        };
        let prepared = Prepared::new(input, &plan).unwrap();
        let objective = prepared.objective().unwrap();
        let mut run = Snapshot::fresh(&prepared.fresh);
        // Large enough to show in the scores.
        let trained = prepared.fresh.values().into_iter().map(|value| value + 0.05);
        run.best = prepared.fresh.with_values(trained);
        run.current = run.best.clone();
        run.state.step = 2;
        run.state.reached.fill(true);
        let folder = tempfile::tempdir().unwrap();
        run.best.write(folder.path()).unwrap();
        spoil(&mut run, folder.path());
        let shards = Shards::new(1).unwrap();
        check((&prepared, &objective), &run, 1, folder.path(), &shards).map_err(|failed| match failed {
            Failed::Found(error) => error,
            Failed::Run(error) => panic!("{error}"),
        })
    }
}

#[test]
fn a_good_result_is_found_good() {
    let found = Setting::new().check(|_, _| {}).unwrap();
    assert_eq!(found.probes, 8);
    assert!(found.read_back_difference < READ_BACK_TOLERANCE);
    assert!(found.merged_difference.unwrap() < MERGED_TOLERANCE);
}

#[test]
fn a_tensor_that_no_gradient_reached_is_named() {
    let found = Setting::new()
        .check(|run, _| run.state.reached[3] = false)
        .unwrap_err();
    let SelfCheckError::NotTrained { count: 1, first, .. } = found else {
        panic!("{found}");
    };
    assert!(first.contains("lora_B"), "{first}");
}

#[test]
fn an_adapter_that_is_not_the_trained_one_is_found_out() {
    let other = |run: &mut Snapshot, folder: &Path| {
        let values = run.best.values().into_iter().map(|value| value * 1.5);
        run.best.with_values(values).write(folder).unwrap();
    };
    let found = Setting::new().check(other).unwrap_err();
    assert!(matches!(found, SelfCheckError::ReadBack { .. }), "{found}");
    // As after a division by zero.
    let not_a_number = |run: &mut Snapshot, _: &Path| {
        run.best = run
            .best
            .with_values(run.best.values().into_iter().map(|value| value * f32::NAN));
    };
    let found = Setting::new().check(not_a_number).unwrap_err();
    assert!(matches!(found, SelfCheckError::ReadBack { .. }), "{found}");
}

#[test]
fn a_tensor_that_is_not_in_the_file_is_named() {
    let without_the_last = |run: &mut Snapshot, folder: &Path| {
        let mut writer = base_model::WeightWriter::new(base_model::Precision::F32);
        let (_, but_the_last) = run.best.parameters().split_last().unwrap();
        for parameter in but_the_last {
            writer.push(parameter.name.clone(), &parameter.value, parameter.is_vector);
        }
        writer.write(&folder.join("adapter_model.safetensors")).unwrap();
    };
    let found = Setting::new().check(without_the_last).unwrap_err();
    assert!(matches!(found, SelfCheckError::Missing { .. }), "{found}");
}
