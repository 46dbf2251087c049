//! How much a random split would have flattered.

use super::{Flattery, Sorted, SplitPlan, SplitScore};
use crate::suspects::found_by_model;

/// How many random splits are drawn.
const RANDOM_SPLITS: u64 = 3;

/// Scores a split and random ones of the same shares.
pub(super) fn flattery(sorted: &Sorted<'_>, parts: &[usize], plan: &SplitPlan) -> Flattery {
    let alone: Vec<usize> = (0..parts.len()).collect();
    let seed = plan.config().seed;
    let random =
        (0..RANDOM_SPLITS).map(|draw| sorted.assigned(&alone, &plan.shares(), seed.wrapping_add(draw)));
    let splits: Vec<Vec<usize>> = std::iter::once(parts.to_vec()).chain(random).collect();
    let texts: Vec<&str> = sorted
        .text_of
        .iter()
        .map(|&text| sorted.texts[text].as_str())
        .collect();
    let is_training: Vec<Vec<bool>> = splits
        .iter()
        .map(|parts| parts.iter().map(|&part| part == 0).collect())
        .collect();
    let found = found_by_model(&texts, &sorted.label_of, sorted.labels.len(), &is_training);
    let mut scores = is_training.iter().zip(found).map(|(is_training, is_right)| {
        let is_near = near_training(sorted, is_training);
        let mut score = SplitScore::default();
        for row in (0..is_training.len()).filter(|&row| !is_training[row]) {
            score.rows += 1;
            score.near += usize::from(is_near[row]);
            score.right += usize::from(is_right[row]);
            score.near_right += usize::from(is_near[row] && is_right[row]);
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
        random_splits: RANDOM_SPLITS as usize,
    }
}

/// Which rows have a near-duplicate, or their own text, among the training rows.
fn near_training(sorted: &Sorted<'_>, is_training: &[bool]) -> Vec<bool> {
    let mut has_training = vec![false; sorted.texts.len()];
    for (row, &text) in sorted.text_of.iter().enumerate() {
        has_training[text] |= is_training[row];
    }
    let mut is_near = has_training.clone();
    for pair in &sorted.pairs {
        is_near[pair.left] |= has_training[pair.right];
        is_near[pair.right] |= has_training[pair.left];
    }
    sorted.text_of.iter().map(|&text| is_near[text]).collect()
}
