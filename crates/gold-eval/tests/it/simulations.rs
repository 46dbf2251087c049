//! How often the gate errs, by simulation with fixed seeds.

use gold_eval::{Case, LadderStep, Outcome, Preset, Report, RightRows, Trials, Verdict, judge};

use crate::{
    attack::{Reported, Told, attack},
    pairs::{Pairs, Shift, long_tail},
    said::{Said, said},
    stream::{Picked, Stream},
    world::World,
};

/// Reports on pairs of a teacher and a candidate of these accuracies, both `rare_gap` worse in categories of
/// fewer than 20 rows. Their errors are independent, which is the hardest case.
fn reports(
    world: &World,
    preset: Preset,
    seeds: u64,
    (teacher, candidate): (f64, f64),
    rare_gap: f64,
) -> Vec<Report> {
    let gate = preset.config().check().unwrap();
    let accuracy =
        |overall: f64| move |_: usize, rows: usize| if rows < 20 { overall - rare_gap } else { overall };
    (0..seeds)
        .map(|seed| {
            let baseline = world.baseline(world.answers(2 * seed, accuracy(teacher)));
            let candidate = world.predictions(world.answers(2 * seed + 1, accuracy(candidate)));
            judge(&Case::new(&world.gold, &baseline, &candidate, "now"), &gate).unwrap()
        })
        .collect()
}

fn count(reports: &[Report], verdict: Verdict) -> usize {
    reports.iter().filter(|report| report.verdict == verdict).count()
}

/// Forty categories, two equally good models, 500 seeds.
#[test]
fn two_equal_models_are_blocked_in_at_most_one_case_of_twenty() {
    for rows in [20, 30] {
        let reports = reports(
            &World::new(&[rows; 40]),
            Preset::ClearTheLine,
            500,
            (0.95, 0.95),
            0.0,
        );
        let failed = |report: &&Report| report.rules[1..].iter().any(|rule| rule.outcome == Outcome::Fail);
        let blocked = reports.iter().filter(failed).count();
        let (ship, hold) = (count(&reports, Verdict::Ship), count(&reports, Verdict::Hold));
        println!(
            "{rows} rows a category: {blocked} of 500 blocked by categories, {ship} shipped, {hold} held"
        );
        assert!(blocked <= 25, "{blocked} of 500 blocked by a rule on categories");
        // "Better" and "worse" at one-sided 2.5% are each claimed of equal models once in forty: 12.5 of 500
        // expected, and three standard deviations on top.
        assert!(ship <= 23, "{ship} of 500 shipped");
        assert!(hold <= 25 + 23, "{hold} of 500 held");
    }
}

#[test]
fn a_clearly_better_model_mostly_ships_on_a_long_tail_and_is_hardly_ever_held() {
    let reports = reports(
        &World::long_tail(),
        Preset::ClearTheLine,
        100,
        (0.945, 0.98),
        0.02,
    );
    let (ship, hold) = (count(&reports, Verdict::Ship), count(&reports, Verdict::Hold));
    println!("{ship} of 100 shipped, {hold} held");
    assert!(ship >= 90, "{ship} of 100 shipped");
    assert!(hold <= 2, "{hold} of 100 held");
}

#[test]
fn a_model_that_is_four_points_worse_never_ships() {
    for preset in Preset::ALL {
        let reports = reports(&World::long_tail(), preset, 10, (0.96, 0.92), 0.0);
        assert_eq!(count(&reports, Verdict::Ship), 0, "{preset}");
    }
}

/// 500 candidates of one true accuracy on each of 40 gold sets, with independent errors and with shared ones.
#[test]
fn the_best_released_score_of_500_candidates_is_at_most_a_step_above_its_truth() {
    for shared in [0.0, 0.6] {
        let stream = Stream {
            candidates: 500,
            rows: 500,
            accuracy: (0.9, 0.9),
            shared,
        };
        let picked = |step| -> Vec<Picked> { (0..40).map(|seed| stream.pick(step, seed).unwrap()).collect() };
        let above = |picked: &[Picked]| {
            picked
                .iter()
                .filter(|picked| picked.released > picked.step)
                .count()
        };
        let mean = |picked: &[Picked], of: fn(&Picked) -> f64| picked.iter().map(of).sum::<f64>() / 40.0;
        let (significant, standard_error) = (
            picked(LadderStep::default()),
            picked(LadderStep::StandardError {}),
        );
        assert_eq!(above(&significant), 0, "shared {shared}");
        // At most 5% of gold sets may see any climb at all.
        assert!(significant.iter().filter(|picked| picked.climbs > 0).count() <= 4);
        // The highest raw score is nowhere near its truth, and one standard error at a time gets most of the way.
        let raw = mean(&significant, |picked| picked.raw);
        assert!(raw > 0.02, "{raw}");
        assert!(
            above(&standard_error) > 20,
            "shared {shared}: {}",
            above(&standard_error)
        );
        assert!(mean(&significant, |picked| picked.released).abs() < 0.25 * raw);
    }
}

#[test]
fn a_candidate_that_is_truly_better_climbs() {
    let stream = Stream {
        candidates: 50,
        rows: 1000,
        accuracy: (0.8, 0.95),
        shared: 0.6,
    };
    for seed in 0..10 {
        let picked = stream.pick(LadderStep::default(), seed).unwrap();
        assert!(picked.climbs >= 2 && picked.unnoticed < 0.08, "{picked:?}");
    }
}

/// Blum and Hardt's boosting attack: the true accuracy is one half.
#[test]
fn scores_alone_raise_the_raw_score_and_not_the_ladders() {
    let last = |told, step, seed| attack(1000, told, step, &[300], seed).unwrap()[0];
    let mean = |told, step, of: fn(&Reported) -> f64| {
        (0..20).map(|seed| of(&last(told, step, seed))).sum::<f64>() / 20.0
    };
    let raw = mean(Told::Raw, LadderStep::default(), |reported| reported.raw);
    assert!(raw > 0.58, "{raw}");
    let released = mean(Told::Ladder, LadderStep::default(), |reported| reported.released);
    assert!((released - 0.5).abs() < 0.015, "{released}");
    let by_standard_errors = mean(Told::Ladder, LadderStep::StandardError {}, |reported| {
        reported.released
    });
    assert!(by_standard_errors < raw - 0.02, "{by_standard_errors}");
}

/// What each preset promises of equal models, at 1,000 pairs: three standard errors on top of the promise.
#[test]
fn presets_err_on_equal_models_as_rarely_as_they_say() {
    let most = |rate: f64, pairs: f64| rate + 3.0 * (rate * (1.0 - rate) / pairs).sqrt();
    for supports in [vec![30; 40], long_tail()] {
        let pairs = Pairs::new(&supports, 0.9).unwrap();
        for preset in Preset::ALL {
            let Said { ship, hold } = said(&pairs, preset, (Shift::Everywhere(0.0), 0.6), (1, 1000)).unwrap();
            println!("{preset}: {ship} shipped, {hold} held");
            assert!(hold <= most(0.075, 1000.0), "{preset}: {hold} held");
            // Where the candidate may be two points behind, an equal one deserves to ship.
            assert!(
                preset == Preset::NotInferior || ship <= most(0.025, 1000.0),
                "{preset}: {ship} shipped"
            );
        }
        let Said { ship, .. } = said(
            &pairs,
            Preset::NotInferior,
            (Shift::Everywhere(-0.02), 0.6),
            (1, 1000),
        )
        .unwrap();
        assert!(ship <= most(0.025, 1000.0), "at the margin: {ship} shipped");
    }
}

/// What each preset promises, whatever the baseline: at 500 pairs, with independent errors, which are the harder ones.
#[test]
fn presets_ship_by_mistake_as_rarely_as_they_say_from_a_poor_baseline_to_a_good_one() {
    let most = |rate: f64, pairs: f64| rate + 3.0 * (rate * (1.0 - rate) / pairs).sqrt();
    for accuracy in [0.7, 0.8, 0.9, 0.95, 0.98] {
        let pairs = Pairs::new(&[100; 10], accuracy).unwrap();
        for (preset, shift) in [
            (Preset::ClearTheLine, 0.0),
            (Preset::Strict, 0.0),
            (Preset::NotInferior, -0.02),
        ] {
            let shift = Shift::Everywhere(shift);
            let Said { ship, .. } = said(&pairs, preset, (shift, 0.0), (1, 500)).unwrap();
            println!("{preset}, baseline {accuracy}: {ship} shipped");
            assert!(ship <= most(0.025, 500.0), "{preset}, {accuracy}: {ship} shipped");
            let Said { hold, .. } = said(&pairs, preset, (Shift::Everywhere(0.0), 0.0), (1, 500)).unwrap();
            let promised = if preset == Preset::NotInferior {
                0.05
            } else {
                0.075
            };
            assert!(hold <= most(promised, 500.0), "{preset}, {accuracy}: {hold} held");
        }
    }
}

/// 150 categories of 10 rows and independent errors at a poor baseline: some category nearly always lost 6 rows net or close
/// to it, by luck. Promised are 2.5% of the test on all rows, 5% of the test of categories and 5% of the guard.
#[test]
fn the_guard_holds_equal_models_as_rarely_as_it_says_where_luck_trips_it_often() {
    let pairs = Pairs::new(&[10; 150], 0.7).unwrap();
    let Said { hold, .. } = said(
        &pairs,
        Preset::ClearTheLine,
        (Shift::Everywhere(0.0), 0.0),
        (1, 500),
    )
    .unwrap();
    println!("{hold} held");
    assert!(
        hold <= 0.125 + 3.0 * (0.125 * 0.875 / 500.0_f64).sqrt(),
        "{hold} held"
    );
}

#[test]
fn candidates_are_as_much_better_as_they_can_be() {
    let by = |accuracy, shift| {
        let difference = Pairs::new(&[90, 10], accuracy).unwrap().true_difference(shift);
        (1000.0 * difference).round() / 10.0
    };
    assert_eq!(by(0.9, Shift::Everywhere(0.04)), 4.0);
    assert_eq!(by(0.9, Shift::LosesRarest), 0.0);
    // There is no more than everything: 2 points to gain, and 98 - 20 points to lose on a tenth of the rows.
    assert_eq!(by(0.98, Shift::Everywhere(0.04)), 2.0);
    assert_eq!(by(0.98, Shift::LosesRarest), -6.0);
}

/// The candidate is as good on average, and right on a fifth of the rows of the rarest category.
#[test]
fn a_candidate_that_lost_a_category_hardly_ever_ships() {
    for (supports, most) in [(vec![30; 40], 0.001), (vec![10; 150], 0.03)] {
        let pairs = Pairs::new(&supports, 0.9).unwrap();
        for preset in Preset::ALL {
            let Said { ship, .. } = said(&pairs, preset, (Shift::LosesRarest, 0.6), (1, 1000)).unwrap();
            println!("{preset}, {} categories: {ship} shipped", supports.len());
            assert!(ship <= most, "{preset}: {ship} shipped");
        }
    }
}

#[test]
fn trials_decide_as_the_judge_does() {
    let world = World::new(&[60, 30, 12, 8, 3]);
    for (seed, preset) in (0..30).zip(Preset::ALL.into_iter().cycle()) {
        let gate = preset.config().check().unwrap();
        let answers = |seed, accuracy| world.answers(seed, move |_, _| accuracy);
        let (theirs, ours) = (
            answers(2 * seed, 0.85),
            answers(2 * seed + 1, 0.8 + 0.005 * seed as f64),
        );
        let right = |answers: &[(String, String)]| {
            RightRows::new(
                answers
                    .iter()
                    .zip(world.gold.rows())
                    .map(|((_, answer), row)| *answer == row.label),
            )
        };
        let decision = Trials::new(&world.gold, &gate)
            .decide(&right(&theirs), &right(&ours))
            .unwrap();
        let (baseline, candidate) = (world.baseline(theirs), world.predictions(ours));
        let report = judge(&Case::new(&world.gold, &baseline, &candidate, "now"), &gate).unwrap();
        assert_eq!(
            (decision.verdict, &decision.rules),
            (report.verdict, &report.rules),
            "{preset}, seed {seed}"
        );
    }
    let gate = Preset::Strict.config().check().unwrap();
    let five = RightRows::new([true; 5]);
    assert!(Trials::new(&world.gold, &gate).decide(&five, &five).is_err());
}
