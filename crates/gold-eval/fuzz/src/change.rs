//! Changes of files of JSON lines that leave most of their lines readable.

use std::{cell::OnceCell, fs, path::Path};

use fuzzing::{Mutator, Random};
use serde_json::Value;

thread_local! {
    static MUTATOR: OnceCell<Mutator> = const { OnceCell::new() };
}

/// What stands in no seed and in files elsewhere.
const SOME_WORDS: &[&str] = &[
    "assistant",
    "name",
    "example_user",
    "image_url",
    "metadata",
    "output_text",
    "probabilities",
];

/// Changes a line's JSON, or the order of the lines, behind `before` bytes that say what the file is; `other` changes
/// bytes, and is used now and then, and where there is no JSON. As libFuzzer asks: of `data` the first `size` bytes
/// are the input, and the new length, which is returned, is at most `max_size`.
pub fn lines(
    before: usize,
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    other: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random::new(seed);
    if size <= before || random.below(4) == 0 {
        return other(data, size, max_size);
    }
    let text = &data[before..size];
    let changed;
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let (at, to) = (random.below(lines.len()), random.below(lines.len()));
    let mutated = |text: &[u8], random: &mut Random| {
        MUTATOR.with(|mutator| {
            mutator
                .get_or_init(|| Mutator::new(samples(), SOME_WORDS))
                .changed(text, random)
        })
    };
    let whole = match random.below(7) {
        0 => {
            lines.insert(to, lines[at]);
            lines.join(&b'\n')
        }
        1 => {
            lines.swap(at, to);
            lines.join(&b'\n')
        }
        // One value on several lines, or a line.
        _ => match (mutated(text, &mut random), mutated(lines[at], &mut random)) {
            (Some(whole), _) => whole,
            (None, Some(line)) => {
                changed = line;
                lines[at] = &changed;
                lines.join(&b'\n')
            }
            (None, None) => return other(data, size, max_size),
        },
    };
    if whole.is_empty() || before + whole.len() > max_size {
        return other(data, size, max_size);
    }
    data[before..before + whole.len()].copy_from_slice(&whole);
    before + whole.len()
}

/// Everything in the seeds that is JSON.
fn samples() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut found = Vec::new();
    for folder in [
        "answer_files",
        "files",
        "gold",
        "import_document",
        "import_lines",
        "wire",
    ] {
        let entries = fs::read_dir(root.join(folder)).expect("the seeds can be listed");
        for entry in entries.flatten() {
            let Ok(text) = fs::read_to_string(entry.path()) else {
                continue;
            };
            let whole = text.get(1..).and_then(|text| serde_json::from_str(text).ok());
            found.extend(whole);
            found.extend(text.lines().filter_map(|line| serde_json::from_str(line).ok()));
        }
    }
    found
}
