//! Reviewed rows as Label Studio exports them (<https://labelstud.io/guide/export>).

use std::path::Path;

use serde_json::{Map, Value};
use stage_files::FileError;

use super::{Answered, Reading, ReviewedError, read_whole, row_id};
use crate::review::RIGHT_LABEL;

pub(super) fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), ReviewedError> {
    let bytes = read_whole(path)?;
    let tasks: Value = serde_json::from_slice(&bytes).map_err(|source| {
        ReviewedError::File(FileError::Json {
            path: path.to_owned(),
            source,
        })
    })?;
    let not_tasks = || ReviewedError::NotTasks {
        path: path.to_owned(),
    };
    // JSON-MIN has an entry for each annotation, with the data of its task.
    for (row, task) in (1..).zip(tasks.as_array().ok_or_else(not_tasks)?) {
        let task = task.as_object().ok_or_else(not_tasks)?;
        reading.take(answered(row, task).ok_or_else(not_tasks)?);
    }
    Ok(())
}

/// A task of either export.
fn answered(row: u64, task: &Map<String, Value>) -> Option<Answered> {
    let (data, answers) = match task.get("annotations") {
        Some(annotations) => {
            let annotations = annotations.as_array()?;
            (
                task.get("data")?.as_object()?,
                annotations.iter().flat_map(choices).collect(),
            )
        }
        None => (task, task.get(RIGHT_LABEL).map(chosen).unwrap_or_default()),
    };
    let text = |key: &str| data.get(key).and_then(Value::as_str);
    let similar = data.get("similar_ids").and_then(Value::as_array);
    Some(Answered {
        row,
        id: text("row_id").and_then(row_id),
        input: text("text")
            .or_else(|| text("input"))
            .unwrap_or_default()
            .to_owned(),
        given: text("given_label").map(str::to_owned),
        similar: similar
            .into_iter()
            .flatten()
            .filter_map(|id| id.as_str().and_then(row_id))
            .collect(),
        answers,
    })
}

/// What an annotation has chosen; one that was cancelled is one that the annotator skipped.
fn choices(annotation: &Value) -> Vec<String> {
    if annotation["was_cancelled"] == true {
        return vec!["skip".to_owned()];
    }
    let results = annotation["result"].as_array().into_iter().flatten();
    results
        .filter(|result| result["from_name"] == RIGHT_LABEL)
        .flat_map(|result| chosen(&result["value"]))
        .collect()
}

/// The choices in a value: a string, a list of them, or an object that has the list.
fn chosen(value: &Value) -> Vec<String> {
    match value {
        Value::String(choice) => vec![choice.clone()],
        Value::Array(choices) => choices.iter().flat_map(chosen).collect(),
        Value::Object(object) => object.get("choices").map(chosen).unwrap_or_default(),
        _ => Vec::new(),
    }
}
