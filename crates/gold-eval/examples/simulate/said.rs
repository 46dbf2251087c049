//! How often a preset says what.

use std::error::Error;

use gold_eval::{Preset, Trials, Verdict};
use rayon::prelude::*;

use crate::pairs::{Pairs, Shift};

/// How often a preset said what, in shares of the pairs.
pub(crate) struct Said {
    pub(crate) ship: f64,
    pub(crate) hold: f64,
}

/// What a preset says of `count` pairs from `seed` on.
pub(crate) fn said(
    pairs: &Pairs,
    preset: Preset,
    (shift, shared): (Shift, f64),
    (seed, count): (u64, u64),
) -> Result<Said, Box<dyn Error>> {
    let gate = preset.config().check()?;
    let trials = Trials::new(&pairs.gold, &gate);
    let verdict = |seed| {
        let (baseline, candidate) = pairs.draw(shift, shared, seed);
        trials
            .decide(&baseline, &candidate)
            .map(|decision| decision.verdict)
    };
    let verdicts: Vec<Verdict> = (seed..seed + count)
        .into_par_iter()
        .map(verdict)
        .collect::<Result<_, _>>()?;
    let share = |verdict| verdicts.iter().filter(|said| **said == verdict).count() as f64 / count as f64;
    Ok(Said {
        ship: share(Verdict::Ship),
        hold: share(Verdict::Hold),
    })
}
