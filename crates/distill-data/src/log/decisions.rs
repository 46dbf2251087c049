//! OpenAI decisions, request and response on one line.
//!
//! Field names and types after the `openai` Python package, version 3.57 (`types/decision_create_params.py`,
//! `types/decision.py`). Only what is used is declared.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AnswerText, Choice, LineContent, LoggedCall,
    conversation::{AfterQuestion, Content, Input, call_of},
    exchange::Exchange,
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Request {
    model: Option<String>,
    input: Input,
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    name: Option<String>,
    instructions: Option<Content>,
    #[serde(flatten)]
    kind: QuestionKind,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum QuestionKind {
    Predicate,
    Choice {
        choices: Vec<Offered>,
    },
    Score {
        levels: Vec<Level>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Offered {
    value: Chosen,
}

#[derive(Deserialize)]
struct Level {
    label: String,
}

/// A value that is offered: a boolean is not the string of the same text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Chosen {
    Boolean(bool),
    Text(String),
}

#[derive(Deserialize)]
struct Decision {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Answer {
    Predicate {
        probability: f64,
    },
    Choice {
        choice: Chosen,
        probabilities: Vec<OfValue>,
    },
    Score {
        probabilities: Vec<OfLevel>,
    },
    Refusal,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct OfValue {
    value: Chosen,
    probability: f64,
}

#[derive(Deserialize)]
struct OfLevel {
    label: String,
    probability: f64,
}

/// Reads one line: a call for each question that is answered with a label, or for the one of that name.
pub(super) fn read(line: Map<String, Value>, wanted: Option<&str>) -> Result<LineContent, LineDamage> {
    let mut exchange = Exchange::of(line, &["input", "questions"])?;
    let request: Request = exchange.request()?;
    let (mut call, _) = call_of(request.input.turns(), None, AfterQuestion::Nothing)?;
    call.model = request.model;
    let answers = exchange
        .response::<Decision>(&mut call)?
        .map(|decision| decision.answers);
    if let Some(answers) = &answers
        && answers.len() != request.questions.len()
    {
        return Err(LineDamage::wrong_shape(format!(
            "in the response: {} answers to {} questions",
            answers.len(),
            request.questions.len()
        )));
    }
    call.check_questions(request.questions.len())?;
    call.metadata.questions = request.questions.len();
    let mut answers = answers.into_iter().flatten();
    let mut content = LineContent::default();
    for (number, question) in (1..).zip(request.questions) {
        let answer = answers.next();
        let name = question.name.clone().unwrap_or_else(|| number.to_string());
        let is_label = !matches!(question.kind, QuestionKind::Other);
        if !is_label || wanted.is_some_and(|wanted| wanted != name) {
            content.others.push(name);
            continue;
        }
        content.calls.push(of_question(&call, &name, question, answer)?);
    }
    Ok(content)
}

fn of_question(
    call: &LoggedCall,
    name: &str,
    question: Question,
    answer: Option<Answer>,
) -> Result<LoggedCall, LineDamage> {
    let instructions = question.instructions.and_then(|content| content.text().ok());
    let mut call = LoggedCall {
        system: super::joined(call.system.clone(), instructions),
        question: Some(name.to_owned()),
        ..call.clone()
    };
    let names = Names::among(&question.kind);
    call.offered = question.kind.offered(names);
    call.choices = match (answer, &question.kind) {
        (None, _) => Vec::new(),
        (Some(Answer::Refusal), _) => vec![Choice::of(Err(RejectReason::Refusal { text: String::new() }))],
        (Some(Answer::Predicate { probability }), QuestionKind::Predicate) => {
            vec![super::yes_or_no(probability)]
        }
        (
            Some(Answer::Choice {
                choice,
                probabilities,
            }),
            QuestionKind::Choice { .. },
        ) => vec![Choice {
            distribution: probabilities
                .iter()
                .map(|of| (names.of(&of.value), of.probability))
                .collect(),
            ..Choice::of(Ok(AnswerText::Chosen(names.of(&choice))))
        }],
        (Some(Answer::Score { probabilities }), QuestionKind::Score { .. }) => {
            let distribution = probabilities.into_iter().map(|of| (of.label, of.probability));
            vec![super::likeliest(distribution.collect())]
        }
        _ => {
            return Err(LineDamage::wrong_shape(format!(
                "in the response: the answer to question {name:?} is of another type"
            )));
        }
    };
    Ok(call)
}

impl QuestionKind {
    /// What is offered, as labels.
    fn offered(&self, names: Names) -> Vec<String> {
        match self {
            Self::Predicate => super::YES_OR_NO.map(str::to_owned).to_vec(),
            Self::Choice { choices } => choices.iter().map(|choice| names.of(&choice.value)).collect(),
            Self::Score { levels } => levels.iter().map(|level| level.label.clone()).collect(),
            Self::Other => Vec::new(),
        }
    }
}

/// How the values of a question are called: the text; of a boolean beside a string of the same text, the text with what it is.
#[derive(Clone, Copy)]
struct Names {
    /// Whether the strings `true` and `false` are offered.
    text_beside: [bool; 2],
}

impl Names {
    /// Looks at all that is offered once, and not once for each value: there may be as many as a line has room for.
    fn among(question: &QuestionKind) -> Self {
        let offers = |text: &str| match question {
            QuestionKind::Choice { choices } => choices
                .iter()
                .any(|choice| matches!(&choice.value, Chosen::Text(value) if value == text)),
            _ => false,
        };
        Self {
            text_beside: super::YES_OR_NO.map(offers),
        }
    }

    fn of(self, value: &Chosen) -> String {
        let boolean = match value {
            Chosen::Text(text) => return text.clone(),
            Chosen::Boolean(boolean) => *boolean,
        };
        let [beside_true, beside_false] = self.text_beside;
        match if boolean { beside_true } else { beside_false } {
            true => format!("{boolean} (boolean)"),
            false => boolean.to_string(),
        }
    }
}
