//! OTLP's JSON, of which only what is used is declared.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Attributes by name, as plain JSON.
pub(super) type Attributes = BTreeMap<String, Value>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Export {
    #[serde(default)]
    pub(super) resource_spans: Vec<ResourceSpans>,
    #[serde(default)]
    pub(super) resource_logs: Vec<ResourceLogs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceSpans {
    #[serde(default)]
    pub(super) scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize)]
pub(super) struct ScopeSpans {
    #[serde(default)]
    pub(super) spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceLogs {
    #[serde(default)]
    pub(super) scope_logs: Vec<ScopeLogs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScopeLogs {
    #[serde(default)]
    pub(super) log_records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Span {
    pub(super) start_time_unix_nano: Option<Value>,
    pub(super) end_time_unix_nano: Option<Value>,
    #[serde(default)]
    pub(super) trace_id: String,
    #[serde(default)]
    pub(super) span_id: String,
    #[serde(default)]
    pub(super) attributes: Vec<KeyValue>,
    #[serde(default)]
    pub(super) events: Vec<SpanEvent>,
}

#[derive(Deserialize)]
pub(super) struct SpanEvent {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) attributes: Vec<KeyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) time_unix_nano: Option<Value>,
    pub(super) observed_time_unix_nano: Option<Value>,
    #[serde(default)]
    pub(super) trace_id: String,
    #[serde(default)]
    pub(super) span_id: String,
    pub(super) event_name: Option<String>,
    #[serde(default)]
    pub(super) body: Value,
    #[serde(default)]
    pub(super) attributes: Vec<KeyValue>,
}

#[derive(Deserialize)]
pub(super) struct KeyValue {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Value,
}

/// Attributes by name.
pub(super) fn plain_attributes(attributes: Vec<KeyValue>) -> Attributes {
    attributes
        .into_iter()
        .map(|attribute| (attribute.key, plain(attribute.value)))
        .collect()
}

/// OTLP's `AnyValue` as the JSON that it stands for.
pub(super) fn plain(value: Value) -> Value {
    let Value::Object(mut value) = value else {
        return value;
    };
    if let Some(text) = value.remove("stringValue").or_else(|| value.remove("bytesValue")) {
        return text;
    }
    if let Some(number) = value.remove("intValue") {
        // A 64-bit integer is a string in OTLP's JSON.
        let parsed = number.as_str().and_then(|text| text.parse::<i64>().ok());
        return parsed.map_or(number, Value::from);
    }
    if let Some(other) = value.remove("boolValue").or_else(|| value.remove("doubleValue")) {
        return other;
    }
    let mut values = |key: &str| match value.remove(key)?.get_mut("values").map(Value::take) {
        Some(Value::Array(values)) => Some(values),
        _ => Some(Vec::new()),
    };
    if let Some(items) = values("arrayValue") {
        return items.into_iter().map(plain).collect();
    }
    let entry = |mut entry: Value| {
        let key = entry
            .get("key")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        (
            key,
            plain(entry.get_mut("value").map(Value::take).unwrap_or_default()),
        )
    };
    match values("kvlistValue") {
        Some(entries) => entries.into_iter().map(entry).collect(),
        None => Value::Null,
    }
}
