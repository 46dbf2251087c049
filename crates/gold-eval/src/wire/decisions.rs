//! `POST /v1/decisions`. Field names after the `openai` Python package, version 3.57
//! (`types/decision_create_params.py`, `types/decision.py`).

use serde::Deserialize;
use serde_json::{Map, Value, json};
use task_spec::{LabelProbability, LabelSet, Prediction, Task};

use super::{QUESTION, REFUSED, WireError, object};

#[derive(Deserialize)]
pub(super) struct Decision {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Answer {
    Choice {
        choice: String,
        probabilities: Vec<OfValue>,
    },
    Refusal,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct OfValue {
    value: String,
    probability: f64,
}

pub(super) fn request(task: &Task<Option<LabelSet>>, input: &str) -> Map<String, Value> {
    let choices = (task.output.iter().flat_map(LabelSet::labels)).map(|label| match &label.description {
        Some(description) => json!({ "value": label.name, "description": description }),
        None => json!({ "value": label.name }),
    });
    let mut question = object(json!({
        "type": "choice",
        "name": QUESTION,
        "choices": choices.collect::<Vec<_>>(),
    }));
    if let Some(system) = &task.system {
        question.insert("instructions".to_owned(), json!(system));
    }
    object(json!({ "input": input, "questions": [question] }))
}

pub(super) fn answer(decision: Decision) -> Result<Prediction, WireError> {
    let found = decision.answers.len();
    let (Some(answer), 1) = (decision.answers.into_iter().next(), found) else {
        return Err(WireError::Count { expected: 1, found });
    };
    match answer {
        Answer::Choice {
            choice,
            probabilities,
        } => Ok(Prediction {
            probabilities: (probabilities.into_iter())
                .map(|entry| LabelProbability {
                    label: entry.value,
                    probability: entry.probability,
                })
                .collect(),
            ..Prediction::new(choice)
        }),
        Answer::Refusal => Ok(Prediction::new(REFUSED)),
        Answer::Other => Err(WireError::NoAnswer {
            question: QUESTION.to_owned(),
        }),
    }
}
