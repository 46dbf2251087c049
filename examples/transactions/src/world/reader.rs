//! A reader who knows the trades' words and nothing else, to check that lines can be decided at all.

use std::collections::HashMap;

use crate::{
    Category,
    lexicon::{DEPARTMENTS, trade},
    spelling::{abbreviate, drop_vowels, legible_part},
};

/// Reads a line by the words in it: the name of a department or trade counts for more than that of a chain, a longer
/// word for more than a shorter, and a whole word for more than a cut one.
pub(crate) struct CarefulReader {
    /// What a form means, and how much it counts.
    forms: HashMap<String, (Category, u32)>,
    longest: usize,
}

impl CarefulReader {
    pub(crate) fn new() -> Self {
        let mut reader = Self {
            forms: HashMap::new(),
            longest: 0,
        };
        for category in Category::ALL {
            let trade = trade(category);
            for name in trade.chains.iter().chain(trade.web) {
                reader.learn(name, category, 1);
            }
            let abroad = trade.abroad.iter().map(|(_, pattern)| pattern);
            for pattern in trade.words.iter().chain(abroad) {
                for part in pattern
                    .split(['^', '!'])
                    .map(str::trim)
                    .filter(|part| part.len() > 1)
                {
                    reader.learn(part, category, 2);
                }
            }
        }
        for department in DEPARTMENTS {
            reader.learn(department.cue, department.category, 2);
        }
        reader
    }

    fn learn(&mut self, word: &str, category: Category, weight: u32) {
        for form in [
            word.to_owned(),
            word.replace('\'', ""),
            abbreviate(word),
            drop_vowels(word),
        ] {
            for kept in 2..=form.len() {
                let Some(part) = legible_part(&form, kept) else {
                    continue;
                };
                let weight = weight * 1000 + if kept == form.len() { 500 } else { 0 } + kept as u32;
                let entry = self.forms.entry(part.to_owned()).or_insert((category, weight));
                if weight > entry.1 {
                    *entry = (category, weight);
                }
                self.longest = self.longest.max(part.len());
            }
        }
    }

    pub(crate) fn read(&self, line: &str) -> Option<Category> {
        let line = line.to_uppercase().replace('-', " ");
        let bytes = line.as_bytes();
        let inside = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        // Matches by where they begin and end.
        let mut found: Vec<(usize, usize, Category, u32)> = Vec::new();
        for start in 0..bytes.len() {
            if start > 0 && inside(start - 1) {
                continue;
            }
            let word = (start + 2..=bytes.len().min(start + self.longest))
                .rev()
                .filter(|&end| !inside(end))
                .find_map(|end| {
                    self.forms
                        .get(&line[start..end])
                        .map(|&(c, w)| (start, end, c, w))
                });
            found.extend(word);
        }
        let within = |a: &(usize, usize, Category, u32), b: &(usize, usize, Category, u32)| {
            a != b && a.0 >= b.0 && a.1 <= b.1
        };
        found
            .iter()
            .filter(|a| !found.iter().any(|b| within(a, b)))
            .max_by_key(|&&(_, _, _, weight)| weight)
            .map(|&(_, _, category, _)| category)
    }
}
