//! `simulate attack`: the boosting attack, as a table and as a picture.

use std::{error::Error, fs, path::PathBuf};

use clap::Args;
use gold_eval::{LadderStep, RowsDiffer};
use rayon::prelude::*;

use crate::{
    attack::{Reported, Told, attack},
    picture::{Curve, picture},
};

#[derive(Args)]
pub(crate) struct Boosting {
    /// Queries before the last answer.
    #[arg(long, default_value_t = 500)]
    queries: u64,
    /// Rows of the gold set.
    #[arg(long, default_value_t = 1000)]
    rows: usize,
    /// Attacks, each on a gold set of its own.
    #[arg(long, default_value_t = 100)]
    attacks: u64,
    /// Where the seeds begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the picture goes; none is drawn unless given.
    #[arg(long)]
    svg: Option<PathBuf>,
}

const SIGNIFICANT: LadderStep = LadderStep::Significant { alpha: 0.05 };

/// What is told and reported, by the name in the legend, with its colour.
type Way = (&'static str, &'static str, Told, LadderStep, fn(&Reported) -> f64);

const WAYS: [Way; 4] = [
    (
        "told raw scores, raw score",
        "#c0392b",
        Told::Raw,
        SIGNIFICANT,
        |reported| reported.raw,
    ),
    (
        "told raw scores, score to quote",
        "#d98324",
        Told::Raw,
        SIGNIFICANT,
        |reported| reported.released,
    ),
    (
        "told by the Ladder, step standard_error",
        "#2f6fab",
        Told::Ladder,
        LadderStep::StandardError {},
        |reported| reported.released,
    ),
    (
        "told by the Ladder, step significant",
        "#2c8a4b",
        Told::Ladder,
        SIGNIFICANT,
        |reported| reported.released,
    ),
];

pub(crate) fn run(boosting: &Boosting) -> Result<(), Box<dyn Error>> {
    let last = boosting.queries.max(1);
    let after: Vec<u64> = (1..=25).map(|part| (last * part / 25).max(1)).collect();
    let curves = WAYS.map(|way| curve(boosting, &after, way));
    let curves = curves.into_iter().collect::<Result<Vec<Curve>, _>>()?;
    println!(
        "The score that is reported of a model that knows nothing, true accuracy 50%; {} rows, mean of {} attacks\n",
        boosting.rows, boosting.attacks
    );
    let names: Vec<String> = curves.iter().map(|curve| format!(" {} |", curve.name)).collect();
    println!(
        "| queries |{}\n|--:|{}",
        names.concat(),
        "--:|".repeat(curves.len())
    );
    for (place, queries) in after.iter().enumerate().filter(|(place, _)| (place + 1) % 5 == 0) {
        let cells: Vec<String> = (curves.iter())
            .map(|curve| format!(" {:.1}% |", 100.0 * curve.points[place].1))
            .collect();
        println!("| {queries} |{}", cells.concat());
    }
    if let Some(path) = &boosting.svg {
        let drawn = picture(&curves, "scores seen", "reported accuracy");
        fs::write(path, drawn).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}

fn curve(
    boosting: &Boosting,
    after: &[u64],
    (name, colour, told, step, of): Way,
) -> Result<Curve, RowsDiffer> {
    let attacks: Vec<Vec<Reported>> = (boosting.seed..boosting.seed + boosting.attacks)
        .into_par_iter()
        .map(|seed| attack(boosting.rows, told, step, after, seed))
        .collect::<Result<_, _>>()?;
    let mean =
        |place: usize| attacks.iter().map(|attack| of(&attack[place])).sum::<f64>() / attacks.len() as f64;
    let points = (0..after.len())
        .map(|place| (after[place] as f64, mean(place)))
        .collect();
    Ok(Curve { name, colour, points })
}
