use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use task_spec::Served;

use super::*;
use crate::{RelabelConfig, RelabelReason};

fn row(id: &str, agrees: bool, probability: Option<f64>) -> (RelabelRow, (String, String)) {
    let row = RelabelRow {
        id: id.to_owned(),
        input: String::new(),
        predicted: "x".to_owned(),
        confidence: None,
        reason: RelabelReason::Random,
        sampling_probability: probability,
    };
    (row, (id.to_owned(), if agrees { "x" } else { "y" }.to_owned()))
}

#[test]
fn rows_are_weighted_by_one_over_their_probability_and_picked_rows_do_not_count() {
    let rows = [
        row("1", true, Some(0.1)),
        row("2", false, Some(0.5)),
        row("3", true, Some(0.5)),
        row("4", false, None),
    ];
    let (rows, teacher): (Vec<_>, BTreeMap<_, _>) = rows.into_iter().unzip();
    let found = estimate_live_accuracy(&rows, &teacher, 0.95).unwrap();
    assert!((found.agreement.share - 12.0 / 14.0).abs() < 1e-12);
    assert_eq!((found.rows, found.unanswered), (3, 0));
}

#[test]
fn rows_drawn_alike_give_the_plain_wilson_interval_but_for_one_row() {
    let rows = (0..200).map(|i| row(&i.to_string(), i >= 10, Some(0.04)));
    let (rows, teacher): (Vec<_>, BTreeMap<_, _>) = rows.unzip();
    let found = estimate_live_accuracy(&rows, &teacher, 0.95).unwrap();
    assert!((found.effective_rows - 199.0).abs() < 1e-9);
    let plain = Share::wilson(0.95, 199.0, 0.95);
    assert!(
        (found.agreement.low - plain.low).abs() < 1e-12 && (found.agreement.high - plain.high).abs() < 1e-12
    );
}

#[test]
fn full_agreement_is_not_certainty() {
    let (rows, teacher): (Vec<_>, BTreeMap<_, _>) =
        (0..20).map(|i| row(&i.to_string(), true, Some(0.2))).unzip();
    let found = estimate_live_accuracy(&rows, &teacher, 0.95).unwrap().agreement;
    assert!(found.share == 1.0 && (0.8..0.9).contains(&found.low), "{found:?}");
}

#[test]
fn what_cannot_be_estimated_is_an_error() {
    let (picked, _) = row("1", true, None);
    let error = estimate_live_accuracy(&[picked], &BTreeMap::new(), 0.95).unwrap_err();
    assert_eq!(error, LiveAccuracyError::NoAnswers { drawn: 0 });
    for found in [0.0, 1e-300, 1.5, f64::NAN] {
        let (bad, _) = row("1", true, Some(found));
        let error = estimate_live_accuracy(&[bad], &BTreeMap::new(), 0.95).unwrap_err();
        assert!(matches!(error, LiveAccuracyError::Probability { .. }));
    }
    assert!(matches!(
        estimate_live_accuracy(&[], &BTreeMap::new(), 1.0),
        Err(LiveAccuracyError::Level { .. })
    ));
}

/// 200 windows of a service whose confidence is honest: a 95% interval may miss 10 times on average, and 21
/// is 3.6 standard deviations more. The draw by doubt must also be worth its while: the intervals are
/// narrower than those of as many rows drawn alike.
#[test]
fn intervals_cover_as_often_as_they_say_and_drawing_by_doubt_narrows_them() {
    let mut random = ChaCha8Rng::seed_from_u64(17);
    let (mut missed, mut width, mut width_alike) = (0, 0.0, 0.0);
    for seed in 0..200 {
        let mut teacher = BTreeMap::new();
        let window: Vec<Served> = (0..600)
            .map(|i| {
                let confidence = 1.0 - 0.7 * random.random::<f64>().powi(8);
                let agrees = random.random::<f64>() < confidence;
                teacher.insert(i.to_string(), if agrees { "x" } else { "y" }.to_owned());
                Served {
                    id: i.to_string(),
                    at: seed,
                    input: String::new(),
                    label: "x".to_owned(),
                    confidence,
                    outside: None,
                    adapter: String::new(),
                }
            })
            .collect();
        let truth = window.iter().map(|row| row.confidence).sum::<f64>() / 600.0;
        let estimate = |confident_rate| {
            let config = RelabelConfig {
                budget: 120,
                random_share: 1.0,
                findings_share: 0.0,
                confident_rate,
                seed: seed as u64,
            };
            let rows = config.check().unwrap().choose(&window, &[]);
            estimate_live_accuracy(&rows, &teacher, 0.95).unwrap().agreement
        };
        let (by_doubt, alike) = (estimate(0.4), estimate(1.0));
        missed += u32::from(!(by_doubt.low..=by_doubt.high).contains(&truth));
        width += by_doubt.high - by_doubt.low;
        width_alike += alike.high - alike.low;
    }
    println!(
        "missed {missed} of 200; width {:.4} by doubt, {:.4} alike",
        width / 200.0,
        width_alike / 200.0
    );
    assert!(missed <= 21, "{missed}");
    assert!(width < 0.9 * width_alike, "{width} {width_alike}");
}
