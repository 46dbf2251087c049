//! Reviewed rows as JSON lines.

use std::path::Path;

use serde::{Deserialize, de::IgnoredAny};
use stage_files::{BadLine, FileError, Lines};

use super::{Answered, Reading, ReviewedError, row_id};

/// A [`ReviewedRow`](super::ReviewedRow), or a line of `review.jsonl`, whose `label` is the teacher's and no answer.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    id: Option<String>,
    input: String,
    label: String,
    #[serde(default)]
    given: Option<String>,
    #[serde(default)]
    right_label: Option<String>,
    /// Only a line of `review.jsonl` has one.
    #[serde(default)]
    reason: Option<IgnoredAny>,
    #[serde(default)]
    similar: Vec<Similar>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Similar {
    Id(String),
    Text { id: String },
}

pub(super) fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), ReviewedError> {
    for line in Lines::open(path).map_err(ReviewedError::File)? {
        let line = line.map_err(ReviewedError::File)?;
        let row = line
            .text
            .and_then(|text| serde_json::from_str::<Row>(&text).map_err(BadLine::Json));
        let row = row.map_err(|source| {
            ReviewedError::File(FileError::Line {
                path: path.to_owned(),
                line: line.number,
                source,
            })
        })?;
        let is_question = row.reason.is_some() || row.right_label.is_some();
        let (answer, given) = match is_question {
            true => (row.right_label.unwrap_or_default(), Some(row.label)),
            false => (row.label, row.given),
        };
        let ids = row.similar.iter().map(|similar| match similar {
            Similar::Id(id) | Similar::Text { id } => id.as_str(),
        });
        reading.take(Answered {
            row: line.number,
            id: row.id.as_deref().and_then(row_id),
            input: row.input,
            given,
            similar: ids.filter_map(row_id).collect(),
            answers: vec![answer],
        });
    }
    Ok(())
}
