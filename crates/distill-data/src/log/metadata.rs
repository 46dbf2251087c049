//! What a log says of a call beside question and answer: when, how much, by which version of a model.
//!
//! None of it decides whether a call can be read. What is not there is unknown; so is what is there and cannot be, and
//! the field's name is kept to be counted.

use serde_json::{Map, Value};

use crate::CallTime;

/// The most tokens that a call is believed to have.
const MOST_TOKENS: f64 = 1e9;
/// The longest that a call is believed to take, in milliseconds: a week.
const LONGEST_MS: f64 = 7.0 * 86_400_000.0;

/// What a log says of a call beside question and answer; `None` is unknown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CallMetadata {
    /// When it was made or answered.
    pub(crate) at: Option<CallTime>,
    pub(crate) usage: TokenUsage,
    /// What the service says of the configuration that answered, beside the model's name.
    pub(crate) fingerprint: Option<String>,
    /// From request to answer, in milliseconds.
    pub(crate) latency_ms: Option<f64>,
    pub(crate) service_tier: Option<String>,
    /// How many questions the request asked, among which its tokens and its time are to be divided; 0 counts as 1.
    pub(crate) questions: usize,
    /// Fields that hold something which cannot be.
    pub(crate) malformed: Vec<&'static str>,
}

/// Tokens of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct TokenUsage {
    /// Tokens read, those out of a cache among them.
    pub(crate) input: Option<f64>,
    /// Of those, tokens out of a cache.
    pub(crate) cached: Option<f64>,
    /// Tokens written.
    pub(crate) output: Option<f64>,
}

impl CallMetadata {
    /// What is not known is filled in from another source.
    pub(super) fn or(mut self, other: Self) -> Self {
        self.at = self.at.or(other.at);
        self.latency_ms = self.latency_ms.or(other.latency_ms);
        self.fingerprint = self.fingerprint.or(other.fingerprint);
        self.service_tier = self.service_tier.or(other.service_tier);
        self.usage.input = self.usage.input.or(other.usage.input);
        self.usage.cached = self.usage.cached.or(other.usage.cached);
        self.usage.output = self.usage.output.or(other.usage.output);
        self.malformed.extend(other.malformed);
        self
    }

    /// Keys that a line may have beside `request` and `response`: the wrapping is the writer's own.
    pub(super) fn of_line(line: &Map<String, Value>) -> Self {
        let mut metadata = Self::default();
        let known = |key: &&str| line.get(*key).filter(|found| !found.is_null());
        let at = ["timestamp", "time", "created_at", "created"]
            .iter()
            .find_map(known);
        metadata.at = metadata.time(at);
        metadata.latency_ms =
            metadata.milliseconds(["latency_ms", "duration_ms"].iter().find_map(known), 1.0);
        metadata
    }

    /// The head of a response, in the fields of OpenAI's, of Anthropic's and of Amazon's.
    pub(super) fn of_response(body: &Value) -> Self {
        let mut metadata = Self::default();
        metadata.at = metadata.time(first(body, &["created", "created_at"]));
        metadata.fingerprint = text(body.get("system_fingerprint"));
        let tier = [
            "/service_tier",
            "/usage/service_tier",
            "/serviceTier/type",
            "/serviceTier",
        ];
        metadata.service_tier = tier.into_iter().find_map(|path| text(body.pointer(path)));
        metadata.latency_ms = metadata.milliseconds(body.pointer("/metrics/latencyMs"), 1.0);
        if let Some(usage) = body.get("usage") {
            metadata.usage(usage);
        }
        metadata
    }

    fn usage(&mut self, usage: &Value) {
        let input = first(usage, &["prompt_tokens", "input_tokens", "inputTokens"]);
        let output = first(usage, &["completion_tokens", "output_tokens", "outputTokens"]);
        let details = ["prompt_tokens_details", "input_tokens_details"];
        let cached = details
            .into_iter()
            .find_map(|key| first(usage.get(key)?, &["cached_tokens"]));
        self.usage.input = self.tokens(input, "input_tokens");
        self.usage.output = self.tokens(output, "output_tokens");
        self.usage.cached = self.tokens(cached, "cached_tokens");
        // Anthropic and Amazon count what was read from a cache or put into one apart from the input.
        let from_cache = first(usage, &["cache_read_input_tokens", "cacheReadInputTokens"]);
        let into_cache = first(usage, &["cache_creation_input_tokens", "cacheWriteInputTokens"]);
        let from_cache = self.tokens(from_cache, "cached_tokens");
        let into_cache = self.tokens(into_cache, "cached_tokens");
        self.usage.cached = self.usage.cached.or(from_cache);
        self.usage.input = self
            .usage
            .input
            .map(|input| input + from_cache.unwrap_or(0.0) + into_cache.unwrap_or(0.0));
    }

    /// A time, if one is given.
    pub(super) fn time(&mut self, value: Option<&Value>) -> Option<CallTime> {
        let value = value.filter(|value| !value.is_null())?;
        self.noted("time", CallTime::from_json(value))
    }

    /// Tokens, if a number of them is given: a whole number that is not negative, or text that spells one.
    pub(super) fn tokens(&mut self, value: Option<&Value>, field: &'static str) -> Option<f64> {
        let value = value.filter(|value| !value.is_null())?;
        let tokens = number(value).filter(|n| (0.0..=MOST_TOKENS).contains(n) && n.fract() == 0.0);
        self.noted(field, tokens)
    }

    /// A duration, if one is given, in units of so many milliseconds.
    pub(super) fn milliseconds(&mut self, value: Option<&Value>, unit_ms: f64) -> Option<f64> {
        let value = value.filter(|value| !value.is_null())?;
        let taken = number(value).map(|units| units * unit_ms);
        self.noted("latency", taken.filter(|ms| (0.0..=LONGEST_MS).contains(ms)))
    }

    /// The time between two times, if both are given.
    pub(super) fn set_end(&mut self, end: Option<&Value>) {
        let end = self.time(end);
        if let (Some(begin), Some(end)) = (self.at, end) {
            let taken = (end.unix_ms() - begin.unix_ms()) as f64;
            self.latency_ms = self.noted("latency", (0.0..=LONGEST_MS).contains(&taken).then_some(taken));
        }
    }

    fn noted<T>(&mut self, field: &'static str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.malformed.push(field);
        }
        found
    }
}

/// The first of some fields that is there.
pub(super) fn first<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter()
        .find_map(|key| value.get(*key).filter(|found| !found.is_null()))
}

/// Text that is not empty.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
