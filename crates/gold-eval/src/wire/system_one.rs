//! `POST /v1/systemone`. Field names after the `typesafe-sdk` Python package, version 0.7.5 (`_schemas/models.py`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use task_spec::{LabelProbability, LabelSet, Prediction, Task};

use super::{QUESTION, WireError, object};

#[derive(Deserialize)]
pub(super) struct SystemOne {
    answers: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Answer {
    // Its `confidence` is (K p - 1) / (K - 1) for K labels and the probability p of the best, and so not used.
    Choice {
        choice: String,
        probabilities: BTreeMap<String, f64>,
    },
    #[serde(other)]
    Other,
}

pub(super) fn request(task: &Task<Option<LabelSet>>, input: &str) -> Map<String, Value> {
    let criteria: Map<String, Value> = (task.output.iter().flat_map(LabelSet::labels))
        .map(|label| (label.name.clone(), json!(label.description)))
        .collect();
    let mut question = object(json!({ "type": "choice", "criteria": criteria }));
    if let Some(system) = &task.system {
        question.insert("instructions".to_owned(), json!(system));
    }
    object(json!({ "state": input, "questions": { QUESTION: question } }))
}

pub(super) fn answer(mut body: SystemOne) -> Result<Prediction, WireError> {
    match body.answers.remove(QUESTION) {
        Some(Answer::Choice {
            choice,
            probabilities,
        }) => Ok(Prediction {
            probabilities: (probabilities.into_iter())
                .map(|(label, probability)| LabelProbability { label, probability })
                .collect(),
            ..Prediction::new(choice)
        }),
        Some(Answer::Other) | None => Err(WireError::NoAnswer {
            question: QUESTION.to_owned(),
        }),
    }
}
