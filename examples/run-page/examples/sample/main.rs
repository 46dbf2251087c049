//! Writes a page of a simulated run: `cargo run -p run-page --example sample -- out.html`.
//!
//! No model is trained or asked here. Log, gold set, curation, gate, monitor and balance are the real ones of the
//! workspace; the two "adapters" are the true answers with errors mixed in, and the losses and times are made up. It
//! shows what the page looks like and nothing else.

mod simulated_run;

use std::{error::Error, fs, path::PathBuf};

use simulated_run::SimulatedRun;

fn main() -> Result<(), Box<dyn Error>> {
    let out: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("say which file to write, such as out.html")?
        .into();
    let run = SimulatedRun::play(20_000)?;
    fs::write(out, run.render())?;
    Ok(())
}
