//! Trains the tiny decoder that the main example fine-tunes, from generated text and from nothing.
//!
//! ```text
//! cargo run --release -p tiny-decoder
//! ```
//!
//! It learns a byte-level BPE tokenizer, then a Llama of about a million parameters by next-token prediction,
//! and writes a Hugging Face folder. The text is that of `transactions::PretrainingText`: lines of bank
//! statements, plain sentences and small questions, in which no merchant of any log, gold set or month occurs
//! and the categorisation task is never asked.

#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

mod corpus;
mod network;

use std::{error::Error, path::PathBuf};

use base_model::{ChatTemplate, DecoderConfig, ModelConfig, Tokenizer};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use lora_train::{Shards, Updates};
use serde_json::{Value, json};
use stage_files::{write_json, write_whole};

use crate::{corpus::Corpus, network::Weights};

/// As in the main job.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pretrains the tiny decoder and writes it as a Hugging Face folder.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder to write.
    #[arg(long, default_value = "models/tiny-decoder")]
    out: PathBuf,
    /// Documents to learn the tokenizer from.
    #[arg(long, default_value_t = 30_000)]
    tokenizer_documents: u64,
    /// Optimiser steps.
    #[arg(long, default_value_t = 16_000)]
    steps: usize,
    /// Sequences of one step.
    #[arg(long, default_value_t = 16)]
    batch: usize,
    /// Tokens of one sequence.
    #[arg(long, default_value_t = 128)]
    length: usize,
    /// The highest learning rate.
    #[arg(long, default_value_t = 3e-3)]
    rate: f64,
    /// Seed of the text, the weights and the order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; part of the result, as sums of floating-point numbers depend on how they are cut.
    #[arg(long, default_value_t = 2)]
    shards: usize,
}

/// `config.json`, of a small Llama.
fn config_json() -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": 4096,
        "hidden_size": 128,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "intermediate_size": 352,
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10_000.0,
        "tie_word_embeddings": true,
        "hidden_act": "silu",
        "attention_bias": false,
        "mlp_bias": false,
    })
}

/// The same as base-model reads it.
fn decoder_config(json: &Value) -> Result<DecoderConfig, Box<dyn Error + Send + Sync>> {
    let fields = json.as_object().ok_or("a config is an object")?;
    match ModelConfig::from_json(fields)? {
        ModelConfig::Decoder(config) => Ok(config),
        _ => Err("the config is a decoder's".into()),
    }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let json = config_json();
    let config = decoder_config(&json)?;
    println!(
        "learning a tokenizer from {} documents",
        arguments.tokenizer_documents
    );
    let documents = arguments.tokenizer_documents;
    let inner = corpus::learn_tokenizer(arguments.seed, documents, config.vocab_size)?;
    let out = &arguments.out;
    write_whole(&out.join("tokenizer.json"), inner.to_string(true)?)?;
    write_json(&out.join("tokenizer_config.json"), &corpus::tokenizer_config())?;
    write_json(&out.join("config.json"), &json)?;
    let chat = ChatTemplate::read(out)?.ok_or("the tokenizer config that was just written has a template")?;
    let tokenizer = Tokenizer::new(inner)?;

    let device = base_model::device_by_name("flex")?;
    let weights = Weights::fresh(&config, arguments.seed, &device)?;
    let mut corpus = Corpus::new(arguments.seed, &tokenizer, &chat)?;
    let held_out = corpus.held_out(64, arguments.length)?;
    println!(
        "training {} parameters for {} steps",
        weights.count(),
        arguments.steps
    );

    let shards = Shards::new(arguments.shards)?;
    let mut updates = Updates::new(weights.names().len(), 0.1, 1.0);
    let mut values = weights.values();
    let bar = ProgressBar::new(arguments.steps as u64);
    bar.set_style(ProgressStyle::with_template(
        "[{bar:32}] {pos}/{len} steps, {msg} ({elapsed} gone, {eta} to go)",
    )?);
    for step in 0..arguments.steps {
        let rows = corpus.rows(arguments.batch, arguments.length)?;
        let rows: Vec<&Vec<u32>> = rows.iter().collect();
        let predicted = (arguments.batch * arguments.length) as f64;
        let gradient = shards.gradient(&values, &rows, |leaves, part| {
            weights.loss(leaves, part, 1.0 / predicted, &device)
        });
        let rate = arguments.rate * rate_share(step, arguments.steps);
        values = updates.apply(values, gradient.tensors, rate).values;
        bar.set_message(format!("loss {:.3}", gradient.loss));
        bar.inc(1);
        if (step + 1) % 250 == 0 || step + 1 == arguments.steps {
            let rows: Vec<&Vec<u32>> = held_out.iter().collect();
            let scale = 1.0 / (held_out.len() * arguments.length) as f64;
            let parts = shards.each(&rows, |part| -> f64 {
                part.chunks(8)
                    .map(|rows| f64::from(weights.loss(&values, rows, scale, &device).into_scalar::<f32>()))
                    .sum()
            });
            let loss: f64 = parts.into_iter().sum();
            bar.suspend(|| println!("step {}: held-out loss {loss:.4}", step + 1));
            weights.write(&values, &out.join("model.safetensors"))?;
        }
    }
    bar.finish_and_clear();
    let model = base_model::BaseModel::open(out, &device)?;
    println!("wrote {} ({})", out.display(), model.hash().short());
    Ok(())
}

/// Share of the highest rate: a short rise, then half a cosine to a tenth.
fn rate_share(step: usize, steps: usize) -> f64 {
    let warmup = (steps / 50).max(1);
    if step < warmup {
        return (step + 1) as f64 / warmup as f64;
    }
    let progress = (step - warmup) as f64 / (steps - warmup).max(1) as f64;
    0.1 + 0.9 * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
}
