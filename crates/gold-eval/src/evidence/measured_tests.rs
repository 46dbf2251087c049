//! Rules on what answers took, on confidences and on answers outside the task.

use super::*;
use crate::{Outcome, PairedCounts, Usage, calibration, usage::MeasuredAnswer};

/// The finding of a rule on `rows` gold rows, of which nine of ten are right, with what is given.
fn judge(rule: &Rule, rows: u64, given: Given<'_>) -> Finding {
    let counts = PairedCounts {
        both_right: rows * 9 / 10,
        both_wrong: rows - rows * 9 / 10,
        ..PairedCounts::default()
    };
    let evidence = Evidence {
        kind: PartKind::Category,
        standing: None,
        confidence: 0.95,
        accuracy: Share::new(rows * 9 / 10, rows, 0.95).unwrap(),
        comparison: &Comparison::new("teacher", counts, 0.95),
        categories: &[],
        without_rows: &[],
        given,
    };
    evidence.judge(rule)
}

fn usage(answers: impl IntoIterator<Item = (Option<f64>, Option<f64>)>) -> Usage {
    let measured = |(latency_ms, cost_usd)| MeasuredAnswer { latency_ms, cost_usd };
    Usage::new(answers.into_iter().map(measured)).unwrap()
}

fn with_usage<'a>(candidate: &'a Usage, baseline: Option<&'a Usage>) -> Given<'a> {
    Given {
        usage: Some(candidate),
        baseline_usage: baseline,
        ..Given::default()
    }
}

/// Latencies of 1 to `n` milliseconds.
fn latencies(n: u32) -> Vec<(Option<f64>, Option<f64>)> {
    (1..=n).map(|i| (Some(f64::from(i)), None)).collect()
}

#[test]
fn data_that_was_not_given_is_neither_a_pass_nor_a_fail_and_says_what_to_give() {
    let rules = [
        (
            Rule::Latency {
                percentile: 95.0,
                max_ms: 50.0,
            },
            "`latency_ms`",
        ),
        (
            Rule::Cost {
                max_usd: 1.0,
                per_answers: 1000,
            },
            "`cost_usd`",
        ),
        (Rule::RelativeCost { max_share: 0.1 }, "`cost_usd`"),
        (Rule::Calibration { max_error: 0.05 }, "`confidence`"),
        (
            Rule::Coverage {
                coverage: 0.8,
                accuracy: 0.9,
            },
            "`confidence`",
        ),
        (Rule::OutsideAnswers { max_share: 0.01 }, "labels"),
        (
            Rule::Superior {
                against: Against::Shipped,
            },
            "last shipped",
        ),
        (
            Rule::NotInferior {
                margin: 0.1,
                against: Against::Shipped,
            },
            "last shipped",
        ),
    ];
    for (rule, what) in rules {
        let finding = judge(&rule, 100, Given::default());
        assert_eq!(finding.outcome, Outcome::CannotTell, "{rule:?}");
        let give = finding.give.unwrap();
        assert!(give.contains(what), "{rule:?}: {give}");
    }
}

#[test]
fn a_percentile_is_below_its_limit_above_it_or_not_told() {
    let usage = usage(latencies(400));
    let outcome = |percentile, max_ms| {
        judge(
            &Rule::Latency { percentile, max_ms },
            100,
            with_usage(&usage, None),
        )
    };
    // SciPy's quantile_test gives 180 to 221 for the median and 371 to 389 for p95 of 400 values.
    assert_eq!(outcome(50.0, 221.0).outcome, Outcome::Pass);
    assert_eq!(outcome(50.0, 220.0).outcome, Outcome::CannotTell);
    assert_eq!(outcome(50.0, 179.0).outcome, Outcome::Fail);
    let open = outcome(95.0, 383.0);
    assert_eq!(
        (open.outcome, open.numbers["percentile_ms"]),
        (Outcome::CannotTell, 380.0)
    );
    assert!(
        open.give.unwrap().starts_with("the latency of at least"),
        "{}",
        open.evidence
    );
}

#[test]
fn a_99th_percentile_of_few_answers_never_passes() {
    let few = usage(latencies(367));
    let rule = Rule::Latency {
        percentile: 99.0,
        max_ms: 1e6,
    };
    let finding = judge(&rule, 100, with_usage(&few, None));
    assert_eq!(finding.outcome, Outcome::CannotTell);
    assert_eq!(
        finding.give.as_deref(),
        Some("the latency of at least 368 answers")
    );
    assert!(
        finding.evidence.contains("without an upper end"),
        "{}",
        finding.evidence
    );
    assert_eq!(
        judge(&rule, 100, with_usage(&usage(latencies(368)), None)).outcome,
        Outcome::Pass
    );
}

#[test]
fn answers_without_a_latency_are_not_taken_for_fast_ones() {
    let rule = |max_ms| Rule::Latency {
        percentile: 95.0,
        max_ms,
    };
    // A tenth never came: however fast the others are, p95 is not known to be below anything.
    let mut timed_out = latencies(360);
    timed_out.extend([(None, None); 40]);
    let timed_out = usage(timed_out);
    let finding = judge(&rule(1e6), 100, with_usage(&timed_out, None));
    assert_eq!(finding.outcome, Outcome::CannotTell, "{}", finding.evidence);
    assert_eq!(
        finding.give.as_deref(),
        Some("the latency of the 40 answers that lack it")
    );
    // That it is above is a fact even if those had been instant.
    assert_eq!(
        judge(&rule(100.0), 100, with_usage(&timed_out, None)).outcome,
        Outcome::Fail
    );
}

#[test]
fn a_mean_cost_is_judged_by_its_interval_and_needs_thirty_answers() {
    let costs = |n: u32| usage((0..n).map(|i| (None, Some(0.001 + 0.0001 * f64::from(i % 10)))));
    let outcome = |usage: &Usage, max_usd| {
        judge(
            &Rule::Cost {
                max_usd,
                per_answers: 1000,
            },
            100,
            with_usage(usage, None),
        )
    };
    let hundred = costs(100);
    // 1.45 dollars a thousand, 1.393 to 1.507.
    assert_eq!(outcome(&hundred, 1.51).outcome, Outcome::Pass);
    assert_eq!(outcome(&hundred, 1.39).outcome, Outcome::Fail);
    let open = outcome(&hundred, 1.46);
    assert_eq!(open.outcome, Outcome::CannotTell, "{}", open.evidence);
    assert!(open.give.unwrap().starts_with("the cost of at least"));
    assert_eq!(outcome(&costs(29), 100.0).outcome, Outcome::CannotTell);
    // One answer without a cost may be the one that cost most.
    let lacking = usage((0..100).map(|i| (None, (i > 0).then_some(0.001))));
    assert_eq!(outcome(&lacking, 100.0).outcome, Outcome::CannotTell);
    // A flat price leaves no doubt, even at the limit itself.
    let flat = Usage::new(vec![MeasuredAnswer::default(); 30])
        .unwrap()
        .with_cost_of_each(0.001)
        .unwrap();
    assert_eq!(outcome(&flat, 1.0).outcome, Outcome::Pass);
}

#[test]
fn a_share_of_the_baselines_cost_is_judged_by_the_interval_of_the_ratio() {
    let costs = |scale: f64| usage((0..100).map(|i| (None, Some(scale * (1.0 + 0.1 * f64::from(i % 10))))));
    let (ours, theirs) = (costs(0.001), costs(0.01));
    let outcome = |max_share| {
        judge(
            &Rule::RelativeCost { max_share },
            100,
            with_usage(&ours, Some(&theirs)),
        )
    };
    assert_eq!(outcome(0.11).outcome, Outcome::Pass);
    assert_eq!(outcome(0.09).outcome, Outcome::Fail);
    let at_the_limit = outcome(0.1);
    assert_eq!(at_the_limit.outcome, Outcome::CannotTell);
    assert!(at_the_limit.give.unwrap().starts_with("another limit"));
    let free = usage(vec![(None, Some(0.0)); 40]);
    let finding = judge(
        &Rule::RelativeCost { max_share: 0.5 },
        100,
        with_usage(&ours, Some(&free)),
    );
    assert_eq!(finding.outcome, Outcome::CannotTell, "{}", finding.evidence);
}

#[test]
fn the_calibration_error_is_below_its_limit_above_it_or_not_told() {
    // Right in nine of ten rows at a confidence of 0.9: no error, and its noise falls with the rows.
    let rows = |n: usize, confidence| (0..n).map(|i| (confidence, i % 10 > 0)).collect::<Vec<_>>();
    let outcome = |n: usize, confidence, max_error| {
        let found = calibration(&rows(n, confidence), 0.95).unwrap();
        let given = Given {
            calibration: Some(&found),
            ..Given::default()
        };
        judge(&Rule::Calibration { max_error }, n as u64, given)
    };
    assert_eq!(outcome(2000, 0.9, 0.05).outcome, Outcome::Pass);
    assert_eq!(outcome(2000, 0.99, 0.05).outcome, Outcome::Fail);
    let open = outcome(100, 0.9, 0.05);
    assert_eq!(open.outcome, Outcome::CannotTell);
    assert_eq!(
        outcome(open.settle[0].need as usize / 10 * 10 + 10, 0.9, 0.05).outcome,
        Outcome::Pass
    );
    // Some rows without a confidence may be those that the model is wrong about.
    let found = calibration(&rows(2000, 0.9), 0.95).unwrap();
    let given = Given {
        calibration: Some(&found),
        ..Given::default()
    };
    let finding = judge(&Rule::Calibration { max_error: 0.5 }, 2001, given);
    assert_eq!((finding.outcome, finding.settle.len()), (Outcome::CannotTell, 0));
}

#[test]
fn the_surest_rows_are_right_often_enough_not_or_not_told() {
    // The confidence says everything: the surest 800 of 1,000 are all right, the others are not.
    let confident: Vec<(f64, bool)> = (0..1000)
        .map(|i| (1.0 - f64::from(i) / 1000.0, i < 800))
        .collect();
    let given = Given {
        confident: &confident,
        ..Given::default()
    };
    let outcome = |coverage, accuracy| judge(&Rule::Coverage { coverage, accuracy }, 1000, given);
    assert_eq!(outcome(0.8, 0.99).outcome, Outcome::Pass);
    assert_eq!(outcome(1.0, 0.99).outcome, Outcome::Fail);
    assert_eq!(outcome(0.8, 0.999).outcome, Outcome::CannotTell);
    assert_eq!(outcome(0.8, 0.99).numbers["rows"], 800.0);
    // Rows of one confidence are answered together, whatever share was asked for.
    let tied = vec![(0.5, true); 10];
    let given = Given {
        confident: &tied,
        ..Given::default()
    };
    let rule = Rule::Coverage {
        coverage: 0.2,
        accuracy: 0.5,
    };
    assert_eq!(judge(&rule, 10, given).numbers["rows"], 10.0);
    // Ten confidences cannot be the surest half of a hundred rows.
    let rule = Rule::Coverage {
        coverage: 0.5,
        accuracy: 0.5,
    };
    let finding = judge(&rule, 100, given);
    assert_eq!(finding.outcome, Outcome::CannotTell, "{}", finding.evidence);
}

#[test]
fn answers_outside_the_task_are_few_many_or_not_told() {
    let outcome = |outside, rows| {
        let given = Given {
            outside: Some(outside),
            ..Given::default()
        };
        judge(&Rule::OutsideAnswers { max_share: 0.01 }, rows, given)
    };
    assert_eq!(outcome(0, 1000).outcome, Outcome::Pass);
    assert_eq!(outcome(40, 1000).outcome, Outcome::Fail);
    let open = outcome(0, 100);
    assert_eq!(open.outcome, Outcome::CannotTell);
    // Wilson of none: z^2 / (n + z^2) <= 0.01 from 381 rows on.
    assert_eq!(open.settle[0].need, 381);
}
