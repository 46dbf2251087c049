use super::*;

fn doubt(suspicion: f64) -> Doubt {
    // Chance and lead of one value have it as their mean.
    Doubt {
        chance: suspicion,
        instead: None,
        lead: suspicion,
    }
}

/// Suspicions as of `rows` labels of which a share is wrong. Right ones are spread by the square, wrong ones by its mirror image,
/// so that the truth at each suspicion follows by Bayes.
fn labels(rows: usize, wrong_share: f64) -> (Vec<f64>, Vec<f64>) {
    let quantile = |at: usize, of: usize| (at as f64 + 0.5) / of as f64;
    let wrong = (rows as f64 * wrong_share).round() as usize;
    let right: Vec<f64> = (0..rows - wrong)
        .map(|at| quantile(at, rows - wrong).powi(4) * 0.9)
        .collect();
    let wrong: Vec<f64> = (0..wrong).map(|at| 1.0 - quantile(at, wrong).powi(2)).collect();
    (right, wrong)
}

#[test]
fn chances_are_the_shares_of_wrong_labels_at_every_noise_rate() {
    // What was planted is spread as wrong labels are.
    let (_, planted) = labels(4000, 1.0);
    for share in [0.01, 0.05, 0.2] {
        let (right, wrong) = labels(20_000, share);
        let doubts: Vec<Doubt> = right.iter().chain(&wrong).copied().map(doubt).collect();
        let found = chances(&doubts, &planted);
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        assert!((mean - share).abs() < 0.005, "{share}: {mean}");
        for (from, to) in [(0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0)] {
            let within = (0..found.len()).filter(|&row| (from..to).contains(&doubts[row].suspicion()));
            let (mut rows, mut expected, mut is_wrong) = (0.0, 0.0, 0.0);
            for row in within {
                rows += 1.0;
                expected += found[row];
                is_wrong += f64::from(u8::from(row >= right.len()));
            }
            let off = (expected - is_wrong) / rows;
            assert!(off.abs() < 0.05, "{share}, {from} to {to}: off by {off}");
        }
    }
}

#[test]
fn chances_rise_with_the_suspicion_and_stay_probabilities() {
    let (right, wrong) = labels(300, 0.1);
    let mut doubts: Vec<Doubt> = right.iter().chain(&wrong).copied().map(doubt).collect();
    doubts.sort_by(|a, b| a.suspicion().total_cmp(&b.suspicion()));
    // Planted labels that are all alike would make the chance fall again behind them.
    for planted in [vec![0.5; 100], vec![1.0; 100], vec![0.0; 100], wrong] {
        let found = chances(&doubts, &planted);
        assert!(
            found.is_sorted() && found.iter().all(|chance| (0.0..=1.0).contains(chance)),
            "{found:?}"
        );
    }
}

#[test]
fn without_rows_or_planted_labels_the_posterior_stays() {
    assert!(chances(&[], &[]).is_empty());
    assert!(chances(&[], &[0.5]).is_empty());
    let doubts = [0.1, 0.7].map(doubt);
    assert_eq!(chances(&doubts, &[]), [0.1, 0.7]);
    // Two rows say little: the chances are about what the posterior says.
    let found = chances(&doubts, &[0.9; 8]);
    assert!(found[0] <= found[1] && found[1] > 0.2, "{found:?}");
}
