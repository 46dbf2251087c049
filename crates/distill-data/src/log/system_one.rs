//! System One calls, request and response on one line.
//!
//! Field names and types after the `typesafe-sdk` Python package, version 0.7.5 (`_schemas/models.py`, made from the
//! service's OpenAPI description). Only what is used is declared.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{AnswerText, Choice, FieldPath, LineContent, LoggedCall, exchange::Exchange};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Request {
    model: Option<String>,
    state: Value,
    questions: BTreeMap<String, Question>,
}

#[derive(Deserialize)]
struct Question {
    #[serde(rename = "type")]
    kind: String,
    instructions: Option<Value>,
    criteria: Option<Value>,
}

#[derive(Deserialize)]
struct SystemOne {
    answers: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Answer {
    Choice {
        choice: String,
        probabilities: BTreeMap<String, f64>,
    },
    Score {
        probabilities: BTreeMap<String, f64>,
    },
    Noul {
        noul: f64,
    },
    /// A box in an image, or what comes to be one day.
    #[serde(other)]
    Other,
}

/// Reads one line: a call for each question that is answered with a label, or for the one of that name.
pub(super) fn read(
    line: Map<String, Value>,
    wanted: Option<&str>,
    input: Option<&FieldPath>,
) -> Result<LineContent, LineDamage> {
    let mut exchange = Exchange::of(line, &["state", "questions"])?;
    let request: Request = exchange.request()?;
    let state = match input {
        None => Some(&request.state),
        Some(path) => path.of(&request.state),
    };
    let mut call = LoggedCall {
        model: request.model,
        // What is not there is a blank question.
        input: state.map(text).unwrap_or_default(),
        ..LoggedCall::default()
    };
    let answered: Option<SystemOne> = exchange.response(&mut call)?;
    call.check_questions(request.questions.len())?;
    call.metadata.questions = request.questions.len();
    let mut answers = answered.map(|answered| answered.answers).unwrap_or_default();
    let mut content = LineContent::default();
    for (name, question) in request.questions {
        let answer = answers.remove(&name);
        let is_label = matches!(question.kind.as_str(), "choice" | "score" | "noul");
        if !is_label || wanted.is_some_and(|wanted| wanted != name) {
            content.others.push(name);
            continue;
        }
        let mut call = LoggedCall {
            system: question.instructions.as_ref().map(text),
            question: Some(name.clone()),
            offered: offered(&question),
            ..call.clone()
        };
        if let Some(answer) = answer {
            call.choices = vec![choice(answer, &question, &name)?];
        } else if call.fault.is_none() {
            let detail = format!("no answer to question {name:?}");
            call.fault = Some(RejectReason::FailedCall { detail });
        }
        content.calls.push(call);
    }
    Ok(content)
}

/// Text as it is, other JSON in its shortest form, with the keys of objects in their order.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn offered(question: &Question) -> Vec<String> {
    match (question.kind.as_str(), &question.criteria) {
        ("choice", Some(Value::Object(criteria))) => criteria.keys().cloned().collect(),
        ("score", Some(Value::Array(levels))) => levels.iter().enumerate().map(level).collect(),
        ("noul", _) => super::YES_OR_NO.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }
}

/// A level by its description, if that is text, else by its number.
fn level((number, description): (usize, &Value)) -> String {
    match description {
        Value::String(text) => text.clone(),
        _ => number.to_string(),
    }
}

fn choice(answer: Answer, question: &Question, name: &str) -> Result<Choice, LineDamage> {
    match (answer, question.kind.as_str()) {
        (
            Answer::Choice {
                choice,
                probabilities,
            },
            "choice",
        ) => Ok(Choice {
            distribution: probabilities.into_iter().collect(),
            ..Choice::of(Ok(AnswerText::Chosen(choice)))
        }),
        (Answer::Score { probabilities }, "score") => {
            let levels = offered(question);
            let named = |(number, probability): (String, f64)| {
                let level = number.parse().ok().and_then(|number: usize| levels.get(number));
                (level.cloned().unwrap_or(number), probability)
            };
            Ok(super::likeliest(probabilities.into_iter().map(named).collect()))
        }
        (Answer::Noul { noul }, "noul") => Ok(super::yes_or_no(noul)),
        _ => Err(LineDamage::wrong_shape(format!(
            "in the response: the answer to question {name:?} is of another type"
        ))),
    }
}
