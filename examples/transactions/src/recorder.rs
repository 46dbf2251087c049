//! Calls in the wire shape of chat completions.

use serde::Serialize;
use serde_json::{Value, json};
use task_spec::{Message, Task};

use crate::{Case, Teacher, TeacherAnswer};

/// Writes down what was asked and what came back, as OpenAI's chat completions have it.
///
/// <https://platform.openai.com/docs/api-reference/chat/object>
#[derive(Debug)]
pub struct Recorder<'a> {
    task: &'a Task,
    teacher: &'a Teacher,
    /// The same in every request: the schema that lists the labels. It is not strict, so answers outside it happen.
    response_format: Value,
}

#[derive(Serialize)]
struct Exchange<'a> {
    request: Request<'a>,
    response: Response<'a>,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    messages: Vec<Message>,
    response_format: &'a Value,
    temperature: f64,
}

#[derive(Serialize)]
struct Response<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    usage: Usage,
    system_fingerprint: String,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: Answer<'a>,
    finish_reason: &'static str,
    logprobs: Option<()>,
}

#[derive(Serialize)]
struct Answer<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

impl<'a> Recorder<'a> {
    /// A recorder of one teacher's calls on one task.
    #[must_use]
    pub fn new(task: &'a Task, teacher: &'a Teacher) -> Self {
        let names: Vec<&str> = task.labels().names().collect();
        let response_format = json!({
            "type": "json_schema",
            "json_schema": {
                "name": "answer",
                "strict": false,
                "schema": {
                    "type": "object",
                    "properties": {
                        "category": { "type": "string", "enum": names },
                        "confidence": { "type": "number", "minimum": 0, "maximum": 1 },
                    },
                    "required": ["category", "confidence"],
                },
            },
        });
        Self {
            task,
            teacher,
            response_format,
        }
    }

    /// Asks, and writes the call as one line of JSON without its line feed. `at` is in seconds since the Unix epoch.
    ///
    /// # Panics
    ///
    /// If the case's label is not in the task's label set.
    #[must_use]
    pub fn line(&self, case: Case<'_>, ask: u64, at: i64) -> String {
        self.answered_line(case, ask, at).1
    }

    /// The answer to a case, and the call as a line of a log.
    ///
    /// # Panics
    ///
    /// If the case's label is not in the task's label set.
    #[must_use]
    pub fn answered_line(&self, case: Case<'_>, ask: u64, at: i64) -> (TeacherAnswer, String) {
        let answer = self.teacher.answer(case, ask);
        let messages = self.task.prompt(case.text);
        let exchange = Exchange {
            response: self.response(case, &answer, ask, at, &messages),
            request: Request {
                model: undated(&self.teacher.config().model),
                messages,
                response_format: &self.response_format,
                temperature: 0.2,
            },
        };
        let line = serde_json::to_string(&exchange);
        let line = line.expect("strings, integers and finite numbers are always JSON");
        (answer, line)
    }

    /// Asks, and gives what came back, as it stands under `response` in a log line.
    ///
    /// # Panics
    ///
    /// If the case's label is not in the task's label set.
    #[must_use]
    pub fn answered(&self, case: Case<'_>, ask: u64, at: i64) -> (TeacherAnswer, Value) {
        let answer = self.teacher.answer(case, ask);
        let raw = self.response(case, &answer, ask, at, &self.task.prompt(case.text));
        let raw = serde_json::to_value(&raw).expect("strings, integers and finite numbers are always JSON");
        (answer, raw)
    }

    fn response<'b>(
        &'b self,
        case: Case<'_>,
        answer: &'b TeacherAnswer,
        ask: u64,
        at: i64,
        messages: &[Message],
    ) -> Response<'b> {
        let config = self.teacher.config();
        let said = answer
            .content
            .as_deref()
            .or(answer.refusal.as_deref())
            .unwrap_or_default();
        // About four characters to a token, plus the schema, which counts too.
        let asked: usize = messages.iter().map(|message| message.content.len()).sum();
        let prompt_tokens = (asked + self.response_format.to_string().len()) / 4 + 8;
        let completion_tokens = said.len() / 4 + 2;
        let id = blake3::hash(format!("{}/{}/{ask}", config.seed, case.text).as_bytes()).to_hex();
        let print = blake3::hash(config.model.as_bytes()).to_hex();
        Response {
            id: format!("chatcmpl-{}", &id[..24]),
            object: "chat.completion",
            created: at,
            model: &config.model,
            choices: [Choice {
                index: 0,
                message: Answer {
                    role: "assistant",
                    content: answer.content.as_deref(),
                    refusal: answer.refusal.as_deref(),
                },
                finish_reason: answer.finish_reason,
                logprobs: None,
            }],
            usage: Usage {
                prompt_tokens,
                completion_tokens,
                total_tokens: prompt_tokens + completion_tokens,
            },
            system_fingerprint: format!("fp_{}", &print[..10]),
        }
    }
}

/// A model id without its date, as clients ask for it: `frontier-large-2025-05-14` is asked for as `frontier-large`.
fn undated(model: &str) -> &str {
    model
        .match_indices('-')
        .find(|(at, _)| model[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
        .map_or(model, |(at, _)| &model[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{World, task};

    #[test]
    fn a_line_has_the_shape_of_a_chat_completion() {
        let (task, teacher, world) = (task(), Teacher::of_transactions(3), World::new(3));
        let transaction = world.line("test", 0);
        let line = Recorder::new(&task, &teacher).line(transaction.case(), 0, 1_750_000_000);
        let call: Value = serde_json::from_str(&line).unwrap();
        let request = &call["request"];
        assert_eq!(request["model"], "frontier-large");
        assert_eq!(request["messages"][0]["role"], "system");
        assert_eq!(request["messages"][1]["content"], transaction.text);
        let response = &call["response"];
        assert_eq!(response["object"], "chat.completion");
        assert_eq!(response["model"], "frontier-large-2025-05-14");
        assert_eq!(response["created"], 1_750_000_000);
        let choice = &response["choices"][0];
        assert_eq!(choice["finish_reason"], "stop");
        assert_eq!(choice["message"]["refusal"], Value::Null);
        let content: Value = serde_json::from_str(choice["message"]["content"].as_str().unwrap()).unwrap();
        assert!(
            content["category"].is_string() && content["confidence"].is_f64(),
            "{content}"
        );
    }

    #[test]
    fn the_answer_alone_is_the_answer_of_the_line() {
        let (task, teacher, world) = (task(), Teacher::of_transactions(3), World::new(3));
        let recorder = Recorder::new(&task, &teacher);
        for index in 0..50 {
            let transaction = world.line("test", index);
            let call: Value = serde_json::from_str(&recorder.line(transaction.case(), index, 5)).unwrap();
            assert_eq!(
                call["response"],
                recorder.answered(transaction.case(), index, 5).1
            );
        }
    }
}
