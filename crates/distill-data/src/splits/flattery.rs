//! How much a random split would have flattered.

use super::{Flattery, Sorted, SplitPlan, SplitScore};
use crate::suspects::{FeatureCounts, FeatureVectors, found_by_model};

/// How many random splits are drawn.
const RANDOM_SPLITS: u64 = 3;

/// The texts of rows that were split, counted: the first of two readings for a [`SplitMeasure`].
///
/// Memory grows with the distinct words, pairs of words and pieces of words.
#[derive(Debug, Default)]
pub struct SplitTexts(FeatureCounts);

/// How much a random split would have flattered, as [`split`](crate::split) measures it, of rows whose texts are not all in one
/// memory: the second reading of the rows.
///
/// Of each row are held 4 bytes for each feature of its text, some 60 for a sentence of 10 words, and 20 bytes; no text.
///
/// ```
/// use std::collections::BTreeMap;
/// use distill_data::{NearTraining, SplitConfig, SplitCut, SplitRow, SplitTexts, UnitSplit, split, unit_draw};
///
/// let row = |n: usize| SplitRow {
///     id: format!("{n:02}"),
///     text: format!("{} number {n}", ["lost card", "what rate"][n % 2]),
///     label: ["card", "rate"][n % 2].into(),
///     ..SplitRow::default()
/// };
/// let rows: Vec<SplitRow> = (0..40).map(row).collect();
/// let plan = SplitConfig::held_out(0.25).check()?;
/// let whole = split(&rows, &plan);
///
/// let mut texts = SplitTexts::default();
/// rows.iter().for_each(|row| texts.add(&row.text));
/// let mut measure = texts.measure();
/// (0..40).for_each(|n| measure.push(&rows[n].text, n % 2));
/// let mut cuts = vec![whole.part_of.iter().map(|&part| part == 0).collect::<Vec<_>>()];
/// for seed in plan.random_seeds() {
///     let mut random = UnitSplit::new(&plan, &BTreeMap::from([("card".into(), 20), ("rate".into(), 20)]));
///     let mut drawn: Vec<usize> = (0..40).collect();
///     drawn.sort_by_key(|&n| unit_draw(seed, &rows[n].id, &rows[n].label, &rows[n].text));
///     let mut is_training = vec![false; 40];
///     drawn.iter().for_each(|&n| is_training[n] = random.place(&BTreeMap::from([(n % 2, 1)])) == 0);
///     cuts.push(is_training);
/// }
/// let pairs = distill_data::near_pairs(
///     &rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(),
///     plan.config().near_threshold,
/// );
/// let cuts = cuts.into_iter().map(|is_training| {
///     let mut near = NearTraining::of(is_training.clone());
///     pairs.iter().for_each(|pair| near.pair(pair.left, pair.right));
///     SplitCut { is_training, is_near: near.finish() }
/// });
/// assert_eq!(Some(measure.flattery(2, &cuts.collect::<Vec<_>>())), whole.report.flattery);
/// # Ok::<(), distill_data::SplitConfigError>(())
/// ```
#[derive(Debug)]
pub struct SplitMeasure {
    vectors: FeatureVectors,
    label_of: Vec<usize>,
}

/// A split of rows, by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitCut {
    /// Whether the row is trained on.
    pub is_training: Vec<bool>,
    /// Whether a row that is trained on has its text, or one that is nearly equal; of rows that are held out.
    pub is_near: Vec<bool>,
}

/// Which texts are among those that are trained on, or nearly equal to one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearTraining {
    is_training: Vec<bool>,
    is_near: Vec<bool>,
}

impl NearTraining {
    /// Of texts of which it is known whether they are trained on.
    #[must_use]
    pub fn of(is_training: Vec<bool>) -> Self {
        Self {
            is_near: is_training.clone(),
            is_training,
        }
    }

    /// Notes that two texts, by index, are nearly equal.
    ///
    /// # Panics
    ///
    /// If there is no such text.
    pub fn pair(&mut self, left: usize, right: usize) {
        self.is_near[left] |= self.is_training[right];
        self.is_near[right] |= self.is_training[left];
    }

    /// The same by text.
    #[must_use]
    pub fn finish(self) -> Vec<bool> {
        self.is_near
    }
}

impl SplitTexts {
    /// Counts the normalised text of a row.
    pub fn add(&mut self, text: &str) {
        self.0.add(text);
    }

    /// All texts have been counted: begins the second reading.
    #[must_use]
    pub fn measure(self) -> SplitMeasure {
        SplitMeasure {
            vectors: self.0.vectors(),
            label_of: Vec::new(),
        }
    }
}

impl SplitMeasure {
    /// Takes the normalised text and the label of the next row. Rows come in an order that depends on content only, for the
    /// classifier sees them by it: by rising id.
    pub fn push(&mut self, text: &str, label: usize) {
        self.vectors.add(text);
        self.label_of.push(label);
    }

    /// Scores a split, the first of the cuts, and [random ones](SplitPlan::random_seeds), the others. They are scored side by side
    /// on the threads of rayon's pool; each holds the weights of a model, 4 bytes for each class and feature.
    ///
    /// # Panics
    ///
    /// If a label is none of so many classes, or a cut is of fewer rows.
    #[must_use]
    pub fn flattery(self, classes: usize, cuts: &[SplitCut]) -> Flattery {
        let is_training: Vec<&[bool]> = cuts.iter().map(|cut| cut.is_training.as_slice()).collect();
        let found = found_by_model(&self.vectors.finish(), &self.label_of, classes, &is_training);
        let mut scores = cuts.iter().zip(found).map(|(cut, is_right)| {
            let mut score = SplitScore::default();
            for row in (0..is_right.len()).filter(|&row| !cut.is_training[row]) {
                score.rows += 1;
                score.near += usize::from(cut.is_near[row]);
                score.right += usize::from(is_right[row]);
                score.near_right += usize::from(cut.is_near[row] && is_right[row]);
            }
            score
        });
        let here = scores.next().unwrap_or_default();
        let random = scores.fold(SplitScore::default(), |sum, score| SplitScore {
            rows: sum.rows + score.rows,
            near: sum.near + score.near,
            right: sum.right + score.right,
            near_right: sum.near_right + score.near_right,
        });
        Flattery {
            here,
            random,
            random_splits: cuts.len().saturating_sub(1),
        }
    }
}

impl SplitPlan {
    /// The seeds of the random splits that this one is compared with, in which every row is a unit of its own.
    pub fn random_seeds(&self) -> impl Iterator<Item = u64> {
        let seed = self.config().seed;
        (0..RANDOM_SPLITS).map(move |draw| seed.wrapping_add(draw))
    }
}

/// Scores a split and random ones of the same shares.
pub(super) fn flattery(sorted: &Sorted<'_>, parts: &[usize], plan: &SplitPlan) -> Flattery {
    let texts = || sorted.text_of.iter().map(|&text| sorted.texts[text].as_str());
    let mut counted = SplitTexts::default();
    texts().for_each(|text| counted.add(text));
    let mut measure = counted.measure();
    texts()
        .zip(&sorted.label_of)
        .for_each(|(text, &label)| measure.push(text, label));
    let alone: Vec<usize> = (0..parts.len()).collect();
    let random = plan
        .random_seeds()
        .map(|seed| sorted.assigned(&alone, &plan.shares(), seed));
    let splits = std::iter::once(parts.to_vec()).chain(random);
    let cuts: Vec<SplitCut> = splits.map(|parts| cut(sorted, &parts)).collect();
    measure.flattery(sorted.labels.len(), &cuts)
}

/// A split of rows of which several may have one text.
fn cut(sorted: &Sorted<'_>, parts: &[usize]) -> SplitCut {
    let is_training: Vec<bool> = parts.iter().map(|&part| part == 0).collect();
    let mut has_training = vec![false; sorted.texts.len()];
    for (row, &text) in sorted.text_of.iter().enumerate() {
        has_training[text] |= is_training[row];
    }
    let mut near = NearTraining::of(has_training);
    sorted
        .pairs
        .iter()
        .for_each(|pair| near.pair(pair.left, pair.right));
    let is_near = near.finish();
    SplitCut {
        is_training,
        is_near: sorted.text_of.iter().map(|&text| is_near[text]).collect(),
    }
}
