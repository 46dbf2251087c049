//! `simulate candidates`: many candidates against one gold set, of which the best is picked.

use std::error::Error;

use clap::Args;
use gold_eval::{LadderStep, RowsDiffer};
use rayon::prelude::*;

use crate::stream::{Picked, Stream};

#[derive(Args)]
pub(crate) struct Candidates {
    /// Candidates against each gold set.
    #[arg(long, default_value_t = 500)]
    candidates: u64,
    /// Gold sets.
    #[arg(long, default_value_t = 500)]
    sets: u64,
    /// Rows of each.
    #[arg(long, default_value_t = 1000)]
    rows: usize,
    /// The true accuracy of the first candidate.
    #[arg(long, default_value_t = 0.9)]
    accuracy: f64,
    /// Where the seeds begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const STEPS: [(&str, LadderStep); 3] = [
    (
        "`significant`, alpha 0.05",
        LadderStep::Significant { alpha: 0.05 },
    ),
    ("`standard_error`", LadderStep::StandardError {}),
    ("`fixed`, 2 points", LadderStep::Fixed { size: 0.02 }),
];

pub(crate) fn run(candidates: &Candidates) -> Result<(), Box<dyn Error>> {
    let equal = (candidates.accuracy, candidates.accuracy);
    let rising = (candidates.accuracy - 0.1, candidates.accuracy + 0.05);
    for (words, accuracy) in [
        ("all equally good", equal),
        ("better and better, by 15 points", rising),
    ] {
        for shared in [0.0, 0.6] {
            println!(
                "\n{} candidates, {words}; {} rows; {:.0}% of rows equally hard for all; {} gold sets; in points\n",
                candidates.candidates,
                candidates.rows,
                100.0 * shared,
                candidates.sets
            );
            println!(
                "| step | highest score above its truth: mean | released score above its truth: mean | most | the \
                 last step | sets more than a step above, % | climbs | not noticed |\n|---|--:|--:|--:|--:|--:|--:|--:|"
            );
            let stream = Stream {
                candidates: candidates.candidates,
                rows: candidates.rows,
                accuracy,
                shared,
            };
            for (name, step) in STEPS {
                println!("| {name} {}", line(candidates, &stream, step)?);
            }
        }
    }
    Ok(())
}

fn line(candidates: &Candidates, stream: &Stream, step: LadderStep) -> Result<String, RowsDiffer> {
    let picked: Vec<Picked> = (candidates.seed..candidates.seed + candidates.sets)
        .into_par_iter()
        .map(|seed| stream.pick(step, seed))
        .collect::<Result<_, _>>()?;
    let mean = |of: fn(&Picked) -> f64| picked.iter().map(of).sum::<f64>() / picked.len() as f64;
    let most = picked
        .iter()
        .map(|picked| picked.released)
        .fold(f64::MIN, f64::max);
    let above = mean(|picked| f64::from(u8::from(picked.released > picked.step)));
    Ok(format!(
        "| {:+.2} | {:+.2} | {:+.2} | {:.2} | {:.1} | {:.2} | {:.2} |",
        100.0 * mean(|picked| picked.raw),
        100.0 * mean(|picked| picked.released),
        100.0 * most,
        100.0 * mean(|picked| picked.step),
        100.0 * above,
        mean(|picked| picked.climbs as f64),
        100.0 * mean(|picked| picked.unnoticed)
    ))
}
