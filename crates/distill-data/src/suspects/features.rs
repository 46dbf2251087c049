//! Texts as sparse vectors of words and character 3-grams.

use hashbrown::{HashMap, HashSet};

/// A feature that occurs in fewer texts than this cannot carry anything from one text to another.
const LEAST_TEXTS: u32 = 2;

/// TF-IDF vectors of unit length. Features are numbered by name, so that nothing depends on the texts' order.
#[derive(Debug)]
pub(crate) struct Features {
    entries: Vec<(u32, f32)>,
    ends: Vec<usize>,
    distinct: usize,
}

impl Features {
    /// The vectors of normalised texts: presence of a feature, times ln((1 + n) / (1 + df)) + 1.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let texts: Vec<Vec<String>> = texts.map(names).collect();
        let mut frequency: HashMap<&str, u32> = HashMap::new();
        for name in texts.iter().flatten() {
            *frequency.entry(name).or_default() += 1;
        }
        let mut known: Vec<(&str, u32)> = frequency
            .into_iter()
            .filter(|&(_, df)| df >= LEAST_TEXTS)
            .collect();
        known.sort_unstable();
        let count = texts.len() as f32;
        let numbered: HashMap<&str, (u32, f32)> = known
            .iter()
            .zip(0..)
            .map(|(&(name, df), number)| (name, (number, ((1.0 + count) / (1.0 + df as f32)).ln() + 1.0)))
            .collect();
        let mut features = Self {
            entries: Vec::new(),
            ends: Vec::with_capacity(texts.len()),
            distinct: numbered.len(),
        };
        for text in &texts {
            let start = features.entries.len();
            features
                .entries
                .extend(text.iter().filter_map(|name| numbered.get(name.as_str())));
            let row = &mut features.entries[start..];
            row.sort_unstable_by_key(|entry| entry.0);
            let norm = row.iter().map(|entry| entry.1 * entry.1).sum::<f32>().sqrt();
            for entry in row {
                entry.1 /= norm;
            }
            features.ends.push(features.entries.len());
        }
        features
    }

    /// How many features there are: the numbers are below this.
    pub(crate) fn distinct(&self) -> usize {
        self.distinct
    }

    /// The features of one text with their values; empty if it shares none with another text.
    pub(crate) fn row(&self, text: usize) -> &[(u32, f32)] {
        let start = if text == 0 { 0 } else { self.ends[text - 1] };
        &self.entries[start..self.ends[text]]
    }
}

/// The names of a text's features, each once: its words, and the 3-grams of each word with its ends marked.
fn names(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let marked: Vec<char> = std::iter::once('<').chain(word.chars()).chain(['>']).collect();
        for gram in marked.windows(3) {
            seen.insert(gram.iter().collect::<String>());
        }
        // The space keeps a word of three letters apart from a 3-gram.
        seen.insert(format!(" {word}"));
    }
    seen.into_iter().collect()
}
