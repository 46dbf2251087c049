//! Changes of a log that leave most of its lines readable.

use std::{cell::OnceCell, fs, path::Path};

use fuzzing::{Mutator, Random};
use serde_json::Value;

thread_local! {
    static MUTATOR: OnceCell<Mutator> = const { OnceCell::new() };
}

/// What stands in no fixture and in logs elsewhere.
const SOME_WORDS: &[&str] = &[
    "ERROR",
    "assistant",
    "body",
    "content_filter",
    "custom_id",
    "developer",
    "errorCode",
    "image",
    "input_json",
    "length",
    "max_tokens",
    "messages",
    "params",
    "predicate",
    "refusal",
    "result",
    "score",
    "status_code",
    "tool_calls",
    "tool_use",
    "true",
    "weight",
];

/// Changes a line's JSON, or the order of the lines; `other` changes bytes, and is used now and then, and where there is no
/// JSON. As libFuzzer asks: of `data` the first `size` bytes are the input, and the new length, which is returned, is at
/// most `max_size`.
pub fn change(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    other: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random::new(seed);
    let mut lines: Vec<&[u8]> = data[..size].split(|&byte| byte == b'\n').collect();
    let (at, to) = (random.below(lines.len()), random.below(lines.len()));
    let changed;
    match random.below(8) {
        0 | 1 => return other(data, size, max_size),
        2 => lines.insert(to, lines[at]),
        3 => lines.swap(at, to),
        4 => drop(lines.remove(at)),
        _ => {
            let mutated = MUTATOR.with(|mutator| {
                let mutator = mutator.get_or_init(|| Mutator::new(samples(), SOME_WORDS));
                mutator.changed(lines[at], &mut random)
            });
            match mutated {
                Some(line) => {
                    changed = line;
                    lines[at] = &changed;
                }
                None => return other(data, size, max_size),
            }
        }
    }
    let whole = lines.join(&b'\n');
    if whole.is_empty() || whole.len() > max_size {
        return other(data, size, max_size);
    }
    data[..whole.len()].copy_from_slice(&whole);
    whole.len()
}

/// Every line of the fixtures and the seeds that is JSON.
fn samples() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["../tests/fixtures/logs", "seeds/jsonl", "seeds/observers"] {
        let entries = fs::read_dir(root.join(folder)).expect("the fixtures can be listed");
        for entry in entries.flatten() {
            // Those in Parquet have a target of their own.
            let Ok(text) = fs::read_to_string(entry.path()) else {
                continue;
            };
            found.extend(text.lines().filter_map(|line| serde_json::from_str(line).ok()));
        }
    }
    found
}
