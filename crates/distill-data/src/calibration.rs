//! From what a teacher says of its confidence to how often it is right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::confidence::{Confidence, ConfidenceKind};

/// The fewest reviewed answers of one kind of confidence from which a curve is drawn.
pub const LEAST_REVIEWED: usize = 20;

/// An answer that a person has checked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CheckedAnswer {
    /// The teacher's confidence.
    pub confidence: Confidence,
    /// Whether the teacher was right.
    pub right: bool,
}

/// A monotone map from confidence to the share of right answers, one for each kind.
///
/// The maps are isotonic regressions by the pool-adjacent-violators algorithm (Barlow et al. 1972), linear
/// between the ends of the pooled blocks and constant outside, as scikit-learn's `IsotonicRegression` with
/// `out_of_bounds="clip"`. One deviation: values are kept within 1 / (n + 2) and (n + 1) / (n + 2) of n
/// reviewed answers, for no finite number of right answers is certainty.
///
/// ```
/// use distill_data::{Calibration, CheckedAnswer, Confidence, ConfidenceKind};
///
/// // The teacher says 0.9 and is right 3 times of 4.
/// let said = Confidence { value: 0.9, kind: ConfidenceKind::SelfReported };
/// let reviewed: Vec<_> = (0..40).map(|i| CheckedAnswer { confidence: said, right: i % 4 != 0 }).collect();
/// let calibration = Calibration::fit(&reviewed);
/// assert_eq!(calibration.apply(said).value, 0.75);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Calibration {
    curves: BTreeMap<ConfidenceKind, Curve>,
}

/// The map of one kind of confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Curve {
    /// Reviewed answers, by rising confidence.
    reviewed: Vec<(f64, bool)>,
    /// Confidence and precision at the ends of the pooled blocks, both rising.
    knots: Vec<(f64, f64)>,
}

/// The lowest confidence that keeps a promise of precision on the reviewed answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ConfidenceCut {
    /// Keep answers whose confidence, as the log has it, is at least this.
    pub least: f64,
    /// How many reviewed answers that keeps.
    pub kept: usize,
    /// The share of them that is right.
    pub precision: f64,
    /// The 95% Wilson interval of that share (Wilson 1927).
    pub interval: (f64, f64),
}

impl Calibration {
    /// Draws a curve for each kind of confidence of which at least [`LEAST_REVIEWED`] answers were checked.
    #[must_use]
    pub fn fit(checked: &[CheckedAnswer]) -> Self {
        let mut by_kind: BTreeMap<ConfidenceKind, Vec<(f64, bool)>> = BTreeMap::new();
        for answer in checked {
            by_kind
                .entry(answer.confidence.kind)
                .or_default()
                .push((answer.confidence.value, answer.right));
        }
        let curves = by_kind
            .into_iter()
            .filter(|(_, reviewed)| reviewed.len() >= LEAST_REVIEWED)
            .map(|(kind, reviewed)| (kind, Curve::of(reviewed)))
            .collect();
        Self { curves }
    }

    /// The kinds that have a curve, with the number of answers behind it.
    pub fn kinds(&self) -> impl Iterator<Item = (ConfidenceKind, usize)> {
        self.curves
            .iter()
            .map(|(&kind, curve)| (kind, curve.reviewed.len()))
    }

    /// Whether there is a curve for this kind.
    #[must_use]
    pub fn covers(&self, kind: ConfidenceKind) -> bool {
        self.curves.contains_key(&kind)
    }

    /// The confidence as a share of right answers; unchanged where its kind has no curve.
    #[must_use]
    pub fn apply(&self, confidence: Confidence) -> Confidence {
        match self.curves.get(&confidence.kind) {
            Some(curve) => Confidence {
                value: curve.at(confidence.value),
                ..confidence
            },
            None => confidence,
        }
    }

    /// The lowest confidence, as the log has it, at and above which the share of right reviewed answers is
    /// at least `precision`; `None` if there is none or no curve.
    #[must_use]
    pub fn cut_for(&self, kind: ConfidenceKind, precision: f64) -> Option<ConfidenceCut> {
        let reviewed = &self.curves.get(&kind)?.reviewed;
        let mut right = 0;
        let mut best = None;
        for (kept, &(value, is_right)) in (1_usize..).zip(reviewed.iter().rev()) {
            right += usize::from(is_right);
            // Answers of equal confidence are kept or dropped together.
            let is_last_of_value = reviewed.len() == kept || reviewed[reviewed.len() - kept - 1].0 < value;
            let share = right as f64 / kept as f64;
            if is_last_of_value && share >= precision {
                best = Some(ConfidenceCut {
                    least: value,
                    kept,
                    precision: share,
                    interval: wilson(right, kept),
                });
            }
        }
        best
    }
}

impl Curve {
    fn of(mut reviewed: Vec<(f64, bool)>) -> Self {
        reviewed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut blocks: Vec<Block> = Vec::new();
        for same in reviewed.chunk_by(|a, b| a.0 == b.0) {
            blocks.push(Block {
                first: same[0].0,
                last: same[0].0,
                right: same.iter().filter(|answer| answer.1).count(),
                answers: same.len(),
            });
            while let [.., a, b] = &blocks[..]
                && a.precision() >= b.precision()
            {
                let merged = a.merged(b);
                blocks.truncate(blocks.len() - 2);
                blocks.push(merged);
            }
        }
        let mut knots = Vec::new();
        for block in &blocks {
            knots.push((block.first, block.precision()));
            if block.last > block.first {
                knots.push((block.last, block.precision()));
            }
        }
        Self { reviewed, knots }
    }

    fn at(&self, confidence: f64) -> f64 {
        let after = self.knots.partition_point(|knot| knot.0 < confidence);
        let precision = match (after.checked_sub(1).map(|i| self.knots[i]), self.knots.get(after)) {
            (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (confidence - x0) / (x1 - x0),
            (None, Some(&(_, y))) | (Some((_, y)), None) => y,
            (None, None) => confidence,
        };
        let answers = self.reviewed.len() as f64;
        precision.clamp(1.0 / (answers + 2.0), (answers + 1.0) / (answers + 2.0))
    }
}

/// Answers of neighbouring confidence that share one precision.
struct Block {
    first: f64,
    last: f64,
    right: usize,
    answers: usize,
}

impl Block {
    fn precision(&self) -> f64 {
        self.right as f64 / self.answers as f64
    }

    fn merged(&self, next: &Self) -> Self {
        Self {
            first: self.first,
            last: next.last,
            right: self.right + next.right,
            answers: self.answers + next.answers,
        }
    }
}

/// The 95% score interval of a share (Wilson 1927, JASA 22, 209-212).
fn wilson(right: usize, of: usize) -> (f64, f64) {
    /// The 97.5% point of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let (n, p) = (of as f64, right as f64 / of as f64);
    let centre = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (
        ((centre - half) / scale).max(0.0),
        ((centre + half) / scale).min(1.0),
    )
}

#[cfg(test)]
mod tests;
