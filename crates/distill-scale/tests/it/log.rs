//! A small log in which everything happens: repeats, near-duplicates, conflicts, persons, unknown labels and confidences.

use std::{fmt::Write, path::Path};

use near_texts::GoldRows;
use task_spec::{GoldRow, Label, LabelSet};

pub(crate) fn labels() -> LabelSet {
    LabelSet::new(vec![
        Label::new("card-arrival").with_alias("arrival"),
        Label::new("top-up"),
        Label::new("exchange rate"),
    ])
    .unwrap()
}

/// Writes a log of so many calls that follow from a seed. Texts say nothing of their labels.
pub(crate) fn write(path: &Path, calls: usize, seed: u64) {
    write_of(path, calls, seed, |random| (sentence(random), random.below(3)));
}

/// The same of texts whose words tell their label, so that a model finds those that are wrong.
pub(crate) fn write_telling(path: &Path, calls: usize, seed: u64) {
    write_of(path, calls, seed, telling_sentence);
}

/// One or the other.
pub(crate) fn write_either(path: &Path, telling: bool, calls: usize, seed: u64) {
    match telling {
        true => write_telling(path, calls, seed),
        false => write(path, calls, seed),
    }
}

fn write_of(path: &Path, calls: usize, seed: u64, new: impl Fn(&mut Random) -> (String, usize)) {
    let mut random = Random(seed);
    let mut texts: Vec<(String, usize)> = Vec::new();
    let mut lines = String::new();
    for _ in 0..calls {
        let (text, label) = match random.below(10) {
            0..3 if !texts.is_empty() => texts[random.below(texts.len())].clone(),
            3..7 if !texts.is_empty() => {
                let (text, label) = texts[random.below(texts.len())].clone();
                (edited(&text, &mut random), label)
            }
            _ => new(&mut random),
        };
        texts.push((text.clone(), label));
        let label = if random.below(8) == 0 {
            random.below(3)
        } else {
            label
        };
        let answer = match random.below(40) {
            0 => "no such label",
            1 => " Card Arrival",
            _ => ["arrival", "top-up", "exchange_rate"][label],
        };
        let text = match random.below(30) {
            0 => " \t".to_owned(),
            1..8 => text.to_uppercase() + "!",
            _ => text,
        };
        write!(lines, "{{\"input\":{},\"answer\":{}", json(&text), json(answer)).unwrap();
        match random.below(5) {
            0 => {}
            1 => lines.push_str(",\"confidence\":null"),
            2 => lines.push_str(",\"confidence\":0"),
            _ => write!(lines, ",\"confidence\":{}", random.below(1001) as f64 / 1000.0).unwrap(),
        }
        if random.below(12) == 0 {
            write!(lines, ",\"reviewed\":{}", random.below(3) > 0).unwrap();
        }
        lines.push_str("}\n");
    }
    std::fs::write(path, lines).unwrap();
}

/// A gold set of so many texts: some of a log's, word for word or edited, some in it twice, and some of their own.
pub(crate) fn gold(log: &Path, rows: usize, seed: u64) -> GoldRows {
    let mut random = Random(seed ^ 0x90_1d);
    let lines = std::fs::read_to_string(log).unwrap();
    let texts = lines.lines().filter_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(line["input"].as_str()?.trim().to_owned())
    });
    let texts: Vec<String> = texts.collect();
    let row = |number: usize| {
        let text = texts[random.below(texts.len())].clone();
        let input = match random.below(6) {
            0 => sentence(&mut random),
            1 | 2 => text,
            _ if text.chars().count() < 3 => text,
            3 => edited(&edited(&text, &mut random), &mut random),
            _ => edited(&text, &mut random),
        };
        GoldRow {
            // Not in the order of the set.
            id: format!("gold-{}", number * 7 % rows.max(1)),
            input,
            label: "top-up".into(),
        }
    };
    GoldRows::new((0..rows).map(row).collect())
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

pub(crate) fn sentence(random: &mut Random) -> String {
    const WORDS: [&str; 24] = [
        "where", "is", "my", "card", "new", "top", "up", "failed", "why", "the", "rate", "of", "exchange",
        "euro", "has", "not", "come", "yet", "I", "am", "waiting", "for", "Straße", "ärger",
    ];
    let count = 1 + random.below(9);
    let words: Vec<&str> = (0..count).map(|_| WORDS[random.below(WORDS.len())]).collect();
    words.join(" ")
}

/// A sentence of which every other word is one of its label.
pub(crate) fn telling_sentence(random: &mut Random) -> (String, usize) {
    const WORDS: [[&str; 8]; 3] = [
        [
            "card", "delivery", "post", "arrive", "letter", "address", "courier", "envelope",
        ],
        [
            "top", "up", "deposit", "funds", "balance", "salary", "transfer", "account",
        ],
        [
            "rate", "exchange", "euro", "dollar", "currency", "pound", "market", "yen",
        ],
    ];
    let label = random.below(3);
    let words: Vec<String> = (0..2 + random.below(3))
        .flat_map(|_| [sentence_word(random), WORDS[label][random.below(8)].to_owned()])
        .collect();
    (words.join(" "), label)
}

fn sentence_word(random: &mut Random) -> String {
    let sentence = sentence(random);
    sentence.split(' ').next().unwrap_or_default().to_owned()
}

/// A text with a character or two replaced, put in or taken out.
pub(crate) fn edited(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(2) {
        let letter = char::from(b'a' + random.below(26) as u8);
        let at = random.below(chars.len());
        match random.below(3) {
            0 => chars[at] = letter,
            1 => chars.insert(at, letter),
            _ if chars.len() > 2 => drop(chars.remove(at)),
            _ => {}
        }
    }
    chars.into_iter().collect()
}

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}
