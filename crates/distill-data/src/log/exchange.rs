//! Request and response on one line, out of whichever wrapping they have.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{LoggedCall, metadata::CallMetadata, streamed};
use crate::{
    quarantine::{LineDamage, excerpt},
    rejected::RejectReason,
};

/// How much of an error is kept in a rejection, in characters.
const ERROR_CHARS: usize = 200;

/// What was asked and what came back.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request: Value,
    /// The answer's body, or how the call failed.
    pub(super) response: Result<Value, String>,
    /// The id that the line itself gives the call.
    pub(super) id: Option<String>,
    /// What the line itself says of when the call was and how long it took.
    pub(super) metadata: CallMetadata,
}

/// What a response says of the call beside its answer.
#[derive(Deserialize)]
struct Head {
    id: Option<String>,
    model: Option<String>,
}

impl Exchange {
    /// Takes a line apart. Where no object stands under `request` or `body`, the line itself is the request if it has
    /// all of the `fields`.
    pub(super) fn of(mut line: Map<String, Value>, fields: &[&str]) -> Result<Self, LineDamage> {
        let id = ["custom_id", "request_id", "id"].into_iter().find_map(|key| {
            let id = line.get(key)?.as_str()?;
            Some(id.to_owned())
        });
        let metadata = CallMetadata::of_line(&line);
        let response = take_response(&mut line)?;
        Ok(Self {
            request: take_request(line, fields)?,
            response,
            id,
            metadata,
        })
    }

    /// The request, as a schema has it.
    pub(super) fn request<T: DeserializeOwned>(&mut self) -> Result<T, LineDamage> {
        parsed(self.request.take(), "the request")
    }

    /// The response, as a schema has it; `None` of a call that failed, whose fault that is. The call gets the response's id,
    /// model and metadata where it has them, and else the line's.
    pub(super) fn response<T: DeserializeOwned>(
        self,
        call: &mut LoggedCall,
    ) -> Result<Option<T>, LineDamage> {
        call.id = self.id;
        call.metadata = self.metadata;
        let body = match self.response {
            Ok(body) => body,
            Err(detail) => {
                call.fault.get_or_insert(RejectReason::FailedCall { detail });
                return Ok(None);
            }
        };
        let head = Head::deserialize(&body).map_err(|error| wrong("the response", &error))?;
        call.id = head.id.or(call.id.take());
        call.model = head.model.or(call.model.take());
        call.metadata = CallMetadata::of_response(&body).or(std::mem::take(&mut call.metadata));
        parsed(body, "the response").map(Some)
    }
}

/// JSON as a schema has it; `what` it is stands in the error.
pub(super) fn parsed<T: DeserializeOwned>(json: Value, what: &str) -> Result<T, LineDamage> {
    serde_json::from_value(json).map_err(|error| wrong(what, &error))
}

fn wrong(what: &str, error: &serde_json::Error) -> LineDamage {
    LineDamage::wrong_shape(format!("in {what}: {error}"))
}

fn take_request(mut line: Map<String, Value>, fields: &[&str]) -> Result<Value, LineDamage> {
    let wrapped = ["request", "body"].into_iter().find_map(|key| {
        line.get_mut(key)
            .filter(|value| value.is_object())
            .map(Value::take)
    });
    match wrapped {
        Some(mut request) => Ok(match request.get_mut("body") {
            Some(body) if body.is_object() => body.take(),
            _ => request,
        }),
        None if fields.iter().all(|field| line.contains_key(*field)) => Ok(Value::Object(line)),
        None => Err(LineDamage::wrong_shape(format!(
            "there is no request: expected an object under \"request\" or \"body\", or {} on the line",
            fields
                .iter()
                .map(|field| format!("{field:?}"))
                .collect::<Vec<_>>()
                .join(" and ")
        ))),
    }
}

fn take_response(line: &mut Map<String, Value>) -> Result<Result<Value, String>, LineDamage> {
    let failure = |error: &Value| excerpt(&error.to_string(), ERROR_CHARS);
    let error = line.get("error").filter(|error| !error.is_null()).map(failure);
    let Some(mut response) = line.remove("response") else {
        return match error {
            Some(detail) => Ok(Err(detail)),
            None => Err(LineDamage::wrong_shape("\"response\" is missing")),
        };
    };
    if response.is_null() {
        return Ok(Err(error.unwrap_or_else(|| "the response is null".into())));
    }
    let status = response.get("status_code").and_then(Value::as_u64);
    if let Some(body) = response.get_mut("body") {
        response = body.take();
    }
    if let Some(error) = response.get("error").filter(|error| !error.is_null()) {
        return Ok(Err(failure(error)));
    }
    if let Some(status) = status.filter(|&status| status >= 400) {
        return Ok(Err(format!("status {status}")));
    }
    streamed::whole(response)
}
