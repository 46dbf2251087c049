use proptest::prelude::*;

use super::*;

const TOKENS: CallTokens = CallTokens {
    input: 900.0,
    cached: 400.0,
    output: 10.0,
    estimated: false,
};

fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        "{found}, not {expected}"
    );
}

/// By hand: a frontier call is (500 * 3 + 400 * 0.3 + 10 * 15) / 1e6 = 0.00177, a decision 900 * 0.07 / 1e6 = 0.000063; a
/// month has 30.436875 days.
#[test]
fn a_workload_costs_what_the_price_list_says() {
    let balance = weigh(&ShapeConfig::default(), &TOKENS, 100_000.0, 1.0);
    let calls = 100_000.0 * 30.436_875;
    close(balance.frontier, calls * 0.00177);
    let hosted = &balance.hosted_decision;
    close(hosted.serving, calls * 0.000063);
    close(hosted.upkeep, 100.0);
    close(hosted.net, balance.frontier - hosted.serving - 100.0);
    close(hosted.payback_days.unwrap(), 1600.0 / hosted.net * 30.436_875);
    // Fixed 100 a month, 0.001707 saved per call.
    close(
        hosted.break_even_calls_per_day.unwrap(),
        100.0 / 30.436_875 / 0.001_707,
    );
    close(balance.hosted_decision_range.1, calls * 0.00009);
    let owned = &balance.owned;
    close(owned.serving, 60.0 + 0.02 * balance.frontier);
    // Half a retraining a month: 20 + 2,000 * 0.00177 + 50 * 0.5.
    close(owned.upkeep, 800.0 + 0.5 * 48.54);
    close(owned.total(), owned.serving + owned.upkeep);
    close(owned.paid_once, 8500.0);
}

#[test]
fn room_for_the_peak_takes_more_machines() {
    let even = weigh(&ShapeConfig::default(), &TOKENS, 1_900_000.0, 1.0);
    let peaked = weigh(&ShapeConfig::default(), &TOKENS, 1_900_000.0, 3.0);
    close(peaked.owned.serving - even.owned.serving, 120.0);
}

#[test]
fn a_way_that_saves_nothing_never_breaks_even() {
    let mut config = ShapeConfig::default();
    config.prices.decision_per_million = 10.0;
    config.upkeep.handed_over_share = 1.0;
    let balance = weigh(&config, &TOKENS, 1e6, 1.0);
    for way in [&balance.hosted_decision, &balance.owned] {
        assert_eq!((way.break_even_calls_per_day, way.payback_days), (None, None));
    }
}

proptest! {
    /// The law of the break-even, against the cost itself: never dearer from there on, dearer just before.
    #[test]
    fn a_way_is_never_dearer_from_its_break_even_on(
        machine in 0.0_f64..500.0, capacity in 100.0_f64..5000.0, hours in 0.0_f64..10.0, input in 100.0_f64..2000.0,
    ) {
        let mut config = ShapeConfig::default();
        config.prices.machine_per_month = machine;
        config.prices.calls_per_machine_per_day = capacity;
        config.upkeep.maintenance_hours_per_month = hours;
        let tokens = CallTokens { input, ..TOKENS };
        let net = |calls: f64| weigh(&config, &tokens, calls, 1.0).owned.net;
        if let Some(calls) = weigh(&config, &tokens, 1.0, 1.0).owned.break_even_calls_per_day {
            for step in 0..200 {
                let more = calls + f64::from(step) * capacity / 37.0 + 1e-6;
                prop_assert!(net(more) >= -1e-6 * (1.0 + more), "{more}: {}", net(more));
            }
            // Just before, unless that takes a machine less.
            let before = calls * (1.0 - 1e-9) - 1e-9;
            let takes_less = (before / capacity).ceil() < (calls / capacity).ceil();
            prop_assert!(calls < 1e-3 || takes_less || net(before) < 1e-6 * (1.0 + calls), "{calls}: {}", net(before));
        }
    }
}
