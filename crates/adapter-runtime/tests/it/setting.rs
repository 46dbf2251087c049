//! The tiny decoder of this repository with an adapter that changes its answers.

use std::{path::Path, sync::Arc};

use adapter_runtime::{Classifier, ServedAdapter};
use base_model::{Adapter, AdapterConfig, BaseModel, LabelScoring, Targets, TaskType, device_by_name};
use burn::tensor::{Device, Tensor, TensorData};
use stage_files::ContentHash;
use task_spec::{Label, Task};

/// Among them one that begins another, and ones that share their first tokens.
pub(crate) const LABELS: [&str; 7] = [
    "bill",
    "billing",
    "bank-fees",
    "bank-card",
    "groceries",
    "fuel",
    "long-distance-public-transport",
];

pub(crate) fn device() -> Device {
    device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned())).unwrap()
}

pub(crate) fn base() -> Arc<BaseModel> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny-decoder");
    Arc::new(BaseModel::open(&folder, &device()).unwrap())
}

pub(crate) fn task() -> Task {
    Task::of_labels("spending", LABELS.map(Label::new).to_vec())
        .unwrap()
        .with_system("Sort the transaction.")
}

/// A fresh adapter whose second factors are no longer zero.
pub(crate) fn adapter(base: &BaseModel) -> Adapter {
    let config = AdapterConfig {
        r: 4,
        target_modules: Targets::AllLinear,
        ..AdapterConfig::new(base.name(), TaskType::CausalLm)
    };
    let fresh = Adapter::init(config, &base.network, None, 5, &device()).unwrap();
    let values: Vec<Tensor<2>> = fresh
        .values()
        .into_iter()
        .map(|value| {
            let [rows, columns] = value.dims();
            let change: Vec<f32> = (0..rows * columns)
                .map(|i| ((i * 29 % 17) as f32 - 8.0) / 100.0)
                .collect();
            value + Tensor::from_data(TensorData::new(change, [rows, columns]), &device())
        })
        .collect();
    fresh.with_values(values)
}

pub(crate) fn classifier() -> Classifier {
    let base = base();
    let adapter = adapter(&base);
    let hash = ContentHash::of_bytes(&adapter.to_safetensors().unwrap());
    let served = ServedAdapter {
        adapter,
        task: task(),
        scoring: LabelScoring::OverVocabulary,
        hash,
    };
    Classifier::new(base, served, &device()).unwrap()
}
