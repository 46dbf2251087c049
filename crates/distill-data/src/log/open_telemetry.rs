//! Calls as OpenTelemetry tells of them: OTLP in JSON, an export a line.
//!
//! The wrapping after `opentelemetry-proto` (`trace.proto`, `logs.proto`, and "JSON Protobuf Encoding" of the OTLP
//! specification). What a call says after the semantic conventions for generative AI: of version 1.37 on, messages as
//! attributes of a span or of the event `gen_ai.client.inference.operation.details`; of version 1.30, an event for each
//! message; before that, the attributes `gen_ai.prompt` and `gen_ai.completion`, whole in a span's event or flat with a number.

mod facts;
mod otlp;
mod told;

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{LineContent, LoggedCall, exchange::parsed};
use crate::{quarantine::LineDamage, rejected::RejectReason};
use facts::SpanFacts;
use otlp::{Attributes, Export, Record, Span, plain_attributes};
use told::Told;

/// Spans of which something has been told and whose end is still to come. Beyond this many the oldest are taken as they are.
const MOST_PENDING: usize = 100_000;

/// Trace and span.
type SpanKey = (String, String);

/// Puts together what several lines tell of one call.
#[derive(Debug)]
pub(super) struct Telemetry {
    pending: HashMap<SpanKey, Pending>,
    /// How many spans may be pending.
    most: usize,
    /// How many spans have been begun.
    begun: u64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            pending: HashMap::new(),
            most: MOST_PENDING,
            begun: 0,
        }
    }
}

/// What has been told of a call.
#[derive(Debug, Default)]
struct Pending {
    /// When it was begun, among all.
    order: u64,
    /// The line on which it was told of last.
    line: u64,
    told: Told,
    span: SpanFacts,
}

impl Telemetry {
    /// Reads one line, of this number: the calls whose spans end on it.
    pub(super) fn read(&mut self, line: Map<String, Value>, number: u64) -> Result<LineContent, LineDamage> {
        if !line.contains_key("resourceSpans") && !line.contains_key("resourceLogs") {
            return Err(LineDamage::wrong_shape(
                "neither \"resourceSpans\" nor \"resourceLogs\" is there: expected an OTLP export in JSON",
            ));
        }
        let export: Export = parsed(Value::Object(line), "the export")?;
        let records = export.resource_logs.into_iter().flat_map(|logs| logs.scope_logs);
        let mut is_part = false;
        for record in records.flat_map(|logs| logs.log_records) {
            is_part |= self.take(record, number);
        }
        let mut content = LineContent::default();
        let spans = export
            .resource_spans
            .into_iter()
            .flat_map(|spans| spans.scope_spans);
        for span in spans.flat_map(|spans| spans.spans) {
            match self.end(span, number) {
                Some(Ended::Whole(call)) => content.calls.push(*call),
                Some(Ended::Untold) => is_part = true,
                None => {}
            }
        }
        if self.pending.len() > self.most {
            content.calls.extend(self.oldest());
        }
        if content.calls.is_empty() {
            let kind = if is_part {
                "part of a call"
            } else {
                "telemetry of something else"
            };
            content.without_call = Some(kind.to_owned());
        }
        Ok(content)
    }

    /// Calls that are not whole as far as the log goes, each with the line on which it was told of last.
    pub(super) fn rest(self) -> Vec<(u64, LoggedCall)> {
        let mut rest: Vec<Pending> = self.pending.into_values().collect();
        rest.sort_by_key(|pending| pending.order);
        rest.into_iter()
            .map(|pending| (pending.line, pending.call()))
            .collect()
    }

    /// Notes what a log record tells of a call; whether it tells of one.
    fn take(&mut self, record: Record, line: u64) -> bool {
        let attributes = plain_attributes(record.attributes);
        let name = record
            .event_name
            .or_else(|| Some(attributes.get("event.name")?.as_str()?.to_owned()))
            .unwrap_or_default();
        let mut told = Told::default();
        told.event(&name, record.body, &attributes);
        if told.is_nothing() {
            return false;
        }
        // Without a span nothing says what belongs together: each record is by itself.
        let key = match record.span_id.is_empty() {
            true => (format!("record {}", self.begun), String::new()),
            false => (record.trace_id, record.span_id),
        };
        let pending = self.pending(key, line);
        pending.told.add(told);
        if pending.span.metadata.at.is_none() {
            let at = [&record.time_unix_nano, &record.observed_time_unix_nano];
            pending.span.metadata.at = facts::known_time(at);
        }
        true
    }

    fn pending(&mut self, key: SpanKey, line: u64) -> &mut Pending {
        let order = self.begun;
        let pending = self.pending.entry(key).or_insert_with(|| {
            self.begun += 1;
            Pending {
                order,
                ..Pending::default()
            }
        });
        pending.line = line;
        pending
    }

    /// Takes the end of a span, if it is one of a model that generates.
    fn end(&mut self, mut span: Span, line: u64) -> Option<Ended> {
        let attributes = plain_attributes(std::mem::take(&mut span.attributes));
        let facts = SpanFacts::of(&span, &attributes);
        let key = (span.trace_id, span.span_id);
        let mut told = Told::default();
        told.attributes(&attributes);
        for event in span.events {
            let attributes = plain_attributes(event.attributes);
            told.event(&event.name, Value::Null, &attributes);
        }
        let noted = self.pending.remove(&key);
        let is_told = !told.is_nothing();
        if !is_told {
            told = noted.map(|pending| pending.told).unwrap_or_default();
        }
        if !is_generation(&attributes, &told) {
            return None;
        }
        let whole = Pending {
            span: facts,
            told,
            ..Pending::default()
        };
        // Log records may be exported after the span.
        if !is_told && !whole.told.has_answer() && whole.span.error.is_none() {
            let pending = self.pending(key, line);
            (pending.told, pending.span) = (whole.told, whole.span);
            return Some(Ended::Untold);
        }
        Some(Ended::Whole(Box::new(whole.call())))
    }

    /// The older half of what is pending, as it is.
    fn oldest(&mut self) -> Vec<LoggedCall> {
        let mut orders: Vec<u64> = self.pending.values().map(|pending| pending.order).collect();
        orders.sort_unstable();
        let before = orders[orders.len() / 2];
        let mut old: Vec<Pending> = self
            .pending
            .extract_if(|_, pending| pending.order < before)
            .map(|(_, p)| p)
            .collect();
        old.sort_by_key(|pending| pending.order);
        old.into_iter().map(Pending::call).collect()
    }
}

impl Pending {
    fn call(self) -> LoggedCall {
        let mut call = self.told.into_call();
        call.id = self.span.id;
        call.model = self.span.model;
        call.metadata = self.span.metadata;
        if let Some(error) = self.span.error {
            // What was said before it failed does not matter.
            call.fault = Some(RejectReason::FailedCall { detail: error });
        }
        call
    }
}

/// The end of a span.
enum Ended {
    /// All that there is to know.
    Whole(Box<LoggedCall>),
    /// It does not hold what was said: log records may, later on.
    Untold,
}

fn is_generation(attributes: &Attributes, told: &Told) -> bool {
    match attributes.get("gen_ai.operation.name").and_then(Value::as_str) {
        Some(operation) => matches!(operation, "chat" | "text_completion" | "generate_content"),
        None => !told.is_nothing(),
    }
}

#[cfg(test)]
mod tests;
