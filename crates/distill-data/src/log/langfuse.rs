//! Langfuse's export of observations.
//!
//! Fields after "Blob storage export field reference" (`observations_v2/` and the older `observations/`); the export of the
//! web page has the same in camel case.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Choice, LineContent,
    conversation::{AfterQuestion, call_of},
    exchange::parsed,
    loose::{answered, asked},
    metadata::CallMetadata,
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Observation {
    id: Option<String>,
    #[serde(alias = "traceId")]
    trace_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(alias = "providedModelName", alias = "model")]
    provided_model_name: Option<String>,
    level: Option<String>,
    #[serde(alias = "statusMessage")]
    status_message: Option<String>,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    output: Value,
}

/// Reads one line: a call if it is a generation.
pub(super) fn read(line: Map<String, Value>) -> Result<LineContent, LineDamage> {
    let metadata = metadata(&line);
    let observation: Observation = parsed(Value::Object(line), "the line")?;
    let kind = observation.kind.as_deref().unwrap_or("GENERATION");
    if !kind.eq_ignore_ascii_case("generation") {
        return Ok(LineContent::without_call(format!(
            "observation {}",
            kind.to_lowercase()
        )));
    }
    let (turns, instructions) = asked(observation.input);
    let (mut call, _) = call_of(turns, instructions, AfterQuestion::Nothing)?;
    call.id = observation.id;
    call.trace = observation.trace_id;
    call.model = observation.provided_model_name;
    call.metadata = metadata;
    if observation.level.as_deref() == Some("ERROR") {
        call.fault.get_or_insert(RejectReason::FailedCall {
            detail: observation
                .status_message
                .unwrap_or_else(|| "level ERROR".to_owned()),
        });
    }
    call.choices = vec![Choice::of(answered(observation.output))];
    Ok(call.into())
}

fn metadata(line: &Map<String, Value>) -> CallMetadata {
    let known = |keys: [&str; 2]| {
        keys.into_iter()
            .find_map(|key| line.get(key).filter(|found| !found.is_null()))
    };
    let mut metadata = CallMetadata::default();
    metadata.at = metadata.time(known(["start_time", "startTime"]));
    metadata.set_end(known(["end_time", "endTime"]));
    let details = match known(["usage_details", "usageDetails"]) {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        details => details.cloned().unwrap_or_default(),
    };
    match details.as_object().filter(|details| !details.is_empty()) {
        Some(details) => {
            // The kinds of usage have free names: as Langfuse does, every name that holds "input" is counted as such.
            let mut sum = |field, counts: fn(&str) -> bool| {
                let of_kind = details.iter().filter(|(name, _)| counts(name));
                let numbers: Vec<f64> = of_kind
                    .filter_map(|(_, value)| metadata.tokens(Some(value), field))
                    .collect();
                (!numbers.is_empty()).then(|| numbers.iter().sum())
            };
            let input = sum("input_tokens", |name| name.contains("input"));
            let cached = sum("cached_tokens", |name| {
                matches!(
                    name,
                    "input_cached_tokens" | "cache_read_input_tokens" | "input_cache_read"
                )
            });
            let output = sum("output_tokens", |name| name.contains("output"));
            (metadata.usage.input, metadata.usage.cached, metadata.usage.output) = (input, cached, output);
        }
        None => {
            metadata.usage.input = metadata.tokens(known(["prompt_tokens", "promptTokens"]), "input_tokens");
            metadata.usage.output =
                metadata.tokens(known(["completion_tokens", "completionTokens"]), "output_tokens");
        }
    }
    metadata
}
