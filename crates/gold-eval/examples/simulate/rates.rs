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
    /// The baseline's accuracy; several, such as 0.7,0.9, to see each.
    #[arg(long, value_delimiter = ',', default_values_t = [0.9])]
    accuracy: Vec<f64>,
    /// The gold rows of each category of your own set, such as 120,60,30,8; four sets of ours unless given.
    #[arg(long, value_delimiter = ',')]
    supports: Vec<usize>,
    /// The shares of rows that are equally hard for both models.
    #[arg(long, value_delimiter = ',', default_values_t = [0.6, 0.0])]
    shared: Vec<f64>,
    /// Only the candidates on which errors are likeliest: equal ones, and those two points worse.
    #[arg(long)]
    hardest: bool,
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
    let mut errors = Vec::new();
    for &accuracy in &rates.accuracy {
        let mut of_presets = Preset::ALL.map(|preset| (preset, Worst::default(), Worst::default()));
        for (name, supports) in &sets {
            let pairs = Pairs::new(supports, accuracy)?;
            for &shared in &rates.shared {
                table(rates, &pairs, name, shared, &mut of_presets)?;
            }
        }
        errors.extend(of_presets.map(|of_preset| (accuracy, of_preset)));
    }
    println!("\nThe most of all lines in which shipping is an error, and in which holding is; in %\n");
    println!("| baseline | preset | shipped | where | held | where |\n|--:|---|--:|---|--:|---|");
    for (accuracy, (preset, ships, holds)) in &errors {
        println!(
            "| {:.0}% | {preset} | {:.2} | {} | {:.2} | {} |",
            100.0 * accuracy,
            100.0 * ships.share,
            ships.place,
            100.0 * holds.share,
            holds.place
        );
    }
    Ok(())
}

/// The lines of one gold set, and the most that each preset errs in them.
fn table(
    rates: &Rates,
    pairs: &Pairs,
    name: &str,
    shared: f64,
    errors: &mut [(Preset, Worst, Worst)],
) -> Result<(), Box<dyn Error>> {
    println!(
        "\n{name}; baseline right on {:.0}%; {:.0}% of rows equally hard for both; {} pairs a line; \
         ship / hold / cannot tell in %\n",
        100.0 * pairs.accuracy,
        100.0 * shared,
        rates.pairs
    );
    println!("| the candidate is | clear-the-line | not-inferior | strict |\n|---|--:|--:|--:|");
    let asked = |(_, shift): &(&str, Shift)| {
        !rates.hardest || [Shift::Everywhere(0.0), Shift::Everywhere(-0.02)].contains(shift)
    };
    for (words, shift) in SHIFTS.into_iter().filter(asked) {
        let Some(words) = words_for(words, shift, pairs) else {
            continue;
        };
        let mut line = format!("| {words} ");
        for (preset, ships, holds) in errors.iter_mut() {
            let Said { ship, hold } = said(pairs, *preset, (shift, shared), (rates.seed, rates.pairs))?;
            line += &format!(
                "| {:.2} / {:.2} / {:.2} ",
                100.0 * ship,
                100.0 * hold,
                100.0 * (1.0 - ship - hold)
            );
            let place = || format!("{words}; {name}; {:.0}% shared", 100.0 * shared);
            if !deserves_to_ship(*preset, shift) {
                ships.see(ship, place);
            }
            if deserves_no_hold(shift) {
                holds.see(hold, place);
            }
        }
        println!("{line}|");
    }
    Ok(())
}

/// What the candidate truly is, where the baseline leaves room for it: nothing is 4 points better than 98%, and where
/// the others cannot make up for a lost category, the candidate is not equal.
fn words_for(words: &str, shift: Shift, pairs: &Pairs) -> Option<String> {
    let by = pairs.true_difference(shift);
    match shift {
        Shift::Everywhere(wanted) => ((by - wanted).abs() < 1e-9).then(|| words.to_owned()),
        Shift::LosesRarest if by < -5e-4 => Some(format!(
            "right on all but one category, lost: {:.1} points worse",
            -100.0 * by
        )),
        Shift::LosesRarest => Some(words.to_owned()),
    }
}

/// The highest share so far, and where it was.
#[derive(Default)]
struct Worst {
    share: f64,
    place: String,
}

impl Worst {
    fn see(&mut self, share: f64, place: impl Fn() -> String) {
        if share > self.share || self.place.is_empty() {
            *self = Self {
                share,
                place: place(),
            };
        }
    }
}

/// Whether the candidate truly is what the preset asks for.
fn deserves_to_ship(preset: Preset, shift: Shift) -> bool {
    match shift {
        Shift::LosesRarest => false,
        // The margin of two points; a candidate that is just there is not above it.
        Shift::Everywhere(by) if preset == Preset::NotInferior => by > -0.02,
        Shift::Everywhere(by) => by > 0.0,
    }
}

/// Whether the candidate is worse in nothing.
fn deserves_no_hold(shift: Shift) -> bool {
    matches!(shift, Shift::Everywhere(by) if by >= 0.0)
}
