//! What happens to logs on their way.

use proptest::{prelude::*, sample::Index, sample::select};
use serde_json::{Map, Value};

/// One thing that goes wrong, at a place that is drawn.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    FlipBits {
        line: Index,
        at: Index,
        bits: u8,
    },
    CutOff {
        line: Index,
        at: Index,
    },
    /// A key of the line stands a second time.
    RepeatKey {
        line: Index,
        key: Index,
        value: Value,
    },
    /// A field of an object, or an item of a list, is gone.
    Delete {
        line: Index,
        at: Index,
    },
    Replace {
        line: Index,
        at: Index,
        value: Value,
    },
    Swap {
        line: Index,
        with: Index,
    },
    RepeatLine {
        line: Index,
    },
    Insert {
        line: Index,
        text: &'static [u8],
    },
}

pub(crate) fn fault() -> impl Strategy<Value = Fault> {
    let place = || (any::<Index>(), any::<Index>());
    let value = || {
        select(vec![
            Value::Null,
            Value::from(-1.5),
            Value::from("card"),
            Value::Bool(true),
            Value::Array(Vec::new()),
            Value::Object(Map::new()),
        ])
    };
    let text = select(vec![
        &b""[..],
        b"\r",
        b" ",
        b"\xff\xfe",
        b"{}",
        b"[]",
        b"null",
        b"{\"a\":",
        b"\xef\xbb\xbf",
    ]);
    prop_oneof![
        1 => (place(), 1_u8..).prop_map(|((line, at), bits)| Fault::FlipBits { line, at, bits }),
        1 => place().prop_map(|(line, at)| Fault::CutOff { line, at }),
        1 => (place(), value()).prop_map(|((line, key), value)| Fault::RepeatKey { line, key, value }),
        2 => place().prop_map(|(line, at)| Fault::Delete { line, at }),
        4 => (place(), value()).prop_map(|((line, at), value)| Fault::Replace { line, at, value }),
        1 => place().prop_map(|(line, with)| Fault::Swap { line, with }),
        1 => any::<Index>().prop_map(|line| Fault::RepeatLine { line }),
        1 => (any::<Index>(), text).prop_map(|(line, text)| Fault::Insert { line, text }),
    ]
}

impl Fault {
    pub(crate) fn befall(&self, lines: &mut Vec<Vec<u8>>) {
        if let Self::Insert { line, text } = self {
            return lines.insert(line.index(lines.len() + 1), text.to_vec());
        }
        if lines.is_empty() {
            return;
        }
        match self {
            Self::Insert { .. } => {}
            Self::FlipBits { line, at, bits } => {
                let line = line.get_mut(lines);
                if !line.is_empty() {
                    *at.get_mut(line) ^= bits;
                }
            }
            Self::CutOff { line, at } => {
                let line = line.get_mut(lines);
                line.truncate(at.index(line.len() + 1));
            }
            Self::RepeatKey { line, key, value } => repeat_key(line.get_mut(lines), *key, value),
            Self::Delete { line, at } => change(line.get_mut(lines), *at, |place| match place {
                Value::Object(fields) => {
                    let first = fields.keys().next().cloned();
                    first.and_then(|key| fields.remove(&key));
                }
                Value::Array(items) => drop(items.pop()),
                other => *other = Value::Null,
            }),
            Self::Replace { line, at, value } => {
                change(line.get_mut(lines), *at, |place| *place = value.clone())
            }
            Self::Swap { line, with } => {
                let (line, with) = (line.index(lines.len()), with.index(lines.len()));
                lines.swap(line, with);
            }
            Self::RepeatLine { line } => {
                let again = line.get(lines).clone();
                lines.push(again);
            }
        }
    }
}

/// Writes a key of the outermost object again, with another value, at its end.
fn repeat_key(line: &mut Vec<u8>, key: Index, value: &Value) {
    let Ok(Value::Object(fields)) = serde_json::from_slice(line) else {
        return;
    };
    let keys: Vec<&String> = fields.keys().collect();
    if keys.is_empty() {
        return;
    }
    let end = line.iter().rposition(|&byte| byte == b'}').unwrap();
    let again = format!(",{}:{value}}}", Value::from(key.get(&keys).as_str()));
    line.truncate(end);
    line.extend(again.into_bytes());
}

/// Changes one of the values of a line that is JSON.
fn change(line: &mut Vec<u8>, at: Index, each: impl FnOnce(&mut Value)) {
    let Ok(mut json) = serde_json::from_slice::<Value>(line) else {
        return;
    };
    let mut left = at.index(count(&json));
    if let Some(place) = nth(&mut json, &mut left) {
        each(place);
    }
    *line = json.to_string().into_bytes();
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// The value of that number, each before those inside it.
fn nth<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(fields) => fields.values_mut().find_map(|item| nth(item, left)),
        _ => None,
    }
}
