//! `POST /predict`, as text-embeddings-inference has it (`router/src/http/types.rs`).

use serde::Deserialize;
use serde_json::{Map, Value, json};
use task_spec::{LabelProbability, Prediction};

use super::{WireError, object};

#[derive(Deserialize)]
pub(super) struct Score {
    label: String,
    score: f64,
}

/// One input is answered by its scores, a batch by a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Body {
    Batch(Vec<Vec<Score>>),
    Single(Vec<Score>),
}

/// A list of two strings is a pair there, so that a batch is a list of lists.
pub(super) fn request(inputs: &[&str]) -> Map<String, Value> {
    let inputs = match inputs {
        [input] => json!(input),
        many => json!(many.iter().map(|input| [input]).collect::<Vec<_>>()),
    };
    // Whether a long input is cut is the server's to say: left alone, it refuses one.
    object(json!({ "inputs": inputs }))
}

pub(super) fn answers(body: Body) -> Result<Vec<Prediction>, WireError> {
    let rows = match body {
        Body::Single(scores) if scores.is_empty() => Vec::new(),
        Body::Single(scores) => vec![scores],
        Body::Batch(rows) => rows,
    };
    let rows = (1..).zip(rows);
    rows.map(|(number, scores)| answer(number, scores)).collect()
}

fn answer(number: usize, scores: Vec<Score>) -> Result<Prediction, WireError> {
    // Best first, they say; the first of equals is taken.
    let best = scores.iter().rev().max_by(|a, b| a.score.total_cmp(&b.score));
    let Some(best) = best else {
        return Err(WireError::NoLabel { number });
    };
    let answer = Prediction::new(&best.label).with_confidence(best.score);
    Ok(Prediction {
        probabilities: (scores.into_iter())
            .map(|entry| LabelProbability {
                label: entry.label,
                probability: entry.score,
            })
            .collect(),
        ..answer
    })
}
