//! How fast an adapter is trained, by the arguments and the output of `benches/peers/train_peft.py`, so that it can be timed
//! beside PyTorch and PEFT.
//!
//! ```text
//! train_speed --model DIR --adapter DIR --rows FILE --batch 32 [--threads 2] [--prompt once] [--help]
//! ```
//!
//! `DIR` of `--model` is a base model's folder, of `--adapter` the PEFT folder from which training starts. `FILE` has a row
//! a line, in the order in which rows are trained on: `{"ids": [...], "class": 17}` for an encoder, `{"ids": [...], "from":
//! 420}` for a decoder, whose tokens from that index on are its targets. A step takes `--batch` rows, one after the other,
//! the last what is left. It prints one line of JSON. `peers/train.py` starts it with all that it needs.
//!
//! The clock starts when the steps before it have laid out the weights, and stops when the last step's loss is known: what
//! it costs to lay out a batch is in it. Not measured: opening the model.

#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

use std::{fs, path::PathBuf, time::Instant};

use base_model::{Adapter, Network, Precision, WeightFormat, WeightWriter, device_by_name, instruction_set};
use benches::Failure;
use burn::tensor::Device;
use clap::{Parser, ValueEnum};
use lora_train::{Objective, ObjectiveSettings, Shards, Target, TokenRow, Updates, peak_memory_bytes};
use rayon::ThreadPoolBuilder;
use serde::Deserialize;
use serde_json::json;

/// As in `speed`: pages that tensors leave are kept.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains an adapter on rows of token ids and says how long that took.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder of the base model.
    #[arg(long)]
    model: PathBuf,
    /// PEFT folder from which training starts.
    #[arg(long)]
    adapter: PathBuf,
    /// Rows, a JSON object a line.
    #[arg(long)]
    rows: PathBuf,
    /// Rows of a step.
    #[arg(long)]
    batch: usize,
    /// Rows that are computed at once [default: all of a step].
    #[arg(long)]
    micro: Option<usize>,
    /// Learning rate of every step.
    #[arg(long, default_value_t = 1e-3)]
    rate: f64,
    /// Decoupled weight decay.
    #[arg(long, default_value_t = 0.01)]
    decay: f64,
    /// The longest gradient; 0 for any.
    #[arg(long, default_value_t = 1.0)]
    clip: f64,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Parts of a step [default: as many as threads].
    #[arg(long)]
    shards: Option<usize>,
    /// Steps before the clock starts.
    #[arg(long, default_value_t = 2)]
    warm_up: usize,
    /// Steps in all, those before the clock among them [default: all].
    #[arg(long)]
    steps: Option<usize>,
    /// Computes blocks anew when gradients arrive at them.
    #[arg(long)]
    checkpointing: bool,
    /// How the base's matrices are held.
    #[arg(long, default_value = "f32")]
    weights: String,
    #[arg(long, default_value = "flex")]
    device: String,
    /// How what rows begin with is computed.
    #[arg(long, value_enum, default_value_t = Beginnings::Once)]
    prompt: Beginnings,
    /// Where to write what was trained, by PEFT's names.
    #[arg(long)]
    dump: Option<PathBuf>,
}

/// How what rows begin with is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Beginnings {
    /// In every row.
    Whole,
    /// Once a step for all its rows.
    Once,
    /// Once a run, before the call of an activated adapter.
    Cached,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    ids: Vec<u32>,
    class: Option<usize>,
    from: Option<usize>,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build_global()?;
    let device = device_by_name(&arguments.device)?;
    let format = WeightFormat::by_name(&arguments.weights).ok_or("--weights names no format")?;
    let network = Network::open_as(&arguments.model, format, &device)?;
    let adapter = Adapter::read(&arguments.adapter, &network, &device)?;
    let rows = read_rows(&arguments)?;
    let objective = objective(&arguments, &network, &adapter, &rows, &device)?;
    let shards = Shards::new(arguments.shards.unwrap_or(arguments.threads))?;
    let clip = if arguments.clip == 0.0 {
        f64::MAX
    } else {
        arguments.clip
    };

    let indices: Vec<usize> = (0..rows.len()).collect();
    let steps: Vec<&[usize]> = indices
        .chunks(arguments.batch)
        .take(arguments.steps.unwrap_or(usize::MAX))
        .collect();
    if steps.len() <= arguments.warm_up {
        return Err(format!(
            "{} steps, of which {} are not counted",
            steps.len(),
            arguments.warm_up
        )
        .into());
    }
    let mut updates = Updates::new(adapter.parameters().len(), arguments.decay, clip);
    let (mut adapter, mut begin) = (adapter, Instant::now());
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    for (number, step) in steps.iter().enumerate() {
        if number == arguments.warm_up {
            begin = Instant::now();
        }
        let gradient = objective.gradient(&adapter, step, &shards);
        let update = updates.apply(adapter.values(), gradient.tensors, arguments.rate);
        adapter = adapter.with_values(update.values);
        losses.push(gradient.loss);
        norms.push(update.gradient_norm);
    }
    let seconds = begin.elapsed().as_secs_f64();

    let counted: Vec<usize> = steps[arguments.warm_up..].concat();
    let line = json!({
        "engine": "rightsize",
        "version": env!("CARGO_PKG_VERSION"),
        "threads": arguments.threads,
        "weights": arguments.weights,
        "isa": if arguments.device == "flex" { instruction_set() } else { &arguments.device },
        "steps": steps.len() - arguments.warm_up,
        "rows": counted.len(),
        "tokens": counted.iter().map(|&row| rows[row].ids.len()).sum::<usize>(),
        "seconds": seconds,
        "rows_per_second": counted.len() as f64 / seconds,
        "peak_bytes": peak_memory_bytes(),
        "losses": losses,
        "gradient_norms": norms,
    });
    if let Some(path) = &arguments.dump {
        let mut writer = WeightWriter::new(Precision::F32);
        for parameter in adapter.parameters() {
            writer.push(&parameter.name, &parameter.value, parameter.is_vector);
        }
        writer.write(path)?;
    }
    println!("{line}");
    Ok(())
}

fn read_rows(arguments: &Arguments) -> Result<Vec<TokenRow>, Failure> {
    let text = fs::read_to_string(&arguments.rows)?;
    let rows = text.lines().enumerate().map(|(number, line)| {
        let at = |what: &str| format!("{}, line {}: {what}", arguments.rows.display(), number + 1);
        let row: Row = serde_json::from_str(line).map_err(|error| at(&error.to_string()))?;
        let target = match (row.class, row.from) {
            (Some(class), None) => Target::label(class),
            (None, Some(from)) => Target::Tokens((from..row.ids.len()).collect()),
            _ => return Err(at("it has neither class nor from, or both").into()),
        };
        Ok(TokenRow {
            id: number.to_string(),
            ids: row.ids,
            target,
            weight: 1.0,
            group: number.to_string(),
        })
    });
    rows.collect()
}

fn objective<'a>(
    arguments: &Arguments,
    network: &'a Network,
    adapter: &Adapter,
    rows: &'a [TokenRow],
    device: &'a Device,
) -> Result<Objective<'a>, Failure> {
    let invocation = adapter.config().alora_invocation_tokens.clone();
    if arguments.prompt == Beginnings::Cached && invocation.is_none() {
        return Err("--prompt cached is for an adapter with alora_invocation_tokens".into());
    }
    let settings = ObjectiveSettings {
        shares_beginnings: arguments.prompt != Beginnings::Whole,
        step_rows: arguments.batch,
        micro_rows: arguments.micro.unwrap_or(usize::MAX),
        invocation,
        activation_checkpointing: arguments.checkpointing,
        ..ObjectiveSettings::default()
    };
    Objective::new(network, rows, settings, device)
        .map_err(|(row, error)| format!("{}, line {}: {error}", arguments.rows.display(), row + 1).into())
}
