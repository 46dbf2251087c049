//! What settings of training are worth: every variant with every seed, judged on rows that are not trained on.
//!
//! ```text
//! ablation --base DIR --task task.toml --rows train.jsonl --gold gold.jsonl --variants variants.toml --seeds 5 --out FILE
//! ```
//!
//! `variants.toml` has a table a variant with the fields of `TrainConfig` in which it differs from `[default]`, which is run
//! first and may be empty. Every run is a line of JSON in `--out`, written as it comes; runs that are there already are not
//! done again. At the end a table is printed: means over the seeds, and of how accuracy and loss differ from the default,
//! seed by seed, the 95% interval of Student's t.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to whoever runs it"
)]

use std::{collections::BTreeMap, fs, io::Write, path::PathBuf};

use benches::{Failure, Materials, Study};
use clap::Parser;
use lora_train::TrainConfig;
use serde::{Deserialize, Serialize};
use stage_files::{read_json_lines, read_toml};
use statrs::distribution::{ContinuousCDF, StudentsT};
use task_spec::GoldRow;

/// As in `speed`: pages that tensors leave are kept.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The variant that the others are held against.
const DEFAULT: &str = "default";

/// Trains every variant with every seed and says what each is worth.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    materials: Materials,
    /// Rows to be judged on, lines of {"id", "input", "label"}.
    #[arg(long)]
    gold: PathBuf,
    /// The variants, a TOML table each.
    #[arg(long)]
    variants: PathBuf,
    /// Seeds of each variant, 1 and up.
    #[arg(long, default_value_t = 5)]
    seeds: u64,
    /// Lines of JSON, one a run.
    #[arg(long)]
    out: PathBuf,
}

/// What came of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Outcome {
    variant: String,
    seed: u64,
    /// Share of gold rows that are right, in 0..=1.
    accuracy: f64,
    /// Mean over the labels of the share of their rows that are right.
    by_label: f64,
    /// The label of which the fewest are right, and their share.
    worst_label: String,
    worst: f64,
    /// Mean of the negative logarithm of the right label's probability, in nats.
    log_loss: f64,
    steps: usize,
    seconds: f64,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let study = Study::open(&arguments.materials)?;
    let gold: Vec<GoldRow> = read_json_lines(&arguments.gold)?;
    let variants: toml::Table = read_toml(&arguments.variants)?;
    let mut names: Vec<&str> = variants
        .keys()
        .map(String::as_str)
        .filter(|name| *name != DEFAULT)
        .collect();
    names.insert(0, DEFAULT);
    let mut outcomes: Vec<Outcome> = match arguments.out.exists() {
        true => read_json_lines(&arguments.out)?,
        false => Vec::new(),
    };
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&arguments.out)?;
    for seed in 1..=arguments.seeds {
        for name in &names {
            if outcomes
                .iter()
                .any(|outcome| outcome.variant == *name && outcome.seed == seed)
            {
                continue;
            }
            let config = config(&variants, name, seed)?;
            let outcome = run((&study, &gold), name, config)?;
            eprintln!(
                "{name}, seed {seed}: {:.2}% right, {:.0} s",
                100.0 * outcome.accuracy,
                outcome.seconds
            );
            writeln!(file, "{}", serde_json::to_string(&outcome)?)?;
            file.sync_data()?;
            outcomes.push(outcome);
        }
    }
    println!("{}", table(&names, &outcomes)?);
    Ok(())
}

/// The settings of a variant: those of the default, and what it says beside.
fn config(variants: &toml::Table, name: &str, seed: u64) -> Result<TrainConfig, Failure> {
    let mut config = TrainConfig::default();
    for variant in [DEFAULT, name] {
        match variants.get(variant) {
            Some(toml::Value::Table(own)) => config = config.with(own.clone())?,
            Some(_) => return Err(format!("{variant} is no table").into()),
            None => {}
        }
    }
    Ok(TrainConfig { seed, ..config })
}

/// Trains a variant and judges it on the gold rows.
fn run((study, gold): (&Study, &[GoldRow]), variant: &str, config: TrainConfig) -> Result<Outcome, Failure> {
    let seed = config.seed;
    let (classifier, lineage) = study.trained(&study.rows, &config.check()?)?;
    let texts: Vec<&str> = gold.iter().map(|row| row.input.as_str()).collect();
    let predictions = classifier.answers(&texts)?;
    let mut of_label: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let mut log_loss = 0.0;
    for (row, prediction) in gold.iter().zip(&predictions) {
        let (right, all) = of_label.entry(&row.label).or_default();
        *right += f64::from(u8::from(prediction.answer == row.label));
        *all += 1.0;
        let of_right = prediction.probabilities.iter().find(|of| of.label == row.label);
        // A probability of 0 in f32 is one below this.
        log_loss -= of_right.map_or(0.0, |of| of.probability).max(1e-45).ln();
    }
    let share = |(right, all): &(f64, f64)| right / all;
    let worst = of_label.iter().min_by(|a, b| share(a.1).total_cmp(&share(b.1)));
    let (worst_label, worst) = worst.ok_or("there are no gold rows")?;
    let right: f64 = of_label.values().map(|(right, _)| right).sum();
    let rows = gold.len() as f64;
    Ok(Outcome {
        variant: variant.to_owned(),
        seed,
        accuracy: right / rows,
        by_label: of_label.values().map(share).sum::<f64>() / of_label.len() as f64,
        worst_label: (*worst_label).to_owned(),
        worst: share(worst),
        log_loss: log_loss / rows,
        steps: lineage.steps,
        seconds: lineage.seconds,
    })
}

/// A line a variant.
fn table(names: &[&str], outcomes: &[Outcome]) -> Result<String, Failure> {
    let of = |name: &str| -> Vec<&Outcome> {
        outcomes
            .iter()
            .filter(|outcome| outcome.variant == name)
            .collect()
    };
    let defaults = of(DEFAULT);
    let mut lines = vec![
        "| variant | seeds | right, % | against the default, points | log loss | against the default | mean over labels, % | worst label, % | steps | seconds |".to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for name in names {
        let runs = of(name);
        let against = |value: fn(&Outcome) -> f64| -> Result<String, Failure> {
            let pairs = runs.iter().filter_map(|run| {
                let other = defaults.iter().find(|other| other.seed == run.seed)?;
                Some(value(run) - value(other))
            });
            match *name == DEFAULT {
                true => Ok(String::new()),
                false => interval(&pairs.collect::<Vec<_>>()),
            }
        };
        let percent =
            |of: fn(&Outcome) -> f64| format!("{:.2}", 100.0 * mean(runs.iter().map(|run| of(run))));
        lines.push(format!(
            "| {name} | {} | {} | {} | {:.3} | {} | {} | {} | {:.0} | {:.0} |",
            runs.len(),
            percent(|run| run.accuracy),
            against(|run| 100.0 * run.accuracy)?,
            mean(runs.iter().map(|run| run.log_loss)),
            against(|run| run.log_loss)?,
            percent(|run| run.by_label),
            percent(|run| run.worst),
            mean(runs.iter().map(|run| run.steps as f64)),
            mean(runs.iter().map(|run| run.seconds)),
        ));
    }
    Ok(lines.join("\n"))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean, with its 95% interval of Student's t.
fn interval(differences: &[f64]) -> Result<String, Failure> {
    let (n, center) = (differences.len() as f64, mean(differences.iter().copied()));
    if differences.len() < 2 {
        return Ok(format!("{center:+.3}"));
    }
    let variance = differences.iter().map(|x| (x - center).powi(2)).sum::<f64>() / (n - 1.0);
    let half = StudentsT::new(0.0, 1.0, n - 1.0)?.inverse_cdf(0.975) * (variance / n).sqrt();
    Ok(format!(
        "{center:+.3} ({:+.3} to {:+.3})",
        center - half,
        center + half
    ))
}
