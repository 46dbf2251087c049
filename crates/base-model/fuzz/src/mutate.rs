//! Changes that leave JSON readable: a change of any byte is refused by the parser most of the time, and then nothing
//! behind the parser is tried.

use std::{cell::OnceCell, collections::BTreeSet, fs};

use serde_json::{Map, Value, json};

use crate::{at_zero, fixtures};

thread_local! {
    /// Names of fields and the strings beside them, in every config of the fixtures.
    static WORDS: OnceCell<Vec<String>> = const { OnceCell::new() };
}

/// Changes the JSON that follows `before` bytes and ends at a zero byte or at the end; `other` changes bytes, and is used
/// now and then, and where there is no JSON. As libFuzzer asks: of `data` the first `size` bytes are the input, and the
/// new length, which is returned, is at most `max_size`.
pub fn json(
    before: usize,
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    other: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random(u64::from(seed));
    if random.below(4) == 0 {
        return other(data, size, max_size);
    }
    let (text, rest) = at_zero(data[..size].get(before..).unwrap_or_default());
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else {
        return other(data, size, max_size);
    };
    for _ in 0..=random.below(3) {
        let at = random.below(count(&value));
        change(&mut value, at, &mut random);
    }
    let mut changed = data[..before].to_vec();
    changed.extend(value.to_string().into_bytes());
    if let Some(rest) = rest {
        changed.push(0);
        changed.extend(rest);
    }
    if changed.len() > max_size {
        return other(data, size, max_size);
    }
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

/// How many values there are in a value, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that is the `at`th, each before those inside it.
fn change(value: &mut Value, at: usize, random: &mut Random) {
    if at == 0 {
        return change_here(value, random);
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
            return change(one, left, random);
        }
        left -= size;
    }
}

fn change_here(value: &mut Value, random: &mut Random) {
    let kind = random.below(4);
    match value {
        Value::Array(items) if kind < 3 => change_items(items, random),
        Value::Object(fields) if kind < 3 => change_fields(fields, random),
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
        _ => *value = odd_value(random),
    }
}

fn change_items(items: &mut Vec<Value>, random: &mut Random) {
    let at = random.below(items.len().max(1));
    match random.below(4) {
        0 if !items.is_empty() => drop(items.remove(at)),
        1 if !items.is_empty() => items.push(items[at].clone()),
        2 if !items.is_empty() => items.swap(0, at),
        _ => items.push(odd_value(random)),
    }
}

fn change_fields(fields: &mut Map<String, Value>, random: &mut Random) {
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
                fields.insert(word(random), moved);
            }
        }
        _ => drop(fields.insert(word(random), odd_value(random))),
    }
}

fn odd_value(random: &mut Random) -> Value {
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
        9 => json!([word(random), word(random)]),
        10 => json!({word(random): random.below(9)}),
        _ => json!(word(random)),
    }
}

fn word(random: &mut Random) -> String {
    WORDS.with(|words| {
        let words = words.get_or_init(words_of_fixtures);
        words[random.below(words.len())].clone()
    })
}

fn words_of_fixtures() -> Vec<String> {
    let mut words: BTreeSet<String> = SOME_WORDS.iter().map(|word| (*word).to_owned()).collect();
    let files = fixtures::models()
        .into_iter()
        .map(|model| model.join("config.json"));
    for file in files.chain(
        fixtures::adapters()
            .into_iter()
            .map(|adapter| adapter.join("adapter_config.json")),
    ) {
        if let Some(value) = fs::read(file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        {
            collect(&value, &mut words);
        }
    }
    words.into_iter().collect()
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

/// What stands in no fixture and in files elsewhere.
const SOME_WORDS: &[&str] = &[
    "",
    "(",
    ".*",
    ".",
    "all-linear",
    "bert.pooler.dense",
    "classifier",
    "dynamic",
    "gelu_new",
    "global_attn_every_n_layers",
    "global_rope_theta",
    "head",
    "layers_pattern",
    "linear",
    "local_rope_theta",
    "longrope",
    "mean",
    "relu",
    "rope_local_base_freq",
    "rope_scaling",
    "rope_theta",
    "silu",
    "sliding_window_pattern",
    "type",
    "yarn",
];

/// Vigna's SplitMix64: seeded by libFuzzer, so that a run can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}
