//! What a model's answer says of each field, read as leniently as is safe.

mod json;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use task_spec::FieldSchema;

use json::{Object, unquoted};

/// How many openings of an object are tried in an answer that is no JSON as a whole: it bounds the time that a hostile one
/// takes.
const MOST_OPENINGS: usize = 16;

/// How deep the fields may lie inside other objects.
const MOST_LEVELS: usize = 3;

/// How many of something, over the answers of one model. Zero of each is an answer as it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerForm {
    /// Answers without a JSON object: every field of them is wrong.
    pub unreadable: u64,
    /// Answers with text around the JSON object: prose, or the fence of a code block.
    pub surrounded: u64,
    /// Answers that are a JSON string with an object in it.
    pub quoted: u64,
    /// Answers whose fields lie inside another object.
    pub nested: u64,
    /// Keys that mean no field.
    pub unknown_keys: u64,
    /// Keys that come again; the last one counts, as in most readers of JSON.
    pub repeated_keys: u64,
    /// Values that are JSON numbers or booleans; their digits count as written.
    pub not_text: u64,
    /// Values that are lists; their items count as one text, with commas between.
    pub lists: u64,
    /// Values that are objects: what is under `value`, `text` or `amount` counts, or else the JSON itself.
    pub objects: u64,
    /// Values that say in words that there is none: `null`, `none`, `n/a`.
    pub said_absent: u64,
}

impl AnswerForm {
    /// Adds the counts of further answers.
    pub fn add(&mut self, other: &Self) {
        let Self {
            unreadable,
            surrounded,
            quoted,
            nested,
            unknown_keys,
            repeated_keys,
            not_text,
            lists,
            objects,
            said_absent,
        } = other;
        self.unreadable += unreadable;
        self.surrounded += surrounded;
        self.quoted += quoted;
        self.nested += nested;
        self.unknown_keys += unknown_keys;
        self.repeated_keys += repeated_keys;
        self.not_text += not_text;
        self.lists += lists;
        self.objects += objects;
        self.said_absent += said_absent;
    }
}

/// An answer, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadAnswer {
    /// The value of each field in the order of the schema; `None` where the answer gives none. Of an unreadable answer
    /// there are none.
    pub values: Vec<Option<String>>,
    /// Whether there is a JSON object in the answer.
    pub is_readable: bool,
    /// What had to be done to read it.
    pub form: AnswerForm,
}

/// Reads the fields of an answer that a model wrote: a JSON object, alone or with prose or a code fence around it.
///
/// The first object that holds a field counts, or else the first object. Keys mean fields by
/// [`FieldSchema::resolve`](task_spec::FieldSchema::resolve). A value that is `null`, blank, or says `null`, `none` or `n/a`
/// is no value. What had to be done is in [`AnswerForm`]; nothing is an error. The time is linear in the length.
///
/// ```
/// use gold_eval::read_answer;
/// use task_spec::{Field, FieldKind, FieldSchema};
///
/// let schema = FieldSchema::new(vec![
///     Field::new("company", FieldKind::Text),
///     Field::new("total", FieldKind::Money),
/// ])?;
/// let answer = read_answer("Here it is:\n```json\n{\"Company\": \"ACME\", \"total\": 9.50}\n```", &schema);
/// assert_eq!(answer.values, [Some("ACME".to_owned()), Some("9.50".to_owned())]);
/// assert_eq!((answer.form.surrounded, answer.form.not_text), (1, 1));
/// # Ok::<(), task_spec::FieldSchemaError>(())
/// ```
#[must_use]
pub fn read_answer(text: &str, schema: &FieldSchema) -> ReadAnswer {
    let mut read = ReadAnswer {
        values: vec![None; schema.len()],
        is_readable: false,
        form: AnswerForm::default(),
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    let inner = unquoted(text);
    let text = inner.as_deref().unwrap_or(text).trim();
    let Some((object, is_whole)) = find_object(text, schema) else {
        read.form.unreadable = 1;
        return read;
    };
    read.is_readable = true;
    read.form.quoted = u64::from(inner.is_some());
    read.form.surrounded = u64::from(!is_whole);
    let (object, levels) = innermost(object, schema);
    read.form.nested = u64::from(levels > 0);
    let mut seen = vec![false; schema.len()];
    for (key, value) in &object.entries {
        let Some(field) = schema.resolve(key) else {
            read.form.unknown_keys += 1;
            continue;
        };
        read.form.repeated_keys += u64::from(std::mem::replace(&mut seen[field], true));
        read.values[field] = value_of(value, &mut read.form).filter(|value| !value.trim().is_empty());
    }
    for value in &mut read.values {
        if value.as_deref().is_some_and(says_absent) {
            *value = None;
            read.form.said_absent += 1;
        }
    }
    read
}

/// The object that counts, and whether it is all of the text.
fn find_object<'a>(text: &'a str, schema: &FieldSchema) -> Option<(Object<'a>, bool)> {
    let (mut first, mut from) = (None, 0);
    for _ in 0..MOST_OPENINGS {
        let Some(start) = text[from..].find('{').map(|at| from + at) else {
            break;
        };
        let Some((object, end)) = Object::at(text, start) else {
            from = start + 1;
            continue;
        };
        let is_whole = start == 0 && end == text.len();
        if innermost(object.clone(), schema).0.holds_field(schema) {
            return Some((object, is_whole));
        }
        first = first.or(Some((object, is_whole)));
        from = end;
    }
    first
}

/// The object with the fields, where one lies inside the other, and how deep that is.
fn innermost<'a>(object: Object<'a>, schema: &FieldSchema) -> (Object<'a>, usize) {
    let mut current = object.clone();
    for level in 0..MOST_LEVELS {
        if current.holds_field(schema) {
            return (current, level);
        }
        // Only where there is one object inside is it clear which one is meant.
        let mut inside = current.entries.iter().filter_map(|(_, value)| Object::of(value));
        match (inside.next(), inside.next()) {
            (Some(only), None) => current = only,
            _ => break,
        }
    }
    if current.holds_field(schema) {
        return (current, MOST_LEVELS);
    }
    (object, 0)
}

/// A value as text; `None` for `null`.
fn value_of(value: &RawValue, form: &mut AnswerForm) -> Option<String> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => unquoted(raw),
        b'n' => None,
        b'[' => {
            form.lists += 1;
            let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            let texts = items.iter().filter_map(|item| match item.get() {
                "null" => None,
                text => Some(unquoted(text).unwrap_or_else(|| text.to_owned())),
            });
            Some(texts.collect::<Vec<_>>().join(", "))
        }
        b'{' => {
            form.objects += 1;
            let object = Object::of(value)?;
            let named = |name: &str| object.entries.iter().find(|(key, _)| key == name);
            let inner = ["value", "text", "amount"].into_iter().find_map(named);
            match inner.map(|(_, inner)| inner.get()) {
                Some("null") => None,
                Some(text) => Some(unquoted(text).unwrap_or_else(|| text.to_owned())),
                None => Some(raw.to_owned()),
            }
        }
        _ => {
            form.not_text += 1;
            Some(raw.to_owned())
        }
    }
}

/// Whether a value says in words that there is none.
pub(super) fn says_absent(value: &str) -> bool {
    let word = value.trim();
    ["null", "none", "n/a"]
        .iter()
        .any(|absent| word.eq_ignore_ascii_case(absent))
}

#[cfg(test)]
mod tests;
