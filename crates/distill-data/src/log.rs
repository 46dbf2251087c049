//! Log files, line by line, as calls.

mod anthropic;
mod bedrock;
mod call;
mod chat_completion;
mod conversation;
mod csv_rows;
mod decisions;
mod exchange;
mod field_map;
mod field_path;
mod fine_tune;
mod langfuse;
mod langsmith;
mod loose;
mod many_values;
mod metadata;
mod open_telemetry;
mod parquet;
mod responses;
mod scores;
mod streamed;
mod system_one;
mod tensorzero;
mod token_logprob;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stage_files::{ContentHash, FileError, Line, Lines};

pub(crate) use call::{AnswerText, Choice, LineContent, LoggedCall};
pub use csv_rows::CsvTable;
pub use field_map::FieldMap;
pub use field_path::{FieldPath, FieldPathError};
pub(crate) use metadata::CallMetadata;
use open_telemetry::Telemetry;
use scores::Scores;
pub use scores::{ScoresFile, ScoresRecord};

use crate::{
    quarantine::{LineDamage, QuarantinedLine},
    rejected::RejectReason,
};

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
    /// What was said of its answers in a file of its own, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<ScoresFile>,
}

impl LogFile {
    /// A file of a format.
    pub fn new(path: impl Into<PathBuf>, format: LogFormat) -> Self {
        Self {
            path: path.into(),
            format,
            weight: 1.0,
            scores: None,
        }
    }

    /// Adds a file of scores, joined to the calls by their ids.
    #[must_use]
    pub fn with_scores(mut self, scores: ScoresFile) -> Self {
        self.scores = Some(scores);
        self
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

/// How a log is written: a JSON object a line, with one call or several, or a table.
///
/// A file that begins with `PAR1` is in Parquet, whatever its name. With the feature `parquet` its rows are lines, numbered from
/// 1, and their columns the fields of any of these formats; without the feature it is an error that says so.
///
/// Of two fields of one name in an object the last counts, as for the JSON of JavaScript and Python, and so for the clients
/// that the providers publish (RFC 8259, section 4, leaves it open).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LogFormat {
    /// Requests and responses of OpenAI's `POST /v1/chat/completions`
    /// (<https://platform.openai.com/docs/api-reference/chat/create>), in one of four layouts, told apart by
    /// their keys line by line:
    ///
    /// - `{"request": {"messages": …}, "response": {"choices": …}}`;
    /// - `{"messages": …, "response": {"choices": …}}`, the request's fields beside the response;
    /// - either of them in the wrapping of the batch API, `"response": {"status_code": 200, "body": …}` and
    ///   `"body"` for the request (<https://platform.openai.com/docs/api-reference/batch/request-output>);
    /// - `{"choices": …, "messages": …}`, a stored completion with its messages
    ///   (<https://platform.openai.com/docs/api-reference/chat/list>), whose `content_parts` stand for a `content` of `null`.
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
    /// | `created`, `system_fingerprint`, `service_tier` | when, and by which version of the service |
    /// | `usage.prompt_tokens`, `usage.completion_tokens`, `usage.prompt_tokens_details.cached_tokens` | tokens read, written, and read out of a cache |
    /// | `timestamp`, `time`, `created_at` or `created` of the line | when, where the response has no time: seconds, milliseconds, microseconds or nanoseconds since 1970, or RFC 3339 |
    /// | `latency_ms` or `duration_ms` of the line | from request to answer |
    ///
    /// Other fields are passed over. A response that was streamed may stand as the list of its events, or as the text of the
    /// stream; one that broke off is a failed call. So it is for `OpenaiResponses`, `AnthropicMessages` and `Bedrock`.
    OpenaiChat,
    /// Requests and responses of OpenAI's `POST /v1/responses`
    /// (<https://platform.openai.com/docs/api-reference/responses>), in the layouts of
    /// [`OpenaiChat`](Self::OpenaiChat).
    ///
    /// | field | as |
    /// |---|---|
    /// | `input` | a string is the question; of items the last `user` message is |
    /// | `instructions`, `system` and `developer` messages | instructions |
    /// | `output[]` of type `message` | the answer: the `output_text` of all, but of `phase` `commentary` |
    /// | `output[]` of type `function_call` | the answer where there is no text and one call |
    /// | `output[].content[].refusal` | a refusal |
    /// | `status`, `incomplete_details.reason` | `incomplete` means a truncated answer, another than `completed` a failed call |
    /// | `output[].content[].logprobs[]` | the probability of the tokens that spell the label, where asked for |
    /// | `model`, `id` | of the response |
    /// | `created_at`, `service_tier`, `usage` | when and how much; `input_tokens`, `output_tokens`, `input_tokens_details.cached_tokens` |
    OpenaiResponses,
    /// Requests and responses of OpenAI's `POST /v1/decisions`, in the layouts of [`OpenaiChat`](Self::OpenaiChat). Each
    /// question is a call of its own.
    ///
    /// | field | as |
    /// |---|---|
    /// | `input` | a string is the question; of messages the last of the role `user` is |
    /// | `questions[].instructions`, `system` and `developer` messages | instructions |
    /// | `questions[].choices[].value`, `levels[].label` | what could be answered; `true` and `false` of a predicate |
    /// | `answers[].choice` | the label; of a score the level with the highest probability, of a predicate `true` from 0.5 |
    /// | `answers[].probabilities`, `answers[].probability` | the whole distribution: soft labels and the confidence |
    /// | `answers[]` of type `refusal` | a refusal |
    /// | `model` | of the response |
    /// | `usage` | tokens of the whole request, which its questions share |
    /// | `id`, `request_id` or `custom_id` of the line | the call's id: the response has none |
    ///
    /// A boolean value is the label `true` or `false`, and `true (boolean)` beside a string of that text.
    OpenaiDecisions {
        /// The name of the task's question, or its number from 1 where it has none. Without it all questions are read of
        /// which the task knows an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<String>,
    },
    /// Requests and responses of `POST /v1/systemone` (<https://docs.typesafe.ai>), in the layouts of
    /// [`OpenaiChat`](Self::OpenaiChat). Each question is a call of its own.
    ///
    /// | field | as |
    /// |---|---|
    /// | `state` | the question: text as it is, other JSON in its shortest form |
    /// | `questions.*.instructions` | instructions |
    /// | `questions.*.criteria` | what could be answered: the keys of a `choice`, the levels of a `score` by their text; `true` and `false` of a `noul` |
    /// | `answers.*.choice` | the label; of a `score` the level with the highest probability, of a `noul` `true` from 0.5 |
    /// | `answers.*.probabilities`, `answers.*.noul` | the whole distribution: soft labels and the confidence. The service rounds, so that sums of 0.98 to 1.02 pass |
    /// | `model` | of the response |
    ///
    /// `usage` is of the whole request, which its questions share. `answers.*.confidence` is no probability, and is not read; questions of other types (`box`) have no label.
    SystemOne {
        /// The name of the task's question. Without it all questions are read of which the task knows an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<String>,
        /// Where in the state the question stands, if it is not the whole of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<FieldPath>,
    },
    /// Requests and responses of Anthropic's `POST /v1/messages`
    /// (<https://docs.anthropic.com/en/api/messages>), in the layouts of [`OpenaiChat`](Self::OpenaiChat) or in the wrapping
    /// of message batches, `"params"` and `"result": {"type": "succeeded", "message": …}`
    /// (<https://docs.anthropic.com/en/api/creating-message-batches>).
    ///
    /// | field | as |
    /// |---|---|
    /// | `system` | instructions: a string or blocks |
    /// | `messages[]` | the last `user` turn is the question; an `assistant` turn after it is the beginning of the answer |
    /// | `content[]` | the answer: the `input` of the only `tool_use`, else all `text` |
    /// | `stop_reason` | `refusal` is a refusal; `max_tokens`, `model_context_window_exceeded` and `pause_turn` mean a truncated answer |
    /// | `model`, `id` | of the response |
    /// | `usage` | `input_tokens` and, which are counted apart from them, `cache_read_input_tokens` and `cache_creation_input_tokens`; `output_tokens`, `service_tier` |
    ///
    /// It holds no confidence and no time: the line may have one, as in [`OpenaiChat`](Self::OpenaiChat).
    AnthropicMessages,
    /// Amazon Bedrock's model invocation log
    /// (<https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>).
    ///
    /// | field | as |
    /// |---|---|
    /// | `input.inputBodyJson`, `output.outputBodyJson` | request and response, JSON or JSON in a string: of `Converse` and Amazon Nova, of Anthropic, of OpenAI's chat completions, told apart by their keys |
    /// | `inputBodyS3Path`, `outputBodyS3Path` | the body lies elsewhere, and the call is set aside |
    /// | `errorCode` | a failed call |
    /// | `requestId`, `modelId` | where the body has none |
    /// | `timestamp`, `input.inputTokenCount`, `output.outputTokenCount`, `metrics.latencyMs` | when, how much and how long |
    ///
    /// Streamed answers (lists of events) and other vendors' bodies are damage that says so.
    Bedrock,
    /// OpenTelemetry's traces and logs of generative AI, as OTLP in JSON, an export a line: what the collector's file exporter
    /// writes (<https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/>).
    ///
    /// | field | as |
    /// |---|---|
    /// | `gen_ai.input.messages`, `gen_ai.system_instructions` | the chat; the last `user` message is the question |
    /// | `gen_ai.output.messages` | the answers: with several they are votes |
    /// | `finish_reason` | `length`, `max_tokens` and `content_filter` mean a truncated answer |
    /// | events `gen_ai.system.message`, `gen_ai.user.message`, `gen_ai.choice` | the same in the conventions of version 1.30, put together by `traceId` and `spanId` wherever the span stands in the file |
    /// | `gen_ai.prompt`, `gen_ai.completion`, whole or flat with numbers | the same before that |
    /// | `gen_ai.response.id`, `gen_ai.response.model` | the call's; else the span's id and the model that was asked for |
    /// | `error.type` | a failed call |
    /// | `startTimeUnixNano`, `endTimeUnixNano` | when and how long |
    /// | `gen_ai.usage.input_tokens`, `gen_ai.usage.output_tokens`, `gen_ai.usage.cache_read.input_tokens` | tokens; before, `prompt_tokens` and `completion_tokens` |
    /// | `openai.response.system_fingerprint`, `openai.response.service_tier` | by which version of the service |
    ///
    /// Spans of other operations are passed over. What is said is recorded only if an application asks for it, and may be cut.
    /// It holds no confidence.
    OpenTelemetry,
    /// Langfuse's export of observations (<https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields>).
    ///
    /// | field | as |
    /// |---|---|
    /// | `type` | `GENERATION` is a call; lines of other types hold none |
    /// | `input` | text, messages, an object with `messages`, or either as JSON in a string |
    /// | `output` | text, a message, blocks, or JSON |
    /// | `level` `ERROR`, `status_message` | a failed call |
    /// | `id`, `provided_model_name` | the call's |
    /// | `start_time`, `end_time` | when and how long; without a zone in UTC |
    /// | `usage_details` | tokens: every kind with `input` in its name is read, every one with `output` written; before, `promptTokens` and `completionTokens` |
    Langfuse,
    /// LangSmith's runs (<https://docs.langchain.com/langsmith/run-data-format>): a line a run, as its client gives them, or a
    /// bulk export in Parquet (<https://docs.langchain.com/langsmith/data-export>, feature `parquet`).
    ///
    /// | field | as |
    /// |---|---|
    /// | `run_type` | `llm` is a call; runs of other types, which repeat what their calls say, hold none |
    /// | `inputs`, `outputs` | an object, or one as JSON in a string |
    /// | `outputs.choices`, `outputs.object` `response`, `outputs.stop_reason` | what a wrapped client of OpenAI or Anthropic was asked and answered, read as [`OpenaiChat`](Self::OpenaiChat), [`OpenaiResponses`](Self::OpenaiResponses) and [`AnthropicMessages`](Self::AnthropicMessages) |
    /// | `inputs.messages`, `inputs.prompts` | what a model of LangChain was asked; the last message of type `human` is the question |
    /// | `outputs.generations[][]` | its answers: with several they are votes |
    /// | `finish_reason`, `stop_reason`, `logprobs` in `response_metadata` or `generation_info` | a truncated answer; the probability of the tokens that spell the label |
    /// | other `inputs`, `outputs` | as in [`Langfuse`](Self::Langfuse) |
    /// | `error` | a failed call |
    /// | `id` | the call's |
    /// | `model` and `model_name` of the answer, else `extra.metadata.ls_model_name` | the model |
    /// | `start_time`, `end_time` | when and how long; without a zone in UTC |
    /// | `usage_metadata` of the answer or of `extra.metadata`, else `prompt_tokens`, `completion_tokens` | tokens |
    Langsmith,
    /// tensorzero's tables `ChatInference` and `JsonInference` as JSON lines.
    ///
    /// | column | as |
    /// |---|---|
    /// | `input` | `system` and `messages`, as JSON in a string |
    /// | `output` | a list of blocks, or `raw` of JSON, as JSON in a string |
    /// | `id`, `variant_name` | the call's id, and in place of a model the variant |
    /// | `timestamp`, or the time in `id`; `processing_time_ms` | when and how long |
    /// | `input_tokens`, `output_tokens` | tokens, where the export joins `ModelInference` |
    Tensorzero,
    /// OpenAI's files for fine-tuning (<https://platform.openai.com/docs/guides/supervised-fine-tuning>).
    ///
    /// | field | as |
    /// |---|---|
    /// | `messages[]` | the last, of the role `assistant`, is the answer; the last `user` turn before it the question |
    /// | `weight` of that message | 0 means that it is not to be trained on |
    FineTune,
    /// Objects with the fields of a map.
    Jsonl(FieldMap),
    /// A table whose first row names the columns (RFC 4180).
    Csv(CsvTable),
}

impl LogFormat {
    /// The names of all formats, as files have them.
    pub const NAMES: [&str; 13] = [
        "openai-chat",
        "openai-responses",
        "openai-decisions",
        "system-one",
        "anthropic-messages",
        "bedrock",
        "open-telemetry",
        "langfuse",
        "langsmith",
        "tensorzero",
        "fine-tune",
        "jsonl",
        "csv",
    ];

    /// The format of a name, with its defaults; `None` if there is no such format.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "openai-chat" => Self::OpenaiChat,
            "openai-responses" => Self::OpenaiResponses,
            "openai-decisions" => Self::OpenaiDecisions { question: None },
            "system-one" => Self::SystemOne {
                question: None,
                input: None,
            },
            "anthropic-messages" => Self::AnthropicMessages,
            "bedrock" => Self::Bedrock,
            "open-telemetry" => Self::OpenTelemetry,
            "langfuse" => Self::Langfuse,
            "langsmith" => Self::Langsmith,
            "tensorzero" => Self::Tensorzero,
            "fine-tune" => Self::FineTune,
            "jsonl" => Self::Jsonl(FieldMap::default()),
            "csv" => Self::Csv(CsvTable::default()),
            _ => return None,
        })
    }

    /// Reads, of logs whose calls ask several questions, the one of this name alone; other formats stay as they are.
    #[must_use]
    pub fn with_question(mut self, name: impl Into<String>) -> Self {
        match &mut self {
            Self::OpenaiDecisions { question } | Self::SystemOne { question, .. } => {
                *question = Some(name.into())
            }
            _ => {}
        }
        self
    }
}

/// What a log holds, as it is read.
#[derive(Debug)]
pub(crate) enum Found {
    /// A line.
    Line(Result<LineContent, QuarantinedLine>),
    /// A call that was told of on several lines, the last of them the one of this number.
    Late(Box<LoggedCall>),
}

/// Reads a log from beginning to end in memory bounded by its longest line, and by what is told of calls on several lines.
///
/// `each` gets the line's number and what is on it; an error of its own ends the reading. What is returned is the hash of the bytes that were read: the file is
/// read once, so that a pipe will do and a file that grows meanwhile has the hash of what its rows come from. But for a
/// file in Parquet: what it holds is said at its end, so that it is opened twice and a pipe will not do. A file of scores is
/// read before the log, as a whole.
pub(crate) fn read_log(
    log: &LogFile,
    mut each: impl FnMut(u64, Found) -> Result<(), FileError>,
) -> Result<ReadLog, FileError> {
    let Some(file) = &log.scores else {
        return Ok(ReadLog {
            hash: read_calls(log, each)?,
            scores: None,
        });
    };
    let mut scores = Scores::read(file, &mut each)?;
    let hash = read_calls(log, |line, mut found| {
        match &mut found {
            Found::Line(Ok(content)) => scores.join(content),
            Found::Late(call) => scores.join_call(call),
            Found::Line(Err(_)) => {}
        }
        each(line, found)
    })?;
    Ok(ReadLog {
        hash,
        scores: Some(scores.into_record()),
    })
}

/// What a log was, once it is read.
#[derive(Debug)]
pub(crate) struct ReadLog {
    /// Of the bytes that were read.
    pub(crate) hash: ContentHash,
    /// What the file of scores beside it gave.
    pub(crate) scores: Option<ScoresRecord>,
}

fn read_calls(
    log: &LogFile,
    each: impl FnMut(u64, Found) -> Result<(), FileError>,
) -> Result<ContentHash, FileError> {
    let mut lines = Lines::open(&log.path)?;
    if lines.begins_with(&parquet::MAGIC)? {
        read_lines(log, parquet::rows(&log.path)?, each)?;
    } else if let LogFormat::Csv(table) = &log.format {
        return csv_rows::read(log, lines, table, each);
    } else {
        read_lines(log, lines.by_ref(), each)?;
    }
    lines.hash()
}

fn read_lines(
    log: &LogFile,
    lines: impl Iterator<Item = Result<Line, FileError>>,
    mut each: impl FnMut(u64, Found) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let name = log.name();
    let mut reader = LineReader::new(&log.format);
    for line in lines {
        let line = line?;
        let found = match &line.text {
            Ok(text) => reader
                .read(text, line.number)
                .map_err(|damage| QuarantinedLine::new(&name, line.number, damage, text)),
            Err(bad) => Err(QuarantinedLine::new(&name, line.number, bad.into(), "")),
        };
        each(line.number, Found::Line(found))?;
    }
    for (line, call) in reader.telemetry.rest() {
        each(line, Found::Late(Box::new(call)))?;
    }
    Ok(())
}

/// Reads the lines of one log.
struct LineReader<'a> {
    format: &'a LogFormat,
    telemetry: Telemetry,
}

impl<'a> LineReader<'a> {
    fn new(format: &'a LogFormat) -> Self {
        Self {
            format,
            telemetry: Telemetry::default(),
        }
    }

    fn read(&mut self, text: &str, number: u64) -> Result<LineContent, LineDamage> {
        // Some producers put a byte order mark before the first line.
        let text = text.trim_start_matches('\u{feff}');
        many_values::check(text)?;
        let line: Value = serde_json::from_str(text).map_err(|error| LineDamage::not_json(&error))?;
        let Value::Object(line) = line else {
            return Err(LineDamage::wrong_shape("the line is JSON but no object"));
        };
        let call = match self.format {
            LogFormat::OpenaiChat => chat_completion::read(line),
            LogFormat::OpenaiResponses => responses::read(line),
            LogFormat::AnthropicMessages => anthropic::read(line),
            LogFormat::Bedrock => bedrock::read(line),
            LogFormat::Tensorzero => tensorzero::read(line),
            LogFormat::FineTune => fine_tune::read(line),
            LogFormat::Jsonl(map) | LogFormat::Csv(CsvTable { fields: map, .. }) => {
                map.read(&Value::Object(line))
            }
            LogFormat::Langfuse => return langfuse::read(line),
            LogFormat::Langsmith => return langsmith::read(line),
            LogFormat::OpenTelemetry => return self.telemetry.read(line, number),
            LogFormat::OpenaiDecisions { question } => return decisions::read(line, question.as_deref()),
            LogFormat::SystemOne { question, input } => {
                return system_one::read(line, question.as_deref(), input.as_ref());
            }
        };
        call.map(LineContent::from)
    }
}

/// How much of what a model said in place of an answer is kept, in characters.
const REFUSAL_CHARS: usize = 200;

/// The labels of a question that is answered with yes or no.
const YES_OR_NO: [&str; 2] = ["true", "false"];

/// The answer to a question whose answer is yes with this probability.
fn yes_or_no(probability: f64) -> Choice {
    let [yes, no] = YES_OR_NO.map(str::to_owned);
    likeliest(vec![(yes, probability), (no, 1.0 - probability)])
}

/// What has the highest probability as the answer, the first of equals.
fn likeliest(distribution: Vec<(String, f64)>) -> Choice {
    let highest = distribution.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1));
    let answer = highest.map(|(name, _)| AnswerText::Chosen(name.clone()));
    Choice {
        distribution,
        ..Choice::of(answer.ok_or(RejectReason::EmptyAnswer))
    }
}

/// The arguments of the only tool that is called, else the text: a model that calls a tool may say what it is about to do.
fn text_or_tool(text: String, inputs: Vec<Value>) -> Result<AnswerText, RejectReason> {
    match <[Value; 1]>::try_from(inputs) {
        Ok([input]) => Ok(AnswerText::Value(input)),
        Err(inputs) if !inputs.is_empty() => Err(several_tools()),
        Err(_) if text.trim().is_empty() => Err(RejectReason::EmptyAnswer),
        Err(_) => Ok(AnswerText::Written(text)),
    }
}

fn several_tools() -> RejectReason {
    RejectReason::UnreadableAnswer {
        answer: "several tools are called".to_owned(),
    }
}

/// Two texts with a blank line between them.
fn joined(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}\n\n{second}")),
        (first, second) => first.or(second),
    }
}

#[cfg(test)]
mod tests;
