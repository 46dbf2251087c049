//! What a span says of its call beside what was said.

use serde_json::Value;

use super::otlp::{Attributes, Span};
use crate::{CallTime, log::CallMetadata};

/// What a span says of its call beside what was said.
#[derive(Debug, Default)]
pub(super) struct SpanFacts {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) error: Option<String>,
    pub(super) metadata: CallMetadata,
}

impl SpanFacts {
    pub(super) fn of(span: &Span, attributes: &Attributes) -> Self {
        let text = |name: &str| Some(attributes.get(name)?.as_str()?.to_owned());
        Self {
            id: text("gen_ai.response.id").or_else(|| Some(span.span_id.clone())),
            model: text("gen_ai.response.model").or_else(|| text("gen_ai.request.model")),
            error: text("error.type"),
            metadata: metadata(span, attributes),
        }
    }
}

/// Names of the current conventions first, then those before version 1.37 and of the old SDKs.
fn metadata(span: &Span, attributes: &Attributes) -> CallMetadata {
    let any = |names: &[&str]| names.iter().find_map(|name| attributes.get(*name));
    let text = |names: &[&str]| any(names)?.as_str().map(str::to_owned);
    let mut metadata = CallMetadata {
        fingerprint: text(&[
            "openai.response.system_fingerprint",
            "gen_ai.openai.response.system_fingerprint",
        ]),
        service_tier: text(&[
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
        ]),
        ..CallMetadata::default()
    };
    metadata.at = metadata.time(known(span.start_time_unix_nano.as_ref()));
    metadata.set_end(known(span.end_time_unix_nano.as_ref()));
    let input = any(&["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"]);
    let cached = any(&[
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
    ]);
    let output = any(&["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"]);
    metadata.usage.input = metadata.tokens(input, "input_tokens");
    metadata.usage.cached = metadata.tokens(cached, "cached_tokens");
    metadata.usage.output = metadata.tokens(output, "output_tokens");
    metadata
}

/// A time; 0 means in OTLP that it is not known.
fn known(time: Option<&Value>) -> Option<&Value> {
    time.filter(|time| time.as_str() != Some("0") && time.as_u64() != Some(0))
}

/// The first of some times that is one.
pub(super) fn known_time<'v>(times: impl IntoIterator<Item = &'v Option<Value>>) -> Option<CallTime> {
    times.into_iter().flatten().find_map(CallTime::from_json)
}
