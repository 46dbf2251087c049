//! Questions for Label Studio: tasks with predictions, and the labelling configuration.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{RIGHT_LABEL, ReviewRow, spreadsheet::similar_texts};

/// The tasks to import, in Label Studio's format (<https://labelstud.io/guide/tasks>): the questions with the label that is
/// most likely right as a prediction (<https://labelstud.io/guide/predictions>), which the annotator finds chosen.
#[must_use]
pub fn label_studio_tasks(rows: &[&ReviewRow]) -> Value {
    rows.iter().map(|row| label_studio_task(row)).collect()
}

/// A task of [`label_studio_tasks`], for those that are written one by one.
#[must_use]
pub fn label_studio_task(row: &ReviewRow) -> Value {
    let version = concat!("distill-data ", env!("CARGO_PKG_VERSION"));
    let (label, score) = match &row.suggested {
        Some(label) => (label, row.chance_wrong),
        None => (&row.label, 1.0 - row.chance_wrong),
    };
    let ids = row.similar.iter().map(|text| &text.id);
    json!({
        "data": {
            "text": row.input,
            "given_label": row.label,
            "reason": row.reason_in_words(),
            "calls": row.calls,
            "similar_texts": similar_texts(&row.similar),
            "minutes": (row.minutes * 100.0).round() / 100.0,
            "row_id": row.id,
            "similar_ids": ids.collect::<Vec<_>>(),
        },
        "predictions": [{
            "model_version": version,
            "score": score,
            "result": [{
                "id": row.id,
                "from_name": RIGHT_LABEL,
                "to_name": "text",
                "type": "choices",
                "value": {"choices": [label]},
            }],
        }],
    })
}

/// The labelling configuration of a project (<https://labelstud.io/tags/choices>) with a choice for each of the task's
/// labels.
#[must_use]
pub fn label_studio_config<'a>(labels: impl IntoIterator<Item = &'a str>) -> String {
    let mut choices = String::new();
    for label in labels {
        writeln!(choices, "    <Choice value=\"{}\"/>", attribute(label)).expect("a string takes all");
    }
    // A name after `$` ends where a space or the attribute does: a full stop would be part of it.
    format!(
        r#"<View>
  <Text name="text" value="$text"/>
  <Header size="5" value="The teacher said: $given_label"/>
  <Header size="6" value="$reason"/>
  <Header size="6" value="Also for: $similar_texts"/>
  <Choices name="{RIGHT_LABEL}" toName="text" choice="single-radio" required="true" showInline="true">
{choices}  </Choices>
</View>
"#
    )
}

/// A text as the value of an attribute of XML 1.0. Characters that XML cannot hold at all are replaced.
fn attribute(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => value.push_str("&amp;"),
            '<' => value.push_str("&lt;"),
            '>' => value.push_str("&gt;"),
            '"' => value.push_str("&quot;"),
            // A reader would make spaces of them.
            '\t' | '\n' | '\r' => {
                write!(value, "&#{};", u32::from(c)).expect("a string takes all");
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => value.push('\u{fffd}'),
            c => value.push(c),
        }
    }
    value
}
