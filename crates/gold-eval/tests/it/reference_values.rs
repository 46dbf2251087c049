//! Figures against statsmodels, SciPy and scikit-learn.
//!
//! Made by `tests/oracle/reference_values.py`, which states the versions; seed 20261105, float64. The tolerance of
//! 1e-9 is what two double-precision implementations of the same formula, one of them iterative, agree to.

use gold_eval::{
    Case, PairedCounts, PredictedRow, Predictions, Preset, calibration, holm, judge, mcnemar_exact,
    mcnemar_mid_p, mcnemar_mid_p_worse, paired_difference_interval, smallest_visible_drop, wilson,
};
use serde::Deserialize;
use task_spec::Prediction;

use crate::world::{World, rows};

#[derive(Deserialize)]
struct Fixture {
    wilson: Vec<Wilson>,
    mcnemar: Vec<McNemar>,
    tango: Vec<Tango>,
    holm: Vec<Holm>,
    visible_drop: Vec<VisibleDrop>,
    classification: Classification,
}

#[derive(Deserialize)]
struct Wilson {
    count: u64,
    of: u64,
    confidence: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct McNemar {
    gains: u64,
    losses: u64,
    exact: f64,
    mid_p: f64,
    worse: f64,
}

#[derive(Deserialize)]
struct Tango {
    #[serde(flatten)]
    counts: PairedCounts,
    confidence: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Holm {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

#[derive(Deserialize)]
struct VisibleDrop {
    rows: u64,
    alpha: f64,
    drop: Option<f64>,
}

#[derive(Deserialize)]
struct Classification {
    labels: usize,
    truth: Vec<usize>,
    answers: Vec<i64>,
    confidence: Vec<f64>,
    present: Vec<usize>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<u64>,
    macro_f1: f64,
    accuracy: f64,
    brier: f64,
    ece: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../oracle/reference_values.json")).unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() < 1e-9,
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn wilson_intervals_equal_statsmodels() {
    for case in fixture().wilson {
        let found = wilson(case.count, case.of, case.confidence);
        close(found.low, case.low, &format!("low of {}/{}", case.count, case.of));
        close(
            found.high,
            case.high,
            &format!("high of {}/{}", case.count, case.of),
        );
    }
}

#[test]
fn mcnemar_equals_statsmodels_and_scipy() {
    for McNemar {
        gains,
        losses,
        exact,
        mid_p,
        worse,
    } in fixture().mcnemar
    {
        let what = format!("{gains} gains, {losses} losses");
        close(mcnemar_exact(gains, losses), exact, &what);
        close(mcnemar_mid_p(gains, losses), mid_p, &what);
        close(mcnemar_mid_p_worse(gains, losses), worse, &what);
    }
}

#[test]
fn paired_differences_equal_a_numerical_inversion_of_the_score_test() {
    for case in fixture().tango {
        let found = paired_difference_interval(&case.counts, case.confidence);
        close(found.low, case.low, &format!("low of {:?}", case.counts));
        close(found.high, case.high, &format!("high of {:?}", case.counts));
    }
}

#[test]
fn holm_equals_statsmodels() {
    for case in fixture().holm {
        for (found, expected) in holm(&case.p).into_iter().zip(case.adjusted) {
            close(found, expected, "adjusted p");
        }
    }
}

/// The search stops at a hundred-thousandth, a thousandth of a point.
#[test]
fn visible_drops_equal_enumeration_by_scipy() {
    for case in fixture().visible_drop {
        let found = smallest_visible_drop(case.rows, case.alpha);
        let equal = match (found, case.drop) {
            (Some(found), Some(expected)) => (found - expected).abs() < 2e-5,
            (found, expected) => found == expected,
        };
        assert!(
            equal,
            "{} rows at {}: {found:?} is not {:?}",
            case.rows, case.alpha, case.drop
        );
    }
}

/// Net drops in points that are known to be visible, from a grid: each is the true one rounded up to it.
#[test]
fn visible_drops_are_those_of_the_published_grid() {
    let known = [
        (10, 53.0, 94.0),
        (30, 22.0, 42.0),
        (50, 15.0, 28.0),
        (100, 8.5, 17.0),
        (400, 3.5, 6.0),
    ];
    for (rows, alone, first_of_40) in known {
        for (alpha, expected) in [(0.05, alone), (0.05 / 40.0, first_of_40)] {
            let found = 100.0 * smallest_visible_drop(rows, alpha).unwrap();
            assert!(
                found <= expected && expected - found < 1.0,
                "{rows} rows at {alpha}: {found} points, {expected} are known"
            );
        }
    }
    for rows in 0..=8 {
        assert_eq!(smallest_visible_drop(rows, 0.05 / 40.0), None, "{rows} rows");
    }
}

#[test]
fn classification_figures_equal_scikit_learn() {
    let expected = fixture().classification;
    let supports: Vec<usize> = (0..expected.labels)
        .map(|label| expected.truth.iter().filter(|&&t| t == label).count())
        .collect();
    let world = World::new(&supports);
    // The world's rows are sorted by label; a stable sort brings the fixture's into the same order.
    let mut order: Vec<usize> = (0..expected.truth.len()).collect();
    order.sort_by_key(|&row| expected.truth[row]);
    let answers: Vec<String> = order
        .iter()
        .map(|&row| match usize::try_from(expected.answers[row]) {
            Ok(label) => format!("label-{label:02}"),
            Err(_) => "no idea".to_owned(),
        })
        .collect();
    let predicted = world
        .gold
        .rows()
        .iter()
        .zip(&answers)
        .zip(&order)
        .map(|((row, answer), &place)| PredictedRow {
            id: row.id.clone(),
            prediction: Prediction::new(answer).with_confidence(expected.confidence[place]),
        });
    let candidate = Predictions::new("adapter", &world.gold, predicted).unwrap();
    let truth = world
        .gold
        .rows()
        .iter()
        .map(|row| (row.id.clone(), row.label.clone()))
        .collect();
    let baseline = world.baseline(truth);
    let gate = Preset::ClearTheLine.config().check().unwrap();
    let report = judge(&Case::new(&world.gold, &baseline, &candidate, "now"), &gate).unwrap();

    close(
        report.candidate.score.accuracy.value,
        expected.accuracy,
        "accuracy",
    );
    close(report.candidate.score.macro_f1, expected.macro_f1, "macro F1");
    close(report.baseline.score.macro_f1, 1.0, "macro F1 of the truth");
    let found = report.calibration.as_ref().unwrap();
    close(found.brier, expected.brier, "Brier");
    close(found.ece, expected.ece, "ECE");
    assert_eq!(report.categories.len(), expected.present.len());
    for (place, label) in expected.present.iter().enumerate() {
        let name = format!("label-{label:02}");
        let category = report.categories.iter().find(|c| c.label == name).unwrap();
        assert_eq!(category.support, expected.support[place], "{name}");
        close(category.precision.unwrap(), expected.precision[place], &name);
        close(category.recall, expected.recall[place], &name);
        close(category.f1, expected.f1[place], &name);
    }
    assert_eq!(rows(&supports).len(), order.len());
    let right: Vec<(f64, bool)> = (expected.confidence.iter())
        .zip(expected.truth.iter().zip(&expected.answers))
        .map(|(&confidence, (&truth, &answer))| (confidence, usize::try_from(answer) == Ok(truth)))
        .collect();
    assert_eq!(calibration(&right, 0.95).as_ref(), report.calibration.as_ref());
}
