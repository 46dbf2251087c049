//! Proof that training rows and gold rows are apart.

mod joined;

use std::{collections::BTreeSet, path::Path};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, read_json_lines_and_hash};
use task_spec::GoldRow;

use crate::{
    JaccardThreshold, MASKING_RULES, NearPair, PersonalDataKind, PersonalDataMask, normalise,
    normalise::NORMALISER_VERSION, shingles::SHINGLE_CHARS,
};

pub use joined::{JoinedTexts, TextsHasher, gold_neighbours};

/// The gold set that training rows must not touch, with the hash of the file it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldRows {
    rows: Vec<GoldRow>,
    hash: ContentHash,
    masked: Option<MaskRecord>,
}

impl GoldRows {
    /// Reads a `gold.jsonl`.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be read or a line is no gold row.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let (rows, hash) = read_json_lines_and_hash(path)?;
        Ok(Self::of_file(rows, hash))
    }

    /// The rows of a file of this hash, read elsewhere.
    #[must_use]
    pub fn of_file(rows: Vec<GoldRow>, hash: ContentHash) -> Self {
        Self {
            rows,
            hash,
            masked: None,
        }
    }

    /// Rows in memory; their hash is that of the file that
    /// [`write_json_lines`](stage_files::write_json_lines) would make of them.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "three strings always have a JSON form")]
    pub fn new(rows: Vec<GoldRow>) -> Self {
        let mut bytes = Vec::new();
        for row in &rows {
            bytes.extend(serde_json::to_vec(row).expect("three strings have a JSON form"));
            bytes.push(b'\n');
        }
        Self {
            hash: ContentHash::of_bytes(&bytes),
            rows,
            masked: None,
        }
    }

    /// The rows as they read where personal data is masked, for training texts that are masked too: else a gold row
    /// with a card number would never be found among them. The hash stays that of the file.
    #[must_use]
    pub fn masked(&self, mask: &PersonalDataMask) -> Self {
        if mask.is_off() {
            return self.clone();
        }
        let row = |row: &GoldRow| GoldRow {
            input: mask.mask(&row.input).text.into_owned(),
            ..row.clone()
        };
        Self {
            rows: self.rows.iter().map(row).collect(),
            hash: self.hash.clone(),
            masked: Some(MaskRecord {
                rules: MASKING_RULES.to_owned(),
                kinds: mask.kinds().clone(),
            }),
        }
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[GoldRow] {
        &self.rows
    }

    /// BLAKE3 of the file, or of the rows as JSON lines.
    #[must_use]
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }
}

/// How near the gold set comes to some training texts.
///
/// The join is exact: a gold row that is not listed has no training text at or above 0.7. Whoever has both
/// sets can compute the certificate again with [`leakage_certificate`] and compare; neither the order of the training
/// texts nor their spelling changes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakageCertificate {
    /// The rules by which texts were normalised, [`NORMALISER_VERSION`].
    pub normaliser: String,
    /// How many characters a shingle has.
    pub shingle_chars: usize,
    /// What was masked in both sets before they were compared, if anything was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<MaskRecord>,
    /// From which similarity on a training text counts as a leak.
    pub threshold: JaccardThreshold,
    /// How many gold rows there are.
    pub gold_rows: usize,
    /// BLAKE3 of the gold set, [`GoldRows::hash`].
    pub gold: ContentHash,
    /// How many training texts there are.
    pub train_rows: usize,
    /// [`texts_hash`] of the training texts.
    pub train: ContentHash,
    /// Training texts at or above the threshold from some gold row.
    pub leaking_rows: usize,
    /// Gold rows whose normalised text is a training text word for word.
    pub exact: usize,
    /// Gold rows with a training text at similarity 0.7 and above.
    pub at_0_7: usize,
    /// The same at 0.8.
    pub at_0_8: usize,
    /// The same at 0.9.
    pub at_0_9: usize,
    /// Gold rows without any training text at 0.7: all the others.
    pub below_0_7: usize,
    /// The gold rows with a training text at 0.7 and above (or at the threshold, where that is lower), in the order of
    /// the gold set.
    pub nearest: Vec<GoldNeighbour>,
}

/// What was masked before texts were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskRecord {
    /// The rules, [`MASKING_RULES`].
    pub rules: String,
    /// The kinds of personal data.
    pub kinds: BTreeSet<PersonalDataKind>,
}

/// A gold row and the training text nearest to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldNeighbour {
    /// The gold row.
    pub gold: String,
    /// [`text_hash`] of the nearest training text; of equally near ones the smallest.
    pub train: ContentHash,
    /// Their similarity, in 0.7..=1.
    pub jaccard: f64,
    /// Whether the texts are equal after the normaliser; equal sets of 3-grams alone need not be equal texts.
    pub exact: bool,
}

impl LeakageCertificate {
    /// The certificate of training texts that were joined with the gold set part by part, for those that are not all in one
    /// memory; [`leakage_certificate`] is this of a single part.
    #[must_use]
    pub fn of_joined(gold: &GoldRows, threshold: JaccardThreshold, joined: JoinedTexts) -> Self {
        let nearest: Vec<GoldNeighbour> = joined.nearest.into_values().collect();
        let at = |jaccard: f64| nearest.iter().filter(|near| near.jaccard >= jaccard).count();
        Self {
            normaliser: NORMALISER_VERSION.to_owned(),
            shingle_chars: SHINGLE_CHARS,
            masked: gold.masked.clone(),
            threshold,
            gold_rows: gold.rows.len(),
            gold: gold.hash.clone(),
            train_rows: joined.rows,
            train: joined.hash,
            leaking_rows: joined.leaking,
            exact: nearest.iter().filter(|near| near.exact).count(),
            at_0_7: at(0.7),
            at_0_8: at(0.8),
            at_0_9: at(0.9),
            below_0_7: gold.rows.len().saturating_sub(at(0.7)),
            nearest,
        }
    }

    /// The gold rows with a training text at or above a similarity (0.7 at least), in their order.
    pub fn gold_at(&self, jaccard: f64) -> impl Iterator<Item = &str> {
        self.nearest
            .iter()
            .filter(move |near| near.jaccard >= jaccard)
            .map(|near| near.gold.as_str())
    }

    /// Whether no training text reaches the threshold.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.nearest
            .iter()
            .all(|near| near.jaccard < self.threshold.get())
    }
}

/// Joins training texts with the gold set, exactly.
///
/// ```
/// use near_texts::{leakage_certificate, GoldRows, JaccardThreshold};
/// use task_spec::GoldRow;
///
/// let gold = GoldRows::new(vec![
///     GoldRow { id: "g1".into(), input: "Where is my card?".into(), label: "card".into() },
/// ]);
/// let train = ["where is my card", "top up failed"];
/// let certificate = leakage_certificate(&train, &gold, JaccardThreshold::default());
/// assert_eq!((certificate.exact, certificate.is_clean()), (1, false));
/// ```
#[must_use]
pub fn leakage_certificate<S: AsRef<str> + Sync>(
    train: &[S],
    gold: &GoldRows,
    threshold: JaccardThreshold,
) -> LeakageCertificate {
    let questions: Vec<&str> = gold.rows.iter().map(|row| row.input.as_str()).collect();
    let pairs = gold_neighbours(&questions, train, threshold);
    let leaking: BTreeSet<usize> = pairs
        .iter()
        .filter(|pair| pair.jaccard >= threshold.get())
        .map(|pair| pair.right)
        .collect();
    let nearest = pairs.chunk_by(|a, b| a.left == b.left).filter_map(|of_one| {
        let row = of_one[0].left;
        Some((row, nearest_of(&gold.rows[row], of_one, train)?))
    });
    let joined = JoinedTexts {
        rows: train.len(),
        hash: texts_hash(train),
        leaking: leaking.len(),
        nearest: nearest.collect(),
    };
    LeakageCertificate::of_joined(gold, threshold, joined)
}

/// The nearest of a gold row's neighbours; one of the same text before others of the same 3-grams, then by hash.
fn nearest_of<S: AsRef<str>>(row: &GoldRow, pairs: &[NearPair], train: &[S]) -> Option<GoldNeighbour> {
    let text = normalise(&row.input);
    let highest = pairs.iter().map(|pair| pair.jaccard).fold(0.0, f64::max);
    let candidates = pairs.iter().filter(|pair| pair.jaccard == highest).map(|pair| {
        let other = normalise(train[pair.right].as_ref());
        (other != text, normal_text_hash(&other))
    });
    let (is_other, train) = candidates.min()?;
    Some(GoldNeighbour {
        gold: row.id.clone(),
        train,
        jaccard: highest,
        exact: !is_other,
    })
}

/// A hash by which a text is known whatever its spelling: BLAKE3 of the normaliser's version, a line feed and the
/// normalised text. Its first 16 digits are the id of the row that distill-data makes of the text.
#[must_use]
pub fn text_hash(text: &str) -> ContentHash {
    normal_text_hash(&normalise(text))
}

/// [`text_hash`] of a text that is normalised already.
#[must_use]
pub fn normal_text_hash(text: &str) -> ContentHash {
    ContentHash::of_bytes(format!("{NORMALISER_VERSION}\n{text}").as_bytes())
}

/// A hash of texts that knows neither their order nor their spelling: BLAKE3 of the normaliser's version and
/// the sorted normalised texts, each followed by a line feed.
#[must_use]
pub fn texts_hash<S: AsRef<str>>(texts: &[S]) -> ContentHash {
    let mut normal: Vec<String> = texts.iter().map(|text| normalise(text.as_ref())).collect();
    normal.sort_unstable();
    let mut hasher = TextsHasher::default();
    normal.iter().for_each(|text| hasher.push(text));
    hasher.finish()
}

#[cfg(test)]
mod tests;
