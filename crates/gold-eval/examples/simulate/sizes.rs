//! `simulate sizes`: how many gold rows it takes to ship what deserves it.

use std::error::Error;

use clap::Args;
use gold_eval::Preset;

use crate::{
    pairs::{Pairs, Shift},
    said::said,
};

#[derive(Args)]
pub(crate) struct Sizes {
    /// Pairs of models for each cell.
    #[arg(long, default_value_t = 1000)]
    pairs: u64,
    /// Where the seeds begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The baseline's accuracy.
    #[arg(long, default_value_t = 0.9)]
    accuracy: f64,
    /// How many categories the rows are spread over evenly.
    #[arg(long, default_value_t = 10)]
    categories: usize,
    /// The share of rows that are equally hard for both models.
    #[arg(long, default_value_t = 0.6)]
    shared: f64,
    /// The gold rows in all.
    #[arg(long, value_delimiter = ',', default_values_t = [200, 500, 1000, 2000, 5000, 10_000])]
    rows: Vec<usize>,
}

/// True differences in points, and the preset that is asked about them.
const COLUMNS: [(Preset, f64); 6] = [
    (Preset::ClearTheLine, 0.01),
    (Preset::ClearTheLine, 0.02),
    (Preset::ClearTheLine, 0.04),
    (Preset::NotInferior, 0.0),
    (Preset::NotInferior, 0.01),
    (Preset::NotInferior, 0.02),
];

pub(crate) fn run(sizes: &Sizes) -> Result<(), Box<dyn Error>> {
    println!(
        "Shipped in %, {} categories, baseline right on {:.0}%, {:.0}% of rows equally hard for both, {} pairs a cell\n",
        sizes.categories,
        100.0 * sizes.accuracy,
        100.0 * sizes.shared,
        sizes.pairs
    );
    let head = COLUMNS.map(|(preset, better)| format!(" {preset}, {:+.0} |", 100.0 * better));
    println!(
        "| gold rows |{}\n|--:|{}",
        head.concat(),
        "--:|".repeat(COLUMNS.len())
    );
    for &rows in &sizes.rows {
        let pairs = Pairs::new(
            &vec![rows / sizes.categories.max(1); sizes.categories],
            sizes.accuracy,
        )?;
        let mut line = format!("| {rows} |");
        for (preset, better) in COLUMNS {
            let shift = (Shift::Everywhere(better), sizes.shared);
            let said = said(&pairs, preset, shift, (sizes.seed, sizes.pairs))?;
            line += &format!(" {:.1} |", 100.0 * said.ship);
        }
        println!("{line}");
    }
    Ok(())
}
