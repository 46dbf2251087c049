//! What programs that train adapters to be looked at have in common.

use std::{collections::BTreeMap, error::Error, path::PathBuf, sync::Arc};

use adapter_runtime::Classifier;
use base_model::{BaseModel, device_by_name};
use burn::tensor::Device;
use clap::Args;
use lora_train::{Lineage, TrainInput, TrainPlan, train};
use stage_files::{read_json_lines, read_toml};
use task_spec::{Example, Task};

/// Why a program could not go on.
pub type Failure = Box<dyn Error + Send + Sync>;

/// What is trained, on what and for what.
#[derive(Debug, Args)]
pub struct Materials {
    /// Folder of the base model.
    #[arg(long)]
    pub base: PathBuf,
    /// The task: task.toml.
    #[arg(long)]
    pub task: PathBuf,
    /// Training rows, as distill-data writes them.
    #[arg(long)]
    pub rows: PathBuf,
    /// Device: flex (CPU), wgpu or cuda, as far as this binary was built with them.
    #[arg(long, env = "BURN_DEVICE", default_value = "flex")]
    pub device: String,
}

/// A base model and a task with its rows.
#[derive(Debug)]
pub struct Study {
    /// The model that adapters are made for.
    pub base: Arc<BaseModel>,
    /// What adapters learn.
    pub task: Task,
    /// What they may learn it from.
    pub rows: Vec<Example>,
    device: Device,
}

impl Study {
    /// Reads the materials.
    ///
    /// # Errors
    ///
    /// What is wrong with a file or the device.
    pub fn open(materials: &Materials) -> Result<Self, Failure> {
        let device = device_by_name(&materials.device)?;
        Ok(Self {
            base: Arc::new(BaseModel::open(&materials.base, &device)?),
            task: read_toml(&materials.task)?,
            rows: read_json_lines(&materials.rows)?,
            device,
        })
    }

    /// Trains an adapter on some rows and opens it as it would be served.
    ///
    /// # Errors
    ///
    /// What stopped the run.
    pub fn trained(&self, rows: &[Example], plan: &TrainPlan) -> Result<(Classifier, Lineage), Failure> {
        let folder = tempfile::tempdir()?;
        let inputs = BTreeMap::new();
        let input = TrainInput {
            base: &self.base,
            task: &self.task,
            rows,
            inputs: &inputs,
            start: None,
            device: &self.device,
        };
        let lineage = train(input, plan, folder.path(), &mut ())?;
        let classifier = Classifier::open(self.base.clone(), folder.path(), &self.device)?;
        Ok((classifier, lineage))
    }
}
