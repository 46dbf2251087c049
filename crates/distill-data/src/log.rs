//! Log files, line by line, as calls.

mod call;
mod chat_completion;
mod field_map;
mod field_path;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stage_files::{FileError, Lines};

pub(crate) use call::{AnswerText, Choice, LoggedCall};
pub use field_map::FieldMap;
pub use field_path::{FieldPath, FieldPathError};

use crate::quarantine::{LineDamage, QuarantinedLine};

/// A log file and how it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogFile {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub format: LogFormat,
    /// What a row with a call in this log counts in the loss, above 0, times what the number of its calls makes
    /// of it; of several logs the greatest counts. 1 unless said otherwise.
    pub weight: f64,
}

impl LogFile {
    /// A file of a format.
    pub fn new(path: impl Into<PathBuf>, format: LogFormat) -> Self {
        Self {
            path: path.into(),
            format,
            weight: 1.0,
        }
    }

    /// Lets each row count as several, for a log that stands for more traffic than it has calls: rows that were
    /// drawn from a drifted stream to be asked again are few beside a year's log, and the stream is what the
    /// model will meet (importance weighting, Shimodaira 2000).
    #[must_use]
    pub fn with_weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    /// The name of the file in every output: its path as given.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// How a log is written: one call a line, in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "there is one for each log file")]
pub enum LogFormat {
    /// Requests and responses of OpenAI's `POST /v1/chat/completions`
    /// (<https://platform.openai.com/docs/api-reference/chat/create>), in one of three layouts, told apart by
    /// their keys line by line:
    ///
    /// - `{"request": {"messages": …}, "response": {"choices": …}}`;
    /// - `{"messages": …, "response": {"choices": …}}`, the request's fields beside the response;
    /// - either of them in the wrapping of the batch API, `"response": {"status_code": 200, "body": …}` and
    ///   `"body"` for the request (<https://platform.openai.com/docs/api-reference/batch/request-output>).
    ///
    /// What is read:
    ///
    /// | field | as |
    /// |---|---|
    /// | `messages[].role` | `system` and `developer` are instructions, all of them; the last `user` turn is the question |
    /// | `messages[].content` | a string, or parts of type `text`; a part of another type makes the call no text |
    /// | `choices[]` | with n > 1 they are votes of one row, not rows |
    /// | `choices[].message.content` | the answer: a string, `null` or parts |
    /// | `choices[].message.refusal` | a refusal, whatever the content |
    /// | `choices[].message.tool_calls[0].function.arguments` | the answer where there is no content and one call |
    /// | `choices[].finish_reason` | `length` and `content_filter` mean a truncated answer |
    /// | `choices[].logprobs.content[]` | the probability of the tokens that spell the label |
    /// | `model`, `id` | of the response; the model of the request where the response has none |
    ///
    /// Other fields are passed over.
    OpenaiChat,
    /// Objects with the fields of a map.
    Jsonl(FieldMap),
}

/// Reads a log from beginning to end in memory bounded by its longest line.
///
/// `each` gets the line's number and what is on it.
pub(crate) fn read_log(
    log: &LogFile,
    mut each: impl FnMut(u64, Result<LoggedCall, QuarantinedLine>),
) -> Result<(), FileError> {
    let name = log.name();
    for line in Lines::open(Path::new(&log.path))? {
        let line = line?;
        let found = match &line.text {
            Ok(text) => read_line(text, &log.format)
                .map_err(|damage| QuarantinedLine::new(&name, line.number, damage, text)),
            Err(bad) => Err(QuarantinedLine::new(&name, line.number, bad.into(), "")),
        };
        each(line.number, found);
    }
    Ok(())
}

fn read_line(text: &str, format: &LogFormat) -> Result<LoggedCall, LineDamage> {
    // Some producers put a byte order mark before the first line.
    let text = text.trim_start_matches('\u{feff}');
    let line: Value = serde_json::from_str(text).map_err(|error| LineDamage::not_json(&error))?;
    if !line.is_object() {
        return Err(LineDamage::wrong_shape("the line is JSON but no object"));
    }
    match format {
        LogFormat::OpenaiChat => chat_completion::read(line),
        LogFormat::Jsonl(map) => map.read(&line),
    }
}

#[cfg(test)]
mod tests;
