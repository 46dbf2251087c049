//! `POST /classify`, as vLLM has it (`ClassificationResponse`).

use serde::Deserialize;
use serde_json::{Map, Value, json};
use task_spec::Prediction;

use super::{WireError, object};

#[derive(Deserialize)]
pub(super) struct Body {
    data: Vec<Class>,
}

/// The probabilities have no names, so that only the best one can be told.
#[derive(Deserialize)]
struct Class {
    index: usize,
    label: Option<String>,
    probs: Vec<f64>,
}

pub(super) fn request(inputs: &[&str]) -> Map<String, Value> {
    let inputs = match inputs {
        [input] => json!(input),
        many => json!(many),
    };
    object(json!({ "input": inputs }))
}

/// Each answer goes where its index says.
pub(super) fn answers(body: Body, asked: usize) -> Result<Vec<Prediction>, WireError> {
    let found = body.data.len();
    let mut answers: Vec<Option<Prediction>> = vec![None; asked];
    for class in body.data {
        let number = class.index.saturating_add(1);
        let label = class.label.ok_or(WireError::NoLabel { number })?;
        let best = class.probs.into_iter().max_by(f64::total_cmp);
        if let Some(slot) = answers.get_mut(class.index) {
            *slot = Some(Prediction {
                confidence: best,
                ..Prediction::new(label)
            });
        }
    }
    let answers: Vec<Prediction> = answers.into_iter().flatten().collect();
    match answers.len() == asked && found == asked {
        true => Ok(answers),
        false => Err(WireError::Count {
            expected: asked,
            found: answers.len().min(found),
        }),
    }
}
