//! Changes that leave JSON readable, for libFuzzer: a change of any byte is refused by the parser most of the time, and then
//! nothing behind the parser is tried.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Changes JSON by what stands in other JSON of its kind.
#[derive(Debug)]
pub struct Mutator {
    words: Vec<String>,
}

impl Mutator {
    /// Takes the names of fields and the strings from some JSON, and `more` that stand in none of it.
    pub fn new(samples: impl IntoIterator<Item = Value>, more: &[&str]) -> Self {
        let mut words: BTreeSet<String> = more.iter().map(|word| (*word).to_owned()).collect();
        words.insert(String::new());
        for sample in samples {
            collect(&sample, &mut words);
        }
        Self {
            words: words.into_iter().collect(),
        }
    }

    /// Some JSON with one to three changes; `None` where the text is none.
    pub fn changed(&self, text: &[u8], random: &mut Random) -> Option<Vec<u8>> {
        let mut value = serde_json::from_slice::<Value>(text).ok()?;
        for _ in 0..=random.below(3) {
            let at = random.below(count(&value));
            self.change(&mut value, at, random);
        }
        Some(value.to_string().into_bytes())
    }

    /// Changes the value that is the `at`th, each before those inside it.
    fn change(&self, value: &mut Value, at: usize, random: &mut Random) {
        if at == 0 {
            return self.change_here(value, random);
        }
        let mut left = at - 1;
        let inner: Vec<&mut Value> = match value {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(fields) => fields.values_mut().collect(),
            _ => return,
        };
        for one in inner {
            let size = count(one);
            if left < size {
                return self.change(one, left, random);
            }
            left -= size;
        }
    }

    fn change_here(&self, value: &mut Value, random: &mut Random) {
        let kind = random.below(4);
        match value {
            Value::Array(items) if kind < 3 => self.change_items(items, random),
            Value::Object(fields) if kind < 3 => self.change_fields(fields, random),
            Value::Number(number) if kind < 2 => {
                let near = number.as_f64().unwrap_or_default();
                *value = match random.below(5) {
                    0 => json!(near + 1.0),
                    1 => json!(number.as_i64().unwrap_or_default().wrapping_add(1)),
                    2 => json!(number.as_i64().unwrap_or_default().wrapping_sub(1)),
                    3 => json!(number.as_i64().unwrap_or_default().wrapping_mul(2)),
                    _ => json!(-near),
                };
            }
            Value::Bool(flag) if kind < 3 => *flag = !*flag,
            // Some formats hold JSON in strings.
            Value::String(text) if kind < 3 && text.starts_with(['{', '[']) => {
                if let Some(inner) = self.changed(text.as_bytes(), random) {
                    *text = String::from_utf8_lossy(&inner).into_owned();
                }
            }
            _ => *value = self.odd_value(random),
        }
    }

    fn change_items(&self, items: &mut Vec<Value>, random: &mut Random) {
        let at = random.below(items.len().max(1));
        match random.below(4) {
            0 if !items.is_empty() => drop(items.remove(at)),
            1 if !items.is_empty() => items.push(items[at].clone()),
            2 if !items.is_empty() => items.swap(0, at),
            _ => items.push(self.odd_value(random)),
        }
    }

    fn change_fields(&self, fields: &mut Map<String, Value>, random: &mut Random) {
        let names: Vec<String> = fields.keys().cloned().collect();
        let name = |random: &mut Random| names.get(random.below(names.len().max(1))).cloned();
        match random.below(4) {
            0 => {
                if let Some(name) = name(random) {
                    fields.remove(&name);
                }
            }
            // Another field's value, or the value under another name.
            1 => {
                if let (Some(from), Some(to)) = (name(random), name(random)) {
                    let moved = fields[&from].clone();
                    fields.insert(to, moved);
                }
            }
            2 => {
                if let Some(from) = name(random) {
                    let moved = fields[&from].clone();
                    fields.insert(self.word(random), moved);
                }
            }
            _ => drop(fields.insert(self.word(random), self.odd_value(random))),
        }
    }

    fn odd_value(&self, random: &mut Random) -> Value {
        match random.below(12) {
            0 => Value::Null,
            1 => json!(random.below(2) == 0),
            2 => json!(random.below(9)),
            3 => json!(1_u64 << random.below(64)),
            4 => json!((1_u64 << random.below(64)) - 1),
            5 => json!(i64::MIN),
            6 => json!([1e-300, 1e300, 0.5, -0.0, 1e-5, 3.9e38][random.below(6)]),
            7 => json!([]),
            8 => json!({}),
            9 => json!([self.word(random), self.word(random)]),
            10 => json!({self.word(random): random.below(9)}),
            _ => json!(self.word(random)),
        }
    }

    fn word(&self, random: &mut Random) -> String {
        self.words[random.below(self.words.len())].clone()
    }
}

/// How many values there are in a value, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn collect(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(words.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Object(fields) => {
            for (name, value) in fields {
                words.insert(name.clone());
                collect(value, words);
            }
        }
        _ => {}
    }
}

/// Vigna's SplitMix64: seeded by libFuzzer, so that a run can be repeated.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// What libFuzzer gave.
    pub fn new(seed: u32) -> Self {
        Self(u64::from(seed))
    }

    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
