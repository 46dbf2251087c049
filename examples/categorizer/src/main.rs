//! The whole loop: from a teacher's log to a served, gated and watched small model.
//!
//! ```text
//! cargo run --release -p categorizer
//! ```
//!
//! Without arguments it plays the story on generated input; see `--help` for your own files. Everything that
//! it makes lies in the run folder, `runs/demo` if nothing else is said; `index.html` in it is the page to
//! look at.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to whoever runs it"
)]

mod learn;
mod mask;
mod money;
mod month;
mod options;
mod own;
mod page;
mod serve;
mod story;

use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use base_model::{BaseModel, device_by_name};
use clap::Parser;
use gold_eval::Preset;
use stage_files::{read_toml, write_whole};
use task_spec::Task;

use crate::{learn::Workshop, options::Options};

/// A forward pass asks for megabytes and gives them back; the system's allocator hands them to the system each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A result whose error has been said in full by whoever made it.
type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> std::process::ExitCode {
    match run(&Options::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(inner) = source {
                eprintln!("  because {inner}");
                source = inner.source();
            }
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Fallible<()> {
    let begin = Instant::now();
    if options.out.join("adapter/training.json").exists() {
        let out = options.out.display();
        return Err(
            format!("{out} holds a finished run: name another folder with --out, or delete it").into(),
        );
    }
    let device = device_by_name(&options.device)?;
    let folder = options.base.clone().unwrap_or_else(shipped_model);
    let base = Arc::new(BaseModel::open(&folder, &device)?);
    say(&format!(
        "base model {} ({}) on {}",
        base.name(),
        base.hash().short(),
        options.device
    ));
    let task: Task = match &options.own.task {
        Some(path) => read_toml(path)?,
        None => transactions::task(),
    };
    write_whole(&options.out.join("task.toml"), toml::to_string(&task)?)?;
    let workshop = Workshop {
        task,
        base,
        device,
        plan: options.curation.config().check()?,
        gate: Preset::ClearTheLine.config().check()?,
        history: options.out.join("history.jsonl"),
        show_mask: options.training.show_mask,
        estimate: options.training.estimate,
    };
    match (&options.own.log, &options.own.gold) {
        (Some(log), Some(gold)) => own::run(options, &workshop, log, gold)?,
        _ => story::play(options, &workshop)?,
    }
    say(&format!(
        "done in {:.0} s; everything is in {}",
        begin.elapsed().as_secs_f64(),
        options.out.display()
    ));
    if options.out.join("index.html").exists() {
        say(&format!("look at {}", options.out.join("index.html").display()));
    }
    Ok(())
}

/// The tiny decoder that the repository ships.
fn shipped_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny-decoder")
}

/// A line for whoever is watching.
fn say(line: &str) {
    println!("{line}");
}
