//! What lm-evaluation-harness writes with `--log_samples`: a line for each document (version 0.4.13,
//! `EvaluationTracker.save_results_samples`), in which numbers may stand as text.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use task_spec::{LabelProbability, Prediction};

use super::AnswerFileError;
use crate::{PredictedRow, TimedRow};

#[derive(Deserialize)]
struct Sample {
    doc: Map<String, Value>,
    #[serde(default)]
    arguments: Value,
    filtered_resps: Vec<Value>,
}

pub(super) fn read(path: &Path) -> Result<Vec<TimedRow>, AnswerFileError> {
    let samples: Vec<Sample> = stage_files::read_json_lines(path)?;
    let samples = (1..).zip(samples);
    samples
        .map(|(number, sample)| row(path, number, &sample))
        .collect()
}

fn row(path: &Path, number: u64, sample: &Sample) -> Result<TimedRow, AnswerFileError> {
    let id = match sample.doc.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => {
            return Err(AnswerFileError::NoId {
                path: path.to_owned(),
                number,
                missing: "its document has no field `id`: put the gold row's id into the task's data, for doc_id is \
                          only a position",
            });
        }
    };
    let without = |reason: &str| AnswerFileError::NoAnswer {
        path: path.to_owned(),
        id: id.clone(),
        reason: reason.to_owned(),
    };
    let prediction = match &sample.filtered_resps[..] {
        [Value::String(text)] => Prediction::new(text.trim()),
        // Repeats of a generation that no filter joined.
        [Value::Array(texts)] if texts.len() == 1 && texts[0].is_string() => {
            Prediction::new(texts[0].as_str().unwrap_or_default().trim())
        }
        responses => multiple_choice(responses, &sample.arguments)
            .ok_or_else(|| without("its response is neither one text nor the log-likelihoods of choices"))?,
    };
    Ok(TimedRow {
        row: PredictedRow { id, prediction },
        latency_ms: None,
        cost_usd: None,
    })
}

/// The likeliest continuation, with the softmax of the log-likelihoods over the choices.
fn multiple_choice(responses: &[Value], arguments: &Value) -> Option<Prediction> {
    // A response is [log-likelihood, whether it would have been said], or the first of the two.
    let log_likelihood = |response: &Value| {
        let number = response.as_array().map_or(Some(response), |pair| pair.first())?;
        let value = match number {
            Value::String(text) => text.parse().ok()?,
            other => other.as_f64()?,
        };
        Some(value).filter(|value: &f64| value.is_finite())
    };
    let logs: Vec<f64> = responses.iter().map(log_likelihood).collect::<Option<_>>()?;
    let continuations = continuations(arguments)?;
    if logs.len() < 2 || continuations.len() != logs.len() {
        return None;
    }
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|log| (log - highest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let mut probabilities: Vec<LabelProbability> = (continuations.into_iter().zip(weights))
        .map(|(label, weight)| LabelProbability {
            label,
            probability: weight / sum,
        })
        .collect();
    // Stable, so that the first of equals stays the first, as the harness takes it.
    probabilities.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let best = probabilities.first()?;
    let answer = Prediction::new(&best.label).with_confidence(best.probability);
    Some(Prediction {
        probabilities,
        ..answer
    })
}

/// What was scored after the question: the second argument of each request.
fn continuations(arguments: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(|text| text.trim().to_owned());
    match arguments {
        Value::Array(requests) => requests.iter().map(|request| text(request.get(1)?)).collect(),
        Value::Object(requests) => (0..requests.len())
            .map(|number| text(requests.get(&format!("gen_args_{number}"))?.get("arg_1")?))
            .collect(),
        _ => None,
    }
}
