//! Rows of fields: which one is the question, which the right answer, which the id.

use serde_json::Value;

use super::{ImportConfig, Unusable, messages::text_of, source::kind_in_words};

/// What a field that holds a question is usually called.
pub(super) const INPUTS: &[&str] = &[
    "input",
    "text",
    "question",
    "query",
    "prompt",
    "message",
    "utterance",
    "sentence",
    "ticket_text",
];
/// What a field that holds the right answer is usually called.
const LABELS: &[&str] = &[
    "label",
    "category",
    "intent",
    "class",
    "ideal",
    "expected",
    "expected_output",
    "answer",
    "correct_label",
    "ground_truth",
];

/// What is wrong with a row, and the field in which it is.
pub(super) type Problem = (Option<String>, Unusable);

/// A row before its label and its id are settled.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) input: String,
    pub(super) input_field: String,
    /// Every answer that counts as right.
    pub(super) labels: Vec<String>,
    pub(super) label_field: String,
    pub(super) id: Option<(String, String)>,
    pub(super) left_prompt_out: bool,
    pub(super) left_assertions_out: bool,
}

/// A row of fields, with those under `item` among them where OpenAI's Evals API has written it.
pub(super) fn draft(row: &Value, config: &ImportConfig) -> Result<Draft, Problem> {
    let inner = row.get("item").filter(|item| item.is_object());
    let fields = Fields { row, inner };
    let (input_field, value) = fields.choose("question", config.input.as_deref(), INPUTS)?;
    let (input, left_prompt_out) = text_of(value).map_err(|why| (Some(input_field.clone()), why))?;
    let (label_field, value) = fields.choose("right answer", config.label.as_deref(), LABELS)?;
    let labels = labels_of(value).map_err(|why| (Some(label_field.clone()), why))?;
    Ok(Draft {
        id: fields.id(config.id.as_deref())?,
        input,
        input_field,
        labels,
        label_field,
        left_prompt_out,
        left_assertions_out: false,
    })
}

/// An answer, or each of a list of them.
fn labels_of(value: &Value) -> Result<Vec<String>, Unusable> {
    let one = |value: &Value| text_of(value).map(|(text, _)| text);
    match value {
        Value::Array(values) if !values.is_empty() => values.iter().map(one).collect(),
        other => one(other).map(|label| vec![label]),
    }
}

/// The fields of a row, and of an object within it that is looked at as well.
pub(super) struct Fields<'a> {
    pub(super) row: &'a Value,
    pub(super) inner: Option<&'a Value>,
}

impl<'a> Fields<'a> {
    /// A field by its name, or by the names on the way to it with dots between them.
    pub(super) fn get(&self, path: &str) -> Option<&'a Value> {
        let places = || [Some(self.row), self.inner].into_iter().flatten();
        let straight = places().find_map(|place| place.get(path));
        let nested = || places().find_map(|place| path.split('.').try_fold(place, step));
        straight.or_else(nested).filter(|value| !value.is_null())
    }

    fn choose(
        &self,
        wanted: &'static str,
        named: Option<&str>,
        usual: &[&str],
    ) -> Result<(String, &'a Value), Problem> {
        if let Some(name) = named {
            let missing = || (Some(name.to_owned()), self.missing(wanted));
            return self
                .get(name)
                .map(|value| (name.to_owned(), value))
                .ok_or_else(missing);
        }
        let here = self.inner.unwrap_or(self.row);
        let found: Vec<&str> = usual
            .iter()
            .copied()
            .filter(|name| here.get(*name).is_some_and(|value| !value.is_null()))
            .collect();
        match found[..] {
            [name] => Ok((name.to_owned(), &here[name])),
            [] => Err((None, self.missing(wanted))),
            _ => {
                let fields = found.into_iter().map(str::to_owned).collect();
                Err((
                    None,
                    Unusable::WhichField {
                        wanted: wanted.to_owned(),
                        fields,
                    },
                ))
            }
        }
    }

    fn missing(&self, wanted: &str) -> Unusable {
        let here = self.inner.unwrap_or(self.row).as_object();
        Unusable::Missing {
            wanted: wanted.to_owned(),
            fields: here.map_or_else(Vec::new, |fields| fields.keys().cloned().collect()),
        }
    }

    /// The id and the field that holds it; a row without the usual one has none.
    pub(super) fn id(&self, named: Option<&str>) -> Result<Option<(String, String)>, Problem> {
        let name = named.unwrap_or("id");
        match self.get(name) {
            Some(value @ (Value::String(_) | Value::Number(_))) => {
                let (id, _) = text_of(value).map_err(|why| (Some(name.to_owned()), why))?;
                Ok(Some((id, name.to_owned())))
            }
            Some(other) => {
                let found = kind_in_words(other).to_owned();
                Err((Some(name.to_owned()), Unusable::NotText { found }))
            }
            None if named.is_some() => Err((Some(name.to_owned()), self.missing("id"))),
            None => Ok(None),
        }
    }
}

fn step<'a>(place: &'a Value, key: &str) -> Option<&'a Value> {
    match place {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    }
}
