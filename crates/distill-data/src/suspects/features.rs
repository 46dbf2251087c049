//! Texts as sparse vectors of words, pairs of words and pieces of words.

use hashbrown::{HashMap, HashSet};

/// A feature that occurs in fewer texts than this cannot carry anything from one text to another.
const LEAST_TEXTS: u32 = 2;
/// At most so many features, those of most texts: it bounds the memory of a model, 4 bytes for each feature and class.
const MOST_FEATURES: usize = 1 << 17;
/// The lengths of the pieces of words, in characters, with a mark at both ends of the word. On BANKING77 with planted errors,
/// pieces of 3 and 4, of 3 to 5 and of 2 to 4 do equally well; words and pairs of words alone lose 0.04 of F1.
const PIECES: std::ops::RangeInclusive<usize> = 3..=4;

/// TF-IDF vectors of unit length. Features are numbered by a hash of their name, so that nothing depends on the texts'
/// order, and no name is kept: 4 bytes for each feature of each text.
#[derive(Debug)]
pub(crate) struct Features {
    entries: Vec<u32>,
    ends: Vec<usize>,
    /// By feature.
    inverse_frequency: Vec<f32>,
    /// By text: 1 over the length of its vector.
    scale: Vec<f32>,
}

/// In how many texts each feature is: what has to be known before texts become vectors.
#[derive(Debug, Default)]
pub(crate) struct FeatureCounts {
    texts: usize,
    frequency: HashMap<u64, u32>,
    names: HashSet<u64>,
}

impl FeatureCounts {
    /// Counts a text.
    pub(crate) fn add(&mut self, text: &str) {
        self.texts += 1;
        hashes(text, &mut self.names);
        for &name in &self.names {
            *self.frequency.entry(name).or_default() += 1;
        }
    }

    /// Numbers the features that are kept: presence of one counts ln((1 + n) / (1 + df)) + 1.
    pub(crate) fn vectors(self) -> FeatureVectors {
        let mut known: Vec<(u32, u64)> = self
            .frequency
            .into_iter()
            .filter(|&(_, df)| df >= LEAST_TEXTS)
            .map(|(name, df)| (df, name))
            .collect();
        known.sort_unstable_by_key(|&(df, name)| (std::cmp::Reverse(df), name));
        known.truncate(MOST_FEATURES);
        let inverse = |df: u32| ((1.0 + self.texts as f32) / (1.0 + df as f32)).ln() + 1.0;
        FeatureVectors {
            numbered: known.iter().map(|&(_, name)| name).zip(0..).collect(),
            names: self.names,
            features: Features {
                // As many as there will be: a list that grows by doubling would hold up to twice that.
                entries: Vec::with_capacity(known.iter().map(|&(df, _)| df as usize).sum()),
                ends: Vec::with_capacity(self.texts),
                inverse_frequency: known.iter().map(|&(df, _)| inverse(df)).collect(),
                scale: Vec::with_capacity(self.texts),
            },
        }
    }
}

/// Vectors while they are made, text after text.
#[derive(Debug)]
pub(crate) struct FeatureVectors {
    numbered: HashMap<u64, u32>,
    names: HashSet<u64>,
    features: Features,
}

impl FeatureVectors {
    /// Adds the vector of a text.
    pub(crate) fn add(&mut self, text: &str) {
        hashes(text, &mut self.names);
        let features = &mut self.features;
        let start = features.entries.len();
        let of_text = self.names.iter().filter_map(|name| self.numbered.get(name));
        features.entries.extend(of_text);
        let row = &mut features.entries[start..];
        row.sort_unstable();
        let squares = row
            .iter()
            .map(|&feature| features.inverse_frequency[feature as usize].powi(2));
        let length = squares.sum::<f32>().sqrt();
        // A text without features has a vector of none, whatever its scale.
        features.scale.push(if length > 0.0 { 1.0 / length } else { 0.0 });
        features.ends.push(features.entries.len());
    }

    pub(crate) fn finish(self) -> Features {
        self.features
    }
}

impl Features {
    /// The vectors of normalised texts.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut counts = FeatureCounts::default();
        texts.clone().for_each(|text| counts.add(text));
        let mut vectors = counts.vectors();
        texts.for_each(|text| vectors.add(text));
        vectors.finish()
    }

    /// How many features there are: the numbers are below this.
    pub(super) fn distinct(&self) -> usize {
        self.inverse_frequency.len()
    }

    /// The features of one text with their values; empty if it shares none with another text.
    pub(crate) fn row(&self, text: usize) -> impl Iterator<Item = (u32, f32)> + Clone + '_ {
        let start = if text == 0 { 0 } else { self.ends[text - 1] };
        let scale = self.scale[text];
        self.entries[start..self.ends[text]]
            .iter()
            .map(move |&feature| (feature, scale * self.inverse_frequency[feature as usize]))
    }
}

/// The hashes of a text's features, each once: its words, its pairs of neighbouring words, and the pieces of each word with
/// its ends marked.
fn hashes(text: &str, names: &mut HashSet<u64>) {
    names.clear();
    let mut previous: Option<&str> = None;
    let mut marked = String::new();
    let mut starts = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        names.insert(fnv1a(&["word", word]));
        if let Some(previous) = previous {
            names.insert(fnv1a(&["pair", previous, word]));
        }
        previous = Some(word);
        marked.clear();
        marked.push('<');
        marked.push_str(word);
        marked.push('>');
        starts.clear();
        starts.extend(marked.char_indices().map(|(at, _)| at).chain([marked.len()]));
        for length in PIECES {
            for ends in starts.windows(length + 1) {
                names.insert(fnv1a(&["piece", &marked[ends[0]..ends[length]]]));
            }
        }
    }
}

/// FNV-1a (Fowler, Noll, Vo) of 64 bits over parts that hold no 0 byte themselves: the same on every machine, which the
/// standard library's hashers do not promise.
fn fnv1a(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
