//! Gives training rows the labels and probabilities of adapters that have not seen them: a teacher whose doubts are its own,
//! to try on what learning them is worth.
//!
//! ```text
//! cross_fit --base DIR --task task.toml --rows train.jsonl --folds 5 --out taught.jsonl
//! ```
//!
//! Rows are dealt into folds, those of one cluster together. An adapter is trained on all folds but one, with the settings of
//! `TrainConfig` and what `--settings` says, and answers the rows of that one: the answer becomes the row's, and the
//! probabilities of all labels are written beside it. How often that is what stood there before is printed.

#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

use std::{collections::HashMap, path::PathBuf};

use benches::{Failure, Materials, Study};
use clap::Parser;
use lora_train::TrainConfig;
use stage_files::{read_toml, write_json_lines};
use task_spec::{Example, Message};

/// As in `speed`: pages that tensors leave are kept.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Labels rows by adapters that have not seen them.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    materials: Materials,
    /// Settings of training in TOML that differ from the defaults.
    #[arg(long)]
    settings: Option<PathBuf>,
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..))]
    folds: u64,
    /// The rows with their new labels.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let study = Study::open(&arguments.materials)?;
    let rows = &study.rows;
    let plan = match &arguments.settings {
        Some(path) => TrainConfig::default().with(read_toml(path)?)?,
        None => TrainConfig::default(),
    }
    .check()?;
    let folds = folds(rows, arguments.folds as usize);
    let (mut taught, mut as_before) = (rows.clone(), 0);
    for fold in 0..arguments.folds as usize {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (index, row) in rows.iter().enumerate() {
            match folds[index] == fold {
                true => own.push(index),
                false => others.push(row.clone()),
            }
        }
        let (classifier, _) = study.trained(&others, &plan)?;
        let texts = own
            .iter()
            .map(|&index| rows[index].input().ok_or("a row has no question"))
            .collect::<Result<Vec<_>, _>>()?;
        let mut right = 0;
        for (&index, prediction) in own.iter().zip(classifier.answers(&texts)?) {
            right += usize::from(rows[index].answer() == Some(&prediction.answer));
            let row = &mut taught[index];
            let probabilities = prediction.probabilities.into_iter();
            row.probabilities = probabilities.map(|of| (of.label, of.probability)).collect();
            if row.answer().is_some() {
                row.messages.pop();
            }
            row.messages.push(Message::assistant(prediction.answer));
        }
        as_before += right;
        println!("fold {}: {right} of {} as before", fold + 1, own.len());
    }
    println!(
        "{as_before} of {} as before, {:.2}%",
        rows.len(),
        100.0 * as_before as f64 / rows.len().max(1) as f64
    );
    write_json_lines(&arguments.out, &taught)?;
    Ok(())
}

/// The fold of each row; clusters are dealt out in the order in which they come.
fn folds(rows: &[Example], folds: usize) -> Vec<usize> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    let fold = |row| {
        let row: &Example = row;
        let next = known.len();
        known
            .entry(row.cluster.as_deref().unwrap_or(&row.id))
            .or_insert(next)
            .to_owned()
            % folds
    };
    rows.iter().map(fold).collect()
}
