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
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Observation {
    id: Option<String>,
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
    call.model = observation.provided_model_name;
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
