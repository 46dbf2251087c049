use super::*;
use crate::{ASSUMED_GAINS, POWER, smallest_visible_drop};

fn rows(counts: &[u64]) -> BTreeMap<String, u64> {
    let labels = counts.iter().enumerate();
    labels.map(|(i, &rows)| (format!("c{i:02}"), rows)).collect()
}

fn target(drop: f64) -> PowerTarget {
    PowerPlanConfig::new(drop).check().unwrap()
}

/// Every number of rows is asked, one after the other.
#[test]
fn the_fewest_and_the_steady_rows_are_those_of_asking_every_number() {
    for (drop, step) in [
        (0.9, 0.05),
        (0.5, 0.05),
        (0.5, 0.05 / 40.0),
        (0.95, 0.05 / 40.0),
        (0.22, 0.05),
        (0.1, 0.05 / 150.0),
    ] {
        let reach = Reach::of(drop, ASSUMED_GAINS, step, POWER);
        let sees: Vec<bool> = (0..3000)
            .map(|n| crate::power(n, drop + ASSUMED_GAINS, ASSUMED_GAINS, step) >= POWER)
            .collect();
        let last_miss = sees.iter().rposition(|seen| !seen).unwrap();
        assert_eq!(reach.steady(), last_miss as u64 + 1, "{drop} at {step}");
        for have in 0..sees.len() {
            let next = sees[have..].iter().position(|&seen| seen).unwrap();
            assert_eq!(reach.fewest_from(have as u64), (have + next) as u64, "{have}");
        }
    }
}

/// Of few rows a row more can see less, and halving would not find the fewest: nine rows of the first of forty
/// categories see a drop of 96 points and twelve do not.
#[test]
fn a_notch_is_jumped() {
    for (percent, fewest, steady) in [(96, 9, 13), (95, 10, 13), (94, 10, 13)] {
        let reach = Reach::of(f64::from(percent) / 100.0, ASSUMED_GAINS, 0.05 / 40.0, POWER);
        assert_eq!(
            (reach.fewest_from(0), reach.steady()),
            (fewest, steady),
            "{reach:?}"
        );
        assert!(
            !reach.sees(steady - 1) && reach.fewest_from(steady - 1) == steady,
            "{reach:?}"
        );
    }
}

#[test]
fn what_is_added_lets_every_category_see_the_drop_and_one_row_less_does_not() {
    for drop in [0.05, 0.1, 0.3, 0.9] {
        let plan = target(drop).plan(rows(&[0, 4, 37, 120, 120, 5000]));
        assert_eq!(plan.step, 0.05 / 6.0);
        for category in &plan.categories {
            let seen =
                |rows| smallest_visible_drop(rows, plan.step).is_some_and(|least| least <= drop + 1e-5);
            assert!(seen(category.need), "{category:?}");
            assert!(category.add == 0 || !seen(category.need - 1), "{category:?}");
            assert_eq!(category.need, category.have + category.add);
        }
        let adds: Vec<u64> = plan.categories.iter().map(|category| category.add).collect();
        assert!(adds.is_sorted(), "{adds:?}");
        assert_eq!(plan.add, adds.iter().sum::<u64>());
        assert_eq!(plan.seen, adds.iter().filter(|add| **add == 0).count() as u64);
    }
}

#[test]
fn a_budget_goes_to_the_cheapest_categories_first() {
    let plan = target(0.2).plan(rows(&[10, 30, 35, 400]));
    let adds: Vec<u64> = plan.categories.iter().map(|category| category.add).collect();
    assert_eq!(plan.within(0).0.len(), 1);
    let (paid, spent) = plan.within(adds[1] + adds[2] - 1);
    assert_eq!((paid.len(), spent), (2, adds[1]));
    let (paid, spent) = plan.within(u64::MAX);
    assert_eq!((paid.len(), spent), (4, plan.add));
}

#[test]
fn a_plan_says_what_to_add_where() {
    let plan = target(0.5).plan(rows(&[6, 90]));
    let add = plan.categories[1].add;
    assert_eq!(
        plan.in_words(5),
        format!(
            "A drop of 50 points is seen with 80% power in 1 of 2 categories. To see it in every one, add {add} rows \
             to “c00”: {add} rows in all."
        )
    );
    let each = target(0.5).plan(rows(&[6, 6])).in_words(5);
    assert!(each.ends_with(&format!(
        "add {add} rows to each of 2 categories: {} rows in all.",
        2 * add
    )));
    assert!(plan.within(add).0.len() == 2 && add > 1);
    assert!(
        target(0.5)
            .plan(rows(&[90, 90]))
            .in_words(5)
            .ends_with("2 of 2 categories.")
    );
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused = |config: PowerPlanConfig| match config.check() {
        Err(PowerPlanError::OutOfRange { key, .. }) => key,
        Ok(target) => panic!("{target:?}"),
    };
    for drop in [f64::NAN, 0.0, -0.1, 0.97, 10.0] {
        assert_eq!(refused(PowerPlanConfig::new(drop)), "drop");
    }
    for alpha in [0.5, 0.0, 1e-300, f64::NAN] {
        assert_eq!(refused(PowerPlanConfig::new(0.1).with_alpha(alpha)), "alpha");
    }
    assert_eq!(refused(PowerPlanConfig::new(0.1).with_power(1.0)), "power");
    let gains = PowerPlanConfig {
        gains: 0.3,
        ..PowerPlanConfig::new(0.1)
    };
    assert_eq!(refused(gains), "gains");
}

#[test]
fn the_smallest_drop_that_may_be_asked_for_is_planned_quickly() {
    let plan = target(0.001).plan(rows(&[1000; 40]));
    assert!((500_000..1_000_000).contains(&plan.steady), "{}", plan.steady);
    let strictest = PowerPlanConfig::new(0.001).with_alpha(1e-12).check().unwrap();
    assert!(strictest.plan(rows(&[0; 40])).fewest > plan.steady);
}
