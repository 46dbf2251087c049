use super::*;

const STEPS: [LadderStep; 3] = [
    LadderStep::Significant { alpha: 0.05 },
    LadderStep::StandardError {},
    LadderStep::Fixed { size: 0.02 },
];

fn counts(gains: u64, losses: u64) -> PairedCounts {
    PairedCounts {
        both_right: 800,
        gains,
        losses,
        both_wrong: 200 - gains - losses,
    }
}

/// The first `right` of 1,000 rows.
fn first(right: usize) -> RightRows {
    RightRows::new((0..1000).map(|row| row < right))
}

#[test]
fn straight_gains_are_a_step_from_here_on() {
    let least =
        |step: LadderStep, comparison| (0..100).find(|&gains| step.is_reached(&counts(gains, 0), comparison));
    let [significant, standard_error, fixed] = STEPS;
    // 0.5^gains against 0.05 / 2, 0.05 / 6 and 0.05 / (500 * 501).
    assert_eq!(least(significant, 1), Some(6));
    assert_eq!(least(significant, 2), Some(7));
    assert_eq!(least(significant, 500), Some(23));
    // One row alone is exactly one standard error, and more than it is asked for.
    assert_eq!(least(standard_error, 500), Some(2));
    assert_eq!(least(fixed, 1), Some(21));
}

#[test]
fn the_levels_of_all_comparisons_sum_to_alpha() {
    let sum: f64 = (1..=1_000_000).map(|comparison| level(0.05, comparison)).sum();
    assert!(sum <= 0.05 && sum > 0.049_999_9, "{sum}");
}

#[test]
fn the_first_is_released_and_equals_are_not() {
    for step in STEPS {
        let mut ladder = Ladder::new(step);
        assert_eq!(ladder.released(), None);
        let rung = ladder.submit(&first(900)).unwrap();
        assert_eq!(
            (rung.climb, rung.released, rung.step),
            (Climb::First, 0.9, None),
            "{step:?}"
        );
        let rung = ladder.submit(&first(900)).unwrap();
        assert_eq!((rung.climb, rung.released), (Climb::NoBetter, 0.9), "{step:?}");
        let rung = ladder.submit(&first(960)).unwrap();
        assert_eq!((rung.climb, rung.released), (Climb::Better, 0.96), "{step:?}");
        assert_eq!(
            ladder.submit(&first(800)).unwrap().climb,
            Climb::NoBetter,
            "{step:?}"
        );
        assert_eq!(ladder.released(), Some(0.96), "{step:?}");
    }
}

#[test]
fn other_rows_are_an_error_and_change_nothing() {
    let mut ladder = Ladder::new(LadderStep::default());
    ladder.submit(&first(900)).unwrap();
    assert!(ladder.submit(&RightRows::new([true; 5])).is_err());
    assert_eq!(ladder.released(), Some(0.9));
}

#[test]
fn only_a_fixed_step_can_be_taken_by_accuracy_alone() {
    for step in STEPS {
        let mut ladder = Ladder::new(step);
        let rung = ladder.submit_accuracy(0.9);
        assert_eq!(
            rung.is_some(),
            matches!(step, LadderStep::Fixed { .. }),
            "{step:?}"
        );
    }
    let mut ladder = Ladder::new(LadderStep::Fixed { size: 0.02 });
    ladder.submit_accuracy(0.9);
    assert_eq!(ladder.submit_accuracy(0.91).unwrap().climb, Climb::NoBetter);
    let rung = ladder.submit(&first(930)).unwrap();
    assert_eq!((rung.climb, rung.against_best), (Climb::Better, None));
    // In multiples of the step: 1 - 0.93 is nearer to 0.08 than to 0.06.
    assert!((rung.released - 0.92).abs() < 1e-12 || (rung.released - 0.94).abs() < 1e-12);
}

#[test]
fn a_step_out_of_range_is_refused_by_name() {
    for step in [
        LadderStep::Significant { alpha: 0.0 },
        LadderStep::Significant { alpha: 0.5 },
        LadderStep::Significant { alpha: f64::NAN },
        LadderStep::Fixed { size: 1.0 },
        LadderStep::Fixed { size: -0.1 },
    ] {
        let error = step.check().unwrap_err();
        assert!(
            matches!(error, GateConfigError::OutOfRange { place: "ladder", .. }),
            "{error}"
        );
    }
    assert!(STEPS.iter().all(|step| step.check().is_ok()));
}

#[derive(serde::Deserialize)]
struct World {
    candidates: Vec<RightRows>,
    #[serde(rename = "fixed_0.01")]
    fixed_1: Vec<f64>,
    #[serde(rename = "fixed_0.04")]
    fixed_4: Vec<f64>,
    standard_error: Vec<f64>,
    significant: Vec<f64>,
}

/// Made by `tests/oracle/ladder.py`, which states the version of SciPy; seed 20150215, fractions. The tolerance is
/// what a share of 203 rows loses as a float.
#[test]
fn released_scores_are_those_of_the_definition_on_loss_vectors() {
    let worlds: Vec<World> = serde_json::from_str(include_str!("../../tests/oracle/ladder.json")).unwrap();
    assert_eq!(worlds.len(), 3);
    for world in &worlds {
        for (step, expected) in [
            (LadderStep::Fixed { size: 0.01 }, &world.fixed_1),
            (LadderStep::Fixed { size: 0.04 }, &world.fixed_4),
            (LadderStep::StandardError {}, &world.standard_error),
            (LadderStep::Significant { alpha: 0.05 }, &world.significant),
        ] {
            let mut ladder = Ladder::new(step);
            assert_eq!(expected.len(), world.candidates.len());
            for (number, (candidate, expected)) in world.candidates.iter().zip(expected).enumerate() {
                let rung = ladder.submit(candidate).unwrap();
                assert!(
                    (rung.released - expected).abs() < 1e-12,
                    "{step:?}, candidate {number}: {rung:?}"
                );
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn a_net_gain_of_the_step_is_where_evidence_begins(
        gains in 0_u64..100, losses in 0_u64..100, comparison in 1_u64..600,
    ) {
        let (step, seen) = (LadderStep::default(), counts(gains, losses));
        match step.size(&seen, comparison) {
            Some(size) => {
                let reached = seen.difference() >= size - 1e-12;
                proptest::prop_assert_eq!(step.is_reached(&seen, comparison), reached, "{} at {:?}", size, seen);
            }
            None => proptest::prop_assert!(!step.is_reached(&counts(gains + losses, 0), comparison)),
        }
    }

    #[test]
    fn one_standard_error_is_the_textbook_formula(gains in 0_u64..100, losses in 0_u64..100) {
        let seen = counts(gains, losses);
        let values = std::iter::repeat_n(1.0, gains as usize)
            .chain(std::iter::repeat_n(-1.0, losses as usize))
            .chain(std::iter::repeat_n(0.0, (1000 - gains - losses) as usize));
        let mean = seen.difference();
        let variance: f64 = values.map(|value: f64| (value - mean).powi(2)).sum::<f64>() / 999.0;
        let step = LadderStep::StandardError {};
        let size = step.size(&seen, 1).unwrap();
        proptest::prop_assert!((size - (variance / 1000.0).sqrt()).abs() < 1e-12);
        // Where the two are as good as equal, rounding decides the formula, and whole numbers decide the step.
        if (mean - size).abs() > 1e-12 {
            proptest::prop_assert_eq!(step.is_reached(&seen, 1), mean > size);
        }
    }

    #[test]
    fn the_released_score_never_falls(seeds in proptest::collection::vec((0_usize..1000, 0_usize..1000), 1..20)) {
        for step in STEPS {
            let (mut ladder, mut last) = (Ladder::new(step), 0.0);
            for &(from, to) in &seeds {
                let rung = ladder.submit(&RightRows::new((0..1000).map(|row| row >= from || row < to))).unwrap();
                proptest::prop_assert!(rung.released >= last - 1e-12 || rung.climb == Climb::First, "{:?}", step);
                last = rung.released;
            }
        }
    }
}
