//! How often the mid-p McNemar test speaks where there is nothing, exactly and by simulation.

use gold_eval::mcnemar_mid_p;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const LEVEL: f64 = 0.05;

/// The binomial probabilities of `0..=trials` successes.
fn binomial(trials: u64, probability: f64) -> Vec<f64> {
    let mut weights = vec![1.0];
    // Row by row of Pascal's triangle, which only adds numbers in 0..1.
    for _ in 0..trials {
        let mut next = vec![0.0; weights.len() + 1];
        for (successes, weight) in weights.iter().enumerate() {
            next[successes] += weight * (1.0 - probability);
            next[successes + 1] += weight * probability;
        }
        weights = next;
    }
    weights
}

/// The chance of a false alarm where exactly so many rows differ.
fn size(disagreements: u64) -> f64 {
    let losses = binomial(disagreements, 0.5).into_iter().zip(0..);
    losses
        .filter(|&(_, losses)| mcnemar_mid_p(disagreements - losses, losses) <= LEVEL)
        .map(|(chance, _)| chance)
        .sum()
}

/// As many rows differ as happen to: from 50 to 500 of them on average, of sets of 500 to 2,000 rows.
#[test]
fn mid_p_errs_between_4_and_5_percent_for_50_to_500_disagreements() {
    let sizes: Vec<f64> = (0..=700).map(size).collect();
    let (mut lowest, mut highest) = (1.0_f64, 0.0_f64);
    for rows in [600, 1000, 2000] {
        for mean in [50, 60, 80, 100, 150, 200, 300, 400, 500] {
            let differ = binomial(rows, mean as f64 / rows as f64);
            // Beyond 700 of a mean of at most 500 lies nothing.
            let error: f64 = differ
                .iter()
                .zip(&sizes)
                .map(|(chance, size)| chance * size)
                .sum();
            (lowest, highest) = (lowest.min(error), highest.max(error));
        }
    }
    println!("between {lowest:.4} and {highest:.4}");
    assert!(0.04 < lowest && highest < 0.05, "{lowest} to {highest}");
}

/// Where the number of disagreements is held fixed the test steps from count to count: it may err more often than it
/// says at one number and less at the next, and on average over them it does not.
#[test]
fn at_a_fixed_number_of_disagreements_mid_p_swings_around_its_level() {
    let sizes: Vec<f64> = (50..=500).map(size).collect();
    let (lowest, highest) = sizes.iter().fold((1.0_f64, 0.0_f64), |(low, high), &size| {
        (low.min(size), high.max(size))
    });
    let mean = sizes.iter().sum::<f64>() / sizes.len() as f64;
    println!("from {lowest:.4} to {highest:.4}, on average {mean:.4}");
    assert!(
        (0.036..0.037).contains(&lowest) && (0.064..0.066).contains(&highest),
        "{lowest} to {highest}"
    );
    assert!((0.049..0.05).contains(&mean), "{mean}");
}

/// The same by drawing models: two that are equally good, 4,000 gold sets of 1,000 rows for each share of rows that
/// they differ on.
#[test]
fn simulated_pairs_of_equal_models_are_told_apart_between_4_and_5_percent_of_the_time() {
    let mut random = ChaCha8Rng::seed_from_u64(20_261_126);
    let (sets, rows, shares) = (4000, 1000, [0.05, 0.1, 0.2, 0.3, 0.5]);
    let mut all = 0;
    for differing in shares {
        let alarms = (0..sets)
            .filter(|_| {
                let (mut gains, mut losses) = (0, 0);
                for _ in 0..rows {
                    let kind: f64 = random.random_range(0.0..1.0);
                    gains += u64::from(kind < differing / 2.0);
                    losses += u64::from((differing / 2.0..differing).contains(&kind));
                }
                mcnemar_mid_p(gains, losses) <= LEVEL
            })
            .count();
        println!(
            "{:.0} disagreements on average: {:.4}",
            differing * f64::from(rows),
            alarms as f64 / f64::from(sets)
        );
        all += alarms;
    }
    let share = all as f64 / (f64::from(sets) * shares.len() as f64);
    println!("of all: {share:.4}");
    // The exact figures lie between 0.048 and 0.05; three standard deviations of 20,000 sets are 0.0045.
    assert!((0.0435..0.0545).contains(&share), "{share}");
}
