//! What holding weights in fewer bits costs in answers and saves in memory.
//!
//! ```text
//! formats --model DIR --adapter DIR --ids FILE
//! ```
//!
//! For every [`WeightFormat`], a line of JSON: the memory that opening the model took, in MB; the p50 of one text on one
//! thread, in milliseconds; and of all rows of `--ids` (a JSON list of token ids a line, as `peers/ids.py` writes them)
//! how many have another label of the highest score than in f32, and the largest difference of a probability. Each format
//! is opened in a process of its own, so that nothing of another is counted.

#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use adapter_runtime::Latency;
use base_model::{Adapter, Network, TokenBatch, WeightFormat, device_by_name};
use benches::Failure;
use burn::tensor::activation;
use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--model", model, "--adapter", adapter, "--ids", ids] => all(model, adapter, ids),
        ["--one", format, model, adapter, ids] => one(format, model, adapter, ids),
        _ => Err("usage: formats --model DIR --adapter DIR --ids FILE".into()),
    }
}

fn all(model: &str, adapter: &str, ids: &str) -> Result<(), Failure> {
    let mut exact: Option<Vec<Vec<f32>>> = None;
    let cpu = device_by_name("flex")?;
    for format in WeightFormat::ALL.into_iter().filter(|format| format.is_for(&cpu)) {
        let done = Command::new(std::env::current_exe()?)
            .args(["--one", format.name(), model, adapter, ids])
            .output()?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
        }
        let mut line: Value = serde_json::from_slice(&done.stdout)?;
        let found: Vec<Vec<f32>> = serde_json::from_value(line["probabilities"].take())?;
        let exact = exact.get_or_insert_with(|| found.clone());
        let changed = exact
            .iter()
            .zip(&found)
            .filter(|(a, b)| highest(a) != highest(b))
            .count();
        let pairs = exact.iter().flatten().zip(found.iter().flatten());
        let largest = pairs.fold(0.0_f32, |largest, (a, b)| largest.max((a - b).abs()));
        println!(
            "{}",
            json!({
                "format": format.name(),
                "memory_mb": line["memory_mb"],
                "p50_ms": line["p50_ms"],
                "rows": found.len(),
                "changed_answers": changed,
                "largest_difference_of_a_probability": largest,
            })
        );
    }
    Ok(())
}

fn one(format: &str, model: &str, adapter: &str, ids: &str) -> Result<(), Failure> {
    let format = WeightFormat::by_name(format).ok_or("no such format")?;
    let device = device_by_name("flex")?;
    let before = resident_mb()?;
    let network = Network::open_as(Path::new(model), format, &device)?;
    let memory = resident_mb()? - before;
    let adapter = Adapter::read(Path::new(adapter), &network, &device)?;
    let Network::Encoder(encoder) = &network else {
        return Err("the model is no encoder".into());
    };
    let rows: Vec<Vec<u32>> = fs::read_to_string(ids)?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let answer = |row: &Vec<u32>| -> Result<Vec<f32>, Failure> {
        let batch = TokenBatch::new(std::slice::from_ref(row), 0, &device);
        let pooled = encoder.pooled(&batch, Some(&adapter));
        let scores = adapter.classify(pooled).ok_or("the adapter has no label head")?;
        Ok(activation::softmax(scores, 1).into_data().iter::<f32>().collect())
    };
    let pool = ThreadPoolBuilder::new().num_threads(1).build()?;
    let (durations, probabilities) = pool.install(|| {
        let (mut durations, mut all): (Vec<Duration>, Vec<Vec<f32>>) = (Vec::new(), Vec::new());
        for row in rows.iter().take(32) {
            answer(row)?;
        }
        for row in &rows {
            let begin = Instant::now();
            let found = answer(row)?;
            durations.push(begin.elapsed());
            all.push(found);
        }
        Ok::<_, Failure>((durations, all))
    })?;
    let latency = Latency::of(&durations).ok_or("there are no rows")?;
    println!(
        "{}",
        json!({"memory_mb": memory, "p50_ms": latency.p50_ms, "probabilities": probabilities})
    );
    Ok(())
}

/// The label of the highest probability.
fn highest(probabilities: &[f32]) -> Option<usize> {
    (0..probabilities.len()).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]))
}

/// The memory that this process holds, in MB.
fn resident_mb() -> Result<f64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .ok_or("this system does not say how much memory a process holds")?;
    Ok(kib / 1024.0)
}
