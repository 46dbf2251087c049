//! Answers: a byte for the format, then what the teacher wrote.

use distill_data::{AnswerFormat, ConfidenceScale, FieldPath, LogFormat};
use serde_json::json;

use crate::curation::{LABELS, curated};

/// The answer is a label of the task or a rejection, and a label as it stands is that label.
pub fn holds(data: &[u8]) {
    let Some((&which, answer)) = data.split_first() else {
        return;
    };
    let Ok(answer) = std::str::from_utf8(answer) else {
        return;
    };
    let path = |path: &str| FieldPath::new(path).expect("the path is written well");
    let format = match which % 4 {
        0 => AnswerFormat::Text,
        1 => AnswerFormat::json(),
        2 => AnswerFormat::Json {
            label: path("/answers/0/label"),
            confidence: Some(path("answers.0.sure")),
            scale: ConfidenceScale::Percent,
        },
        _ => AnswerFormat::Json {
            label: path("answers.label"),
            confidence: None,
            scale: ConfidenceScale::Unit,
        },
    };
    // Tokens that spell the answer, and do not end where its letters do.
    let tokens: Vec<_> = answer
        .as_bytes()
        .chunks(3)
        .map(|bytes| json!({"token": "", "bytes": bytes, "logprob": -0.1}))
        .collect();
    let line = json!({"messages": [{"role": "user", "content": "what is it"}], "response": {"choices": [
        {"message": {"content": answer}, "logprobs": {"content": tokens}}]}});
    let log = LogFormat::by_name("openai-chat").expect("there is such a format");
    let found = curated(line.to_string().as_bytes(), &log, &format);
    assert_eq!(found.train.len() + found.rejected.len(), 1);
    if format == AnswerFormat::Text && LABELS.contains(&answer.trim()) {
        assert_eq!(found.train[0].example.answer(), Some(answer.trim()));
    }
    if let Some(row) = found.train.first()
        && format == AnswerFormat::Text
    {
        let reported = row.reported.expect("the tokens are those of the answer");
        assert_eq!(reported.kind.as_str(), "token-logprobs");
    }
}
