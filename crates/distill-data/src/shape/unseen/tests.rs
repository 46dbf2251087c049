use super::*;

/// A draw in 0..1 for every number (SplitMix64, Steele et al. 2014).
fn uniform(number: u64) -> f64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The share of simulated logs whose interval holds the mass that they have not shown, for answers that come by a power law.
fn coverage(answers: usize, exponent: f64, calls: u64) -> f64 {
    let weights: Vec<f64> = (1..=answers).map(|rank| (rank as f64).powf(-exponent)).collect();
    let total: f64 = weights.iter().sum();
    let sums: Vec<f64> = weights
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight / total;
            Some(*sum)
        })
        .collect();
    let trials = 400;
    let covers = |trial: u64| {
        let mut counts = vec![0_u64; answers];
        for call in 0..calls {
            let drawn = sums.partition_point(|sum| *sum < uniform(trial * calls + call));
            counts[drawn.min(answers - 1)] += 1;
        }
        let came = |times: u64| counts.iter().filter(|&&count| count == times).count() as f64;
        let unseen: f64 = weights
            .iter()
            .zip(&counts)
            .filter(|(_, count)| **count == 0)
            .map(|(weight, _)| weight / total)
            .sum();
        let found = UnseenShare::of(came(1), came(2), calls).unwrap();
        (found.low..=found.high).contains(&unseen)
    };
    (0..trials).filter(|&trial| covers(trial)).count() as f64 / trials as f64
}

/// 400 logs each: three standard errors below 95% are 91.7%.
#[test]
fn the_interval_covers_what_is_unseen() {
    for (answers, exponent, calls) in [
        (40, 1.0, 300),
        (500, 1.0, 2000),
        (5000, 1.1, 1000),
        (300, 0.0, 1000),
    ] {
        let covered = coverage(answers, exponent, calls);
        println!("{answers} answers, exponent {exponent}, {calls} calls: {covered:.3}");
        assert!(covered >= 0.917, "{answers} {exponent} {calls}: {covered}");
    }
}

#[test]
fn a_closed_set_is_known_to_be_and_an_open_one_too() {
    let closed = UnseenShare::of(0.0, 0.0, 2000).unwrap();
    // 3.69 is the upper limit of a Poisson count of 0 (Garwood 1936).
    assert!(
        closed.estimate == 0.0 && (closed.high - 3.688_879 / 2000.0).abs() < 1e-6,
        "{closed:?}"
    );
    let open = UnseenShare::of(2000.0, 0.0, 2000).unwrap();
    assert!(open.low > 0.9 && open.high == 1.0, "{open:?}");
    assert_eq!(UnseenShare::of(0.0, 0.0, 0), None);
}

/// By hand: of the 4 calls a, a, b, c two are drawn in 6 ways, of which 5 show two answers and 1 shows one: 11/6.
#[test]
fn accumulation_is_the_mean_over_all_draws() {
    let curve = accumulation(&[2, 1, 1], 1.0, 4);
    let at_two = curve.iter().find(|(m, _)| *m == 2).unwrap().1;
    assert!((at_two - 11.0 / 6.0).abs() < 1e-9, "{curve:?}");
    assert!((curve.last().unwrap().1 - 3.0).abs() < 1e-9);
    assert!(accumulation(&[], 1.0, 0).is_empty());
}
