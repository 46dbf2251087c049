//! `simulate rates`: how often each preset ships, holds and cannot tell.

use std::error::Error;

use clap::Args;
use gold_eval::Preset;

use crate::{
    pairs::{Pairs, Shift, long_tail},
    said::{Said, said},
};

#[derive(Args)]
pub(crate) struct Rates {
    /// Pairs of models for each line.
    #[arg(long, default_value_t = 10_000)]
    pairs: u64,
    /// Where the seeds begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The baseline's accuracy.
    #[arg(long, default_value_t = 0.9)]
    accuracy: f64,
    /// The gold rows of each category of your own set, such as 120,60,30,8; four sets of ours unless given.
    #[arg(long, value_delimiter = ',')]
    supports: Vec<usize>,
    /// The shares of rows that are equally hard for both models.
    #[arg(long, value_delimiter = ',', default_values_t = [0.6, 0.0])]
    shared: Vec<f64>,
}

const SHIFTS: [(&str, Shift); 8] = [
    ("4 points better", Shift::Everywhere(0.04)),
    ("2 points better", Shift::Everywhere(0.02)),
    ("1 point better", Shift::Everywhere(0.01)),
    ("equal", Shift::Everywhere(0.0)),
    ("1 point worse", Shift::Everywhere(-0.01)),
    ("2 points worse", Shift::Everywhere(-0.02)),
    ("4 points worse", Shift::Everywhere(-0.04)),
    ("equal, one category lost", Shift::LosesRarest),
];

fn sets() -> Vec<(&'static str, Vec<usize>)> {
    vec![
        ("10 categories of 100 rows", vec![100; 10]),
        ("40 categories of 30 rows", vec![30; 40]),
        ("150 categories of 10 rows", vec![10; 150]),
        ("44 categories of 8 to 177 rows, a long tail", long_tail()),
    ]
}

pub(crate) fn run(rates: &Rates) -> Result<(), Box<dyn Error>> {
    let sets = match rates.supports.as_slice() {
        [] => sets(),
        own => vec![("your gold set", own.to_vec())],
    };
    for (name, supports) in sets {
        let pairs = Pairs::new(&supports, rates.accuracy)?;
        for &shared in &rates.shared {
            println!(
                "\n{name}; baseline right on {:.0}%; {:.0}% of rows equally hard for both; {} pairs a line; \
                 ship / hold / cannot tell in %\n",
                100.0 * rates.accuracy,
                100.0 * shared,
                rates.pairs
            );
            println!("| the candidate is | clear-the-line | not-inferior | strict |\n|---|--:|--:|--:|");
            for (words, shift) in SHIFTS {
                let cells = Preset::ALL.map(|preset| said(&pairs, preset, (shift, shared), (rates.seed, rates.pairs)));
                let mut line = format!("| {words} ");
                for cell in cells {
                    let Said { ship, hold } = cell?;
                    line += &format!(
                        "| {:.2} / {:.2} / {:.2} ",
                        100.0 * ship,
                        100.0 * hold,
                        100.0 * (1.0 - ship - hold)
                    );
                }
                println!("{line}|");
            }
        }
    }
    Ok(())
}
