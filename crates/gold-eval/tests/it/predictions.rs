use std::fs;

use gold_eval::{JoinError, PredictedRow, Predictions, PredictionsError, predict_gold};
use stage_files::ContentHash;
use task_spec::{LabelProbability, PredictError, Prediction, Predictor};

use crate::world::{World, write_lines};

fn rows(world: &World) -> Vec<PredictedRow> {
    let rows = world.gold.rows().iter();
    rows.map(|row| PredictedRow {
        id: row.id.clone(),
        prediction: Prediction::new(&row.label).with_confidence(0.75),
    })
    .collect()
}

fn distribution(parts: &[(&str, f64)]) -> Vec<LabelProbability> {
    let part = |&(label, probability): &(&str, f64)| LabelProbability {
        label: label.to_owned(),
        probability,
    };
    parts.iter().map(part).collect()
}

fn with_first(world: &World, change: impl Fn(&mut Prediction)) -> Result<Predictions, PredictionsError> {
    let mut rows = rows(world);
    change(&mut rows[0].prediction);
    Predictions::new("adapter", &world.gold, rows)
}

#[test]
fn they_are_joined_by_id_and_written_in_the_order_of_the_gold_set() {
    let world = World::new(&[3, 5, 2]);
    let mut shuffled = rows(&world);
    shuffled.reverse();
    let predictions = Predictions::new("adapter", &world.gold, shuffled).unwrap();
    let path = world.path("predictions.jsonl");
    let hash = predictions.write(&path, &world.gold).unwrap();
    assert_eq!(&hash, predictions.answers_hash());
    assert_eq!(&ContentHash::of_file(&path).unwrap(), predictions.answers_hash());
    let opened = Predictions::open(&path, "adapter", &world.gold).unwrap();
    assert_eq!(opened.rows(), predictions.rows());
    let first = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(first, r#"{"id":"g0000","answer":"label-00","confidence":0.75}"#);
}

#[test]
fn missing_extra_and_repeated_rows_are_named() {
    let world = World::new(&[3, 5, 2]);
    let join = |rows| match Predictions::new("adapter", &world.gold, rows).unwrap_err() {
        PredictionsError::Join(error) => error,
        error => panic!("{error}"),
    };
    let all = rows(&world);
    assert_eq!(
        join(all[1..].to_vec()),
        JoinError::Missing {
            id: "g0000".to_owned(),
            others: 0
        }
    );
    let mut extra = all.clone();
    extra.extend(["x", "y"].map(|id| PredictedRow {
        id: id.to_owned(),
        ..all[0].clone()
    }));
    assert_eq!(
        join(extra),
        JoinError::Extra {
            id: "x".to_owned(),
            others: 1
        }
    );
    let mut twice = all.clone();
    twice.push(all[2].clone());
    assert_eq!(
        join(twice),
        JoinError::Duplicate {
            id: "g0002".to_owned()
        }
    );
}

#[test]
fn a_confidence_that_is_no_probability_is_named() {
    let world = World::new(&[3, 5, 2]);
    for bad in [f64::NAN, f64::INFINITY, -0.01, 1.01] {
        let error = with_first(&world, |row| row.confidence = Some(bad)).unwrap_err();
        assert!(
            matches!(&error, PredictionsError::Confidence { id, .. } if id == "g0000"),
            "{error}"
        );
        let error = with_first(&world, |row| row.outside = Some(bad)).unwrap_err();
        assert!(
            matches!(&error, PredictionsError::Confidence { id, .. } if id == "g0000"),
            "{error}"
        );
    }
}

#[test]
fn a_distribution_sums_to_one_but_for_rounding_to_four_decimals() {
    let world = World::new(&[3, 5, 2]);
    let sum = |parts: &[(&str, f64)]| with_first(&world, |row| row.probabilities = distribution(parts));
    sum(&[("label-00", 0.9), ("label-01", 0.0667), ("label-02", 0.0333)]).unwrap();
    sum(&[("label-00", 0.8995), ("label-01", 0.1)]).unwrap();
    let error = sum(&[("label-00", 0.89), ("label-01", 0.1)]).unwrap_err();
    assert!(
        matches!(&error, PredictionsError::Sum { id, .. } if id == "g0000"),
        "{error}"
    );
}

#[test]
fn many_labels_may_round_further_apart() {
    let world = World::new(&[2; 100]);
    // Each of a hundred labels is 0.00999 and rounds to 0.0100 or 0.0099: the sum may be half a per cent off.
    let even: Vec<(String, f64)> = (0..100).map(|i| (format!("label-{i:02}"), 0.010_04)).collect();
    let even: Vec<(&str, f64)> = even.iter().map(|(label, p)| (label.as_str(), *p)).collect();
    with_first(&world, |row| row.probabilities = distribution(&even)).unwrap();
}

#[test]
fn a_distribution_over_other_labels_is_named() {
    let world = World::new(&[3, 5, 2]);
    for parts in [
        [("label-00", 0.5), ("stranger", 0.5)],
        [("label-00", 0.5), ("Label 00", 0.5)],
        [("label-00", 1.5), ("label-01", -0.5)],
        [("label-00", f64::NAN), ("label-01", 0.5)],
    ] {
        let error = with_first(&world, |row| row.probabilities = distribution(&parts)).unwrap_err();
        assert!(
            matches!(&error, PredictionsError::Probability { id, .. } if id == "g0000"),
            "{error}"
        );
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_an_error_of_the_line() {
    let world = World::new(&[1, 1]);
    let path = world.path("predictions.jsonl");
    let good = r#"{"id":"g0000","answer":"label-00"}"#;
    for bad in ["NaN", "1e999", "\"high\""] {
        write_lines(
            &path,
            &[
                good,
                &format!(r#"{{"id":"g0001","answer":"label-01","confidence":{bad}}}"#),
            ],
        );
        let error = Predictions::open(&path, "adapter", &world.gold).unwrap_err();
        assert!(error.to_string().ends_with("line 2"), "{error}");
    }
}

/// Answers the label named in the question, some rows at a time; short by one answer where told so.
struct Echo {
    short: bool,
}

impl Predictor for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn predict(&self, inputs: &[&str]) -> Result<Vec<Prediction>, PredictError> {
        let answers = inputs.iter().map(|input| {
            let label = input.rsplit(' ').next().unwrap();
            Prediction::new(format!("label-{label:0>2}"))
        });
        Ok(answers.skip(usize::from(self.short)).collect())
    }
}

#[test]
fn a_predictor_is_asked_every_row_whatever_the_batch() {
    let world = World::new(&[3, 5, 2]);
    for batch in [0, 1, 3, 10, 100] {
        let predictions = predict_gold(&Echo { short: false }, &world.gold, batch).unwrap();
        assert!(
            predictions
                .rows()
                .iter()
                .zip(world.gold.rows())
                .all(|(p, row)| p.answer == row.label)
        );
    }
    let error = predict_gold(&Echo { short: true }, &world.gold, 4).unwrap_err();
    assert!(
        matches!(
            &error,
            PredictionsError::AnswerCount {
                expected: 4,
                found: 3,
                ..
            }
        ),
        "{error}"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_predictions_or_an_error(bytes in proptest::collection::vec(0_u8..=255, 0..300)) {
        let world = World::new(&[1, 1]);
        fs::write(world.path("predictions.jsonl"), bytes).unwrap();
        proptest::prop_assert!(Predictions::open(&world.path("predictions.jsonl"), "x", &world.gold).is_err());
    }
}
