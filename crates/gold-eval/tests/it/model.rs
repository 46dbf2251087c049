//! One model in every form that can be judged: it answers the first label that its question names, or else the first.

use std::{env, path::PathBuf};

use gold_eval::{ModelProcess, ProcessConfig};
#[cfg(feature = "http")]
use {
    crate::server::{Reply, Request},
    gold_eval::WireShape,
    serde_json::{Value, json},
};

pub(crate) const LABELS: [&str; 3] = ["label-00", "label-01", "label-02"];

pub(crate) fn answer_to(input: &str) -> &'static str {
    LABELS
        .into_iter()
        .find(|label| input.contains(label))
        .unwrap_or(LABELS[0])
}

/// The example `keyword_model`, which `cargo test` builds beside this binary.
pub(crate) fn process() -> ModelProcess {
    let here = env::current_exe().unwrap();
    let folder = here.ancestors().nth(2).unwrap().join("examples");
    let program: PathBuf = folder.join(format!("keyword_model{}", env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not built: `cargo test -p gold-eval` builds it, `--test it` alone does not",
        program.display()
    );
    ProcessConfig::new(program.to_str().unwrap())
        .with_args(LABELS)
        .check()
        .unwrap()
}

/// The model behind an address, in each shape: sure of its answer with 0.7.
#[cfg(feature = "http")]
pub(crate) fn speak(shape: WireShape, request: &Request) -> Reply {
    let body = &request.body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let probability = |label: &str, answer: &str| if label == answer { 0.7 } else { 0.15 };
    Reply::json(&match shape {
        WireShape::Chat => {
            let answer = answer_to(&text(
                &body["messages"].as_array().unwrap().last().unwrap()["content"],
            ));
            let tokens = json!([{"token": "a", "logprob": 0.7_f64.ln() / 2.0}, {"token": "b", "logprob": 0.7_f64.ln() / 2.0}]);
            let logprobs = (body["logprobs"] == json!(true)).then(|| json!({ "content": tokens }));
            json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop", "logprobs": logprobs,
                "message": {"role": "assistant", "content": answer, "refusal": null}}]})
        }
        WireShape::Decisions => {
            let answer = answer_to(&text(&body["input"]));
            let offered = body["questions"][0]["choices"].as_array().unwrap().iter();
            let probabilities: Vec<Value> = offered
                .map(|choice| json!({"value": choice["value"], "probability": probability(&text(&choice["value"]), answer)}))
                .collect();
            // What is called confidence here is another figure.
            json!({"model": "m", "answers": [{"type": "choice", "name": "label", "choice": answer, "confidence": 0.55,
                "probabilities": probabilities}]})
        }
        WireShape::SystemOne => {
            let answer = answer_to(&text(&body["state"]));
            let offered = body["questions"]["label"]["criteria"].as_object().unwrap().keys();
            let probabilities: serde_json::Map<String, Value> = offered
                .map(|label| (label.clone(), json!(probability(label, answer))))
                .collect();
            json!({"model": "m", "answers": {"label": {"type": "choice", "choice": answer, "confidence": 0.55,
                "probabilities": probabilities}}})
        }
        WireShape::Predict => {
            let scores = |input: &str| {
                let answer = answer_to(input);
                let mut scores: Vec<Value> = LABELS
                    .iter()
                    .map(|label| json!({"label": label, "score": probability(label, answer)}))
                    .collect();
                scores.sort_by(|a, b| {
                    b["score"]
                        .as_f64()
                        .unwrap()
                        .total_cmp(&a["score"].as_f64().unwrap())
                });
                json!(scores)
            };
            match &body["inputs"] {
                Value::String(input) => scores(input),
                batch => batch
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| scores(&text(&one[0])))
                    .collect(),
            }
        }
        WireShape::Classify => {
            let inputs: Vec<String> = match &body["input"] {
                Value::String(input) => vec![input.clone()],
                batch => batch.as_array().unwrap().iter().map(text).collect(),
            };
            // The last first: an answer goes where its index says.
            let data: Vec<Value> = inputs
                .iter()
                .enumerate()
                .rev()
                .map(|(index, input)| {
                    json!({"index": index, "label": answer_to(input), "num_classes": 3,
                    "probs": [0.7, 0.15, 0.15]})
                })
                .collect();
            json!({"object": "list", "data": data})
        }
        _ => panic!("no model speaks {shape}"),
    })
}
