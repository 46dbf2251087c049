use task_spec::LabelSet;

use super::*;
use crate::{
    Outcome, PairedCounts,
    categories::{Answered, category_table, visible_drops},
};

/// A category as (both right, gained, lost, both wrong).
type Counts = (usize, usize, usize, usize);

/// The findings of a rule on categories called c0, c1, ...; one of no rows is without gold rows.
fn judge(rule: &Rule, counts: &[Counts]) -> Finding {
    let labels = LabelSet::from_names((0..counts.len().max(2)).map(|i| format!("c{i}"))).unwrap();
    let (mut truth, mut candidate, mut baseline) = (Vec::new(), Vec::new(), Vec::new());
    let mut all = PairedCounts::default();
    for (label, &(both, gains, losses, neither)) in counts.iter().enumerate() {
        let kinds = [
            (true, true, both),
            (true, false, gains),
            (false, true, losses),
            (false, false, neither),
        ];
        for (candidate_right, baseline_right, rows) in kinds {
            for _ in 0..rows {
                truth.push(label);
                candidate.push(candidate_right.then_some(label));
                baseline.push(baseline_right.then_some(label));
                all.add(candidate_right, baseline_right);
            }
        }
    }
    let answered = Answered {
        truth: &truth,
        candidate: &candidate,
        baseline: &baseline,
        shipped: None,
    };
    let without_rows: Vec<String> = (counts.iter().enumerate())
        .filter(|&(_, &(a, b, c, d))| a + b + c + d == 0)
        .map(|(i, _)| format!("c{i}"))
        .collect();
    let visible = visible_drops(answered.truth, labels.len(), 0.05);
    let categories: Vec<Part> = (category_table(&answered, &labels, 0.95, &visible).iter())
        .map(Part::from)
        .collect();
    let evidence = Evidence {
        kind: PartKind::Category,
        confidence: 0.95,
        accuracy: Share::new(all.both_right + all.gains, all.rows(), 0.95).unwrap(),
        comparison: &Comparison::new("teacher", all, 0.95),
        categories: &categories,
        without_rows: &without_rows,
        standing: None,
        given: Given::default(),
    };
    evidence.judge(rule)
}

/// Forty categories of a hundred rows, even between the models.
fn even() -> Vec<Counts> {
    vec![(90, 3, 3, 4); 40]
}

#[test]
fn a_difference_is_better_worse_or_not_told() {
    let outcome = |counts| judge(&Rule::superior(), &[counts, (50, 0, 0, 0)]).outcome;
    assert_eq!(outcome((80, 20, 5, 5)), Outcome::Pass);
    assert_eq!(outcome((80, 5, 20, 5)), Outcome::Fail);
    assert_eq!(outcome((80, 12, 8, 5)), Outcome::CannotTell);
    // Four straight gains: the score interval lies above 0, but mid-p is 0.031 on one side.
    assert_eq!(outcome((80, 4, 0, 5)), Outcome::CannotTell);
    assert_eq!(outcome((80, 5, 0, 5)), Outcome::Pass);
}

#[test]
fn what_would_settle_it_settles_it() {
    let counts = (800, 30, 20, 50);
    let finding = judge(&Rule::superior(), &[counts, (100, 0, 0, 0)]);
    let needed = finding.settle[0].clone();
    assert_eq!((needed.have, needed.category), (1000, None));
    let scale = |rows: usize| (rows as f64 * needed.need as f64 / 1000.0).round() as usize;
    let more = (scale(800), scale(30), scale(20), scale(50));
    assert_eq!(
        judge(&Rule::superior(), &[more, (scale(100), 0, 0, 0)]).outcome,
        Outcome::Pass
    );
    // Equal models stay so: nothing settles which one is better.
    let equal = judge(&Rule::superior(), &[(90, 5, 5, 0), (10, 0, 0, 0)]);
    assert_eq!((equal.outcome, equal.settle.len()), (Outcome::CannotTell, 0));
}

#[test]
fn the_margin_is_held_missed_or_not_told() {
    let outcome = |counts| judge(&Rule::not_inferior(0.02), &[counts, (10, 0, 0, 0)]).outcome;
    assert_eq!(outcome((1400, 20, 20, 60)), Outcome::Pass);
    assert_eq!(outcome((1300, 10, 130, 60)), Outcome::Fail);
    assert_eq!(outcome((130, 3, 4, 3)), Outcome::CannotTell);
    // Two models that never differ on 20 rows may still differ by more than the margin elsewhere.
    let same = judge(&Rule::not_inferior(0.02), &[(10, 0, 0, 0), (10, 0, 0, 0)]);
    assert_eq!(same.outcome, Outcome::CannotTell);
    // Tango without disagreements: z^2 / (n + z^2) <= 0.02 from 189 rows on.
    assert_eq!(same.settle[0].need, 189);
}

#[test]
fn the_accuracy_floor_is_held_missed_or_not_told() {
    let outcome = |floor| {
        judge(
            &Rule::AccuracyFloor { accuracy: floor },
            &[(80, 0, 0, 10), (10, 0, 0, 0)],
        )
        .outcome
    };
    assert_eq!(outcome(0.8), Outcome::Pass);
    assert_eq!(outcome(0.97), Outcome::Fail);
    assert_eq!(outcome(0.9), Outcome::CannotTell);
}

#[test]
fn three_rows_of_a_category_cannot_tell_its_recall() {
    let rule = Rule::CategoryFloor {
        recall: 0.7,
        min_support: 1,
        categories: Vec::new(),
    };
    for rare in [(3, 0, 0, 0), (2, 0, 0, 1), (0, 0, 0, 3)] {
        let mut counts = even();
        counts.push(rare);
        let finding = judge(&rule, &counts);
        assert_eq!(
            finding.outcome,
            Outcome::CannotTell,
            "{rare:?}: {}",
            finding.evidence
        );
        assert_eq!(finding.category.as_deref(), Some("c40"));
        assert_eq!(finding.settle[0].have, 3);
    }
    // Unless the rows say so: ten straight errors are a fact, even among 41 categories.
    let mut counts = even();
    counts.push((0, 0, 0, 10));
    assert_eq!(judge(&rule, &counts).outcome, Outcome::Fail);
    assert_eq!(judge(&rule, &even()).outcome, Outcome::Pass);
}

#[test]
fn a_category_below_the_support_never_passes_its_floor() {
    let rule = |min_support| Rule::CategoryFloor {
        recall: 0.4,
        min_support,
        categories: Vec::new(),
    };
    let counts = [(90, 3, 3, 4), (9, 0, 0, 0)];
    assert_eq!(judge(&rule(9), &counts).outcome, Outcome::Pass);
    let finding = judge(&rule(12), &counts);
    assert_eq!(
        (finding.outcome, finding.settle[0].need),
        (Outcome::CannotTell, 12)
    );
}

#[test]
fn a_category_without_gold_rows_cannot_be_told() {
    let rule = Rule::CategoryFloor {
        recall: 0.5,
        min_support: 10,
        categories: Vec::new(),
    };
    let finding = judge(&rule, &[(90, 3, 3, 4), (90, 3, 3, 4), (0, 0, 0, 0)]);
    assert_eq!(finding.outcome, Outcome::CannotTell);
    assert_eq!((finding.settle[0].have, finding.settle[0].need), (0, 10));
    assert!(finding.evidence.contains("c2"), "{}", finding.evidence);
}

#[test]
fn a_regression_is_shown_suspected_or_passes() {
    let rule = Rule::no_category_regressed();
    let with = |counts| judge(&rule, &[even(), vec![counts]].concat());
    let shown = with((60, 0, 20, 20));
    assert_eq!(
        (shown.outcome, shown.category.as_deref()),
        (Outcome::Fail, Some("c40"))
    );
    // Six straight losses of a hundred look bad alone (p = 0.008) and settle nothing among 41.
    let suspected = with((80, 0, 6, 14));
    assert_eq!(
        (suspected.outcome, suspected.category.as_deref()),
        (Outcome::CannotTell, Some("c40"))
    );
    // Nine straight losses are the fewest that 41 categories accept as evidence: at 6%, 142 rows.
    assert_eq!((suspected.settle[0].have, suspected.settle[0].need), (100, 142));
    // Five points are not held against it: one of 41 even categories looks so by chance.
    assert_eq!(with((80, 0, 5, 15)).outcome, Outcome::Pass);
    assert_eq!(with((80, 2, 4, 14)).outcome, Outcome::Pass);
}

#[test]
fn a_drop_in_a_category_too_small_to_show_one_is_not_waved_through() {
    let rule = Rule::no_category_regressed();
    let with = |counts| judge(&rule, &[even(), vec![counts]].concat()).outcome;
    for lost in [
        (0, 0, 1, 0),
        (1, 0, 1, 0),
        (2, 0, 1, 0),
        (3, 0, 2, 0),
        (5, 0, 3, 0),
        (9, 1, 5, 0),
    ] {
        assert_eq!(with(lost), Outcome::CannotTell, "{lost:?}");
    }
    // One row of eight is what chance does.
    assert_eq!(with((7, 0, 1, 0)), Outcome::Pass);
}

#[test]
fn a_pass_says_which_categories_it_could_not_see() {
    let finding = judge(
        &Rule::no_category_regressed(),
        &[even(), vec![(8, 0, 0, 0)]].concat(),
    );
    assert_eq!(finding.outcome, Outcome::Pass);
    assert!(
        finding
            .evidence
            .contains("1 category has too few rows for this test to see any drop"),
        "{}",
        finding.evidence
    );
    assert!(finding.evidence.contains("c40"), "{}", finding.evidence);
}

#[test]
fn the_guard_counts_and_states_its_error_rate() {
    let rule = |max_support| Rule::guard(6, max_support);
    let tripped = judge(&rule(Some(10)), &[even(), vec![(4, 0, 6, 0)]].concat());
    assert_eq!(
        (tripped.outcome, tripped.category.as_deref()),
        (Outcome::Fail, Some("c40"))
    );
    assert_eq!(tripped.numbers["watched"], 1.0);
    let too_large = judge(&rule(Some(9)), &[even(), vec![(4, 0, 6, 0)]].concat());
    assert_eq!((too_large.outcome, too_large.category), (Outcome::Pass, None));
    let finding = judge(&rule(None), &[(90, 3, 3, 4), (4, 0, 5, 0)]);
    assert_eq!(finding.outcome, Outcome::Pass);
    // Six net losses need all six disagreements of the first category to be losses: 1 in 64.
    assert!(
        (finding.numbers["false_alarm"] - 1.0 / 64.0).abs() < 1e-12,
        "{:?}",
        finding.numbers
    );
}

#[test]
fn what_one_of_many_small_categories_loses_by_luck_does_not_pass_and_is_no_fact() {
    // 4 losses and 4 gains in each of 150 categories: of equal models, one or more loses 6 net in most cases.
    let even_but = |worst| [vec![(2, 4, 4, 0); 150], vec![worst]].concat();
    let lucky = judge(&Rule::guard(6, None), &even_but((2, 1, 7, 0)));
    assert_eq!(lucky.outcome, Outcome::CannotTell);
    assert!(lucky.numbers["false_alarm"] > 0.9, "{:?}", lucky.numbers);
    assert!(
        lucky.evidence.contains("that is no fact yet"),
        "{}",
        lucky.evidence
    );
    // The same count in one category of few is one, and so is a loss that luck does not make among many.
    assert_eq!(
        judge(&Rule::guard(6, None), &[(2, 1, 7, 0), (2, 0, 0, 8)]).outcome,
        Outcome::Fail
    );
    let lost = judge(&Rule::guard(6, None), &even_but((0, 0, 16, 0)));
    assert_eq!(lost.outcome, Outcome::Fail, "{:?}", lost.numbers);
}
