use proptest::prelude::*;

use super::*;

fn case(calls_per_day: f64) -> OwnershipConfig {
    let workload = Workload {
        calls_per_day,
        input_tokens_per_call: 900.0,
        output_tokens_per_call: 10.0,
    };
    OwnershipConfig::new(workload, Prices::example_november_2026())
}

/// By hand: a frontier call is (900 * 3 + 10 * 15) / 1e6 = 0.00285, a decision 900 * 0.07 / 1e6 = 0.000063.
#[test]
fn a_million_calls_cost_what_the_price_list_says() {
    let costs = case(1e6).check().unwrap().costs_at(1e6);
    assert!((costs.frontier - 2_850.0).abs() < 1e-9 && (costs.hosted_decision - 63.0).abs() < 1e-9);
    // 60 a month for one machine, 8 hours of 100 a month, 2% of the frontier's cost.
    let owned = costs.owned;
    assert_eq!(owned.machine_count, 1);
    assert!((owned.machines - 60.0 / 30.436_875).abs() < 1e-9);
    assert!((owned.maintenance - 800.0 / 30.436_875).abs() < 1e-9);
    assert!((owned.handed_over - 57.0).abs() < 1e-9);
    // Six times a year 20 + 2,000 * 0.00285 + 50 * 0.5 = 50.7.
    assert!((owned.retraining - 6.0 * 50.7 / 365.2425).abs() < 1e-9);
}

/// The honest answer at the example's prices: against a hosted decision model the calls handed over to the
/// frontier model alone cost nearly as much as deciding them all elsewhere.
#[test]
fn against_a_cheap_hosted_model_the_answer_may_be_not_to_own() {
    let balance = case(20_000.0).check().unwrap().weigh();
    assert_eq!(
        (balance.verdict, balance.cheapest),
        (Verdict::DoNotOwn, Way::HostedDecision)
    );
    assert!(
        balance
            .to_string()
            .contains("do not own it; a hosted decision model is cheapest"),
        "{balance}"
    );
    assert!(balance.frontier.net_per_day > 0.0 && balance.hosted_decision.net_per_day < 0.0);
}

#[test]
fn with_few_calls_handed_over_and_many_served_owning_pays() {
    let upkeep = Upkeep {
        handed_over_share: 0.001,
        ..Upkeep::default()
    };
    let plan = case(2e6).with_upkeep(upkeep).check().unwrap();
    let balance = plan.weigh();
    assert_eq!(balance.verdict, Verdict::Own, "{balance}");
    let comparison = &balance.hosted_decision;
    assert!((comparison.payback_days.unwrap() - 8_500.0 / comparison.net_per_day).abs() < 1e-9);
    let by_maintenance: Vec<f64> = comparison
        .sensitivity
        .iter()
        .map(|found| found.break_even_calls_per_day.unwrap())
        .collect();
    assert!(by_maintenance[0] < by_maintenance[1] && by_maintenance[1] < by_maintenance[2]);
    assert_eq!(comparison.break_even_calls_per_day, Some(by_maintenance[1]));
}

#[test]
fn what_pays_too_late_is_not_built_yet() {
    let upkeep = Upkeep {
        handed_over_share: 0.001,
        build_cost: 1e6,
        ..Upkeep::default()
    };
    let balance = case(2e6).with_upkeep(upkeep).check().unwrap().weigh();
    assert_eq!(
        (balance.verdict, balance.cheapest),
        (Verdict::DoNotBuildYet, Way::Owned)
    );
}

#[test]
fn where_every_call_costs_more_to_own_there_is_no_break_even() {
    let upkeep = Upkeep {
        handed_over_share: 0.05,
        ..Upkeep::default()
    };
    let balance = case(1e9).with_upkeep(upkeep).check().unwrap().weigh();
    assert_eq!(balance.hosted_decision.break_even_calls_per_day, None);
    assert!(balance.frontier.break_even_calls_per_day.is_some());
}

#[test]
fn numbers_that_are_none_are_named() {
    let errors = [
        (case(f64::NAN), "calls_per_day is NaN"),
        (case(-1.0), "calls_per_day is -1"),
        (
            case(1.0).with_upkeep(Upkeep {
                handed_over_share: 1.5,
                ..Upkeep::default()
            }),
            "handed_over_share is 1.5",
        ),
    ];
    for (case, expected) in errors {
        let message = case.check().unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
    let mut none = case(1.0);
    none.prices.calls_per_machine_per_day = 0.0;
    assert_eq!(none.check(), Err(OwnershipError::Capacity { found: 0.0 }));
}

proptest! {
    /// The law of the break-even against a plain search over the cost function itself: never dearer from
    /// there on, dearer just before.
    #[test]
    fn owning_is_never_dearer_from_the_break_even_on(
        fixed in 0.0_f64..100.0,
        machine in 0.0_f64..50.0,
        per_machine in 10.0_f64..2_000.0,
        saved in 0.001_f64..1.0,
    ) {
        let case = BreakEven { fixed_per_day: fixed, machine_per_day: machine, calls_per_machine: per_machine, saved_per_call: saved };
        let dearer = |calls: f64| fixed + machine * (calls / per_machine).ceil() - saved * calls;
        match case.calls_per_day() {
            Some(calls) => {
                for step in 0..500 {
                    let more = calls + f64::from(step) * per_machine / 37.0 + 1e-7;
                    prop_assert!(dearer(more) <= 1e-6 * (1.0 + more), "{more}: {}", dearer(more));
                }
                if calls > 1e-3 {
                    prop_assert!(dearer(calls * (1.0 - 1e-9) - 1e-9) > -1e-6);
                    prop_assert!(dearer(calls * 0.999) > 0.0 || (calls / per_machine).ceil() != (calls * 0.999 / per_machine).ceil());
                }
            }
            None => prop_assert!(saved * per_machine <= machine * (1.0 + 1e-12)),
        }
    }
}
