//! The headline figures of one model.

use serde::{Deserialize, Serialize};

use crate::{GoldSet, Share};

/// How well one model answers the gold set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The model's name.
    pub name: String,
    /// Rows that are right.
    pub accuracy: Share,
    /// The mean of the categories' F1, each category with gold rows counting the same.
    pub macro_f1: f64,
    /// Answers that mean no label of the task; all of them are wrong.
    pub outside: u64,
}

impl Score {
    pub(crate) fn new(name: &str, answers: &[Option<usize>], gold: &GoldSet, confidence: f64) -> Self {
        let right = gold
            .truth()
            .iter()
            .zip(answers)
            .filter(|(truth, answer)| **answer == Some(**truth));
        Self {
            name: name.to_owned(),
            accuracy: Share::new(right.count() as u64, answers.len() as u64, confidence)
                .expect("a gold set has rows, and there is an answer to each"),
            macro_f1: macro_f1(gold.truth(), answers, gold.labels().len()),
            outside: answers.iter().filter(|answer| answer.is_none()).count() as u64,
        }
    }
}

/// The mean F1 of the labels that occur in `truth`; answers of `None` are wrong and belong to no label.
fn macro_f1(truth: &[usize], answers: &[Option<usize>], labels: usize) -> f64 {
    let (mut right, mut support, mut predicted) =
        (vec![0_u64; labels], vec![0_u64; labels], vec![0_u64; labels]);
    for (&truth, &answer) in truth.iter().zip(answers) {
        support[truth] += 1;
        if let Some(answer) = answer {
            predicted[answer] += 1;
            right[truth] += u64::from(answer == truth);
        }
    }
    let f1: Vec<f64> = (0..labels)
        .filter(|&label| support[label] > 0)
        .map(|label| 2.0 * right[label] as f64 / (support[label] + predicted[label]) as f64)
        .collect();
    f1.iter().sum::<f64>() / f1.len() as f64
}
