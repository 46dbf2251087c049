//! Everything that is measured of a window, beside what it would be without drift.

use serde::{Deserialize, Serialize};

use crate::{
    ChiSquaredTest, Distances, DriftConfig, Reference, RowShare, Share, UnitHistogram, cells, chi_squared,
    interval::REPORT_LEVEL,
    interval::normal_quantile,
    pool_rare,
    tally::{Row, Tally},
};

/// The measures of a window. They say how much moved; whether that is an alarm is decided by the exact tests
/// behind the findings, for a distance names nothing and has no threshold that fits every task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Predicted labels.
    pub labels: Distances,
    /// Pearson's test on the predicted labels, rare ones pooled.
    pub labels_chi_squared: Option<ChiSquaredTest>,
    /// Words, counted once per row.
    pub words: Distances,
    /// Formats.
    pub skeletons: Distances,
    /// Pearson's test on the formats, rare ones pooled.
    pub skeletons_chi_squared: Option<ChiSquaredTest>,
    /// Words that the reference never had.
    pub novelty: Novelty,
    /// Confidence of the predicted label; `None` where either side has fewer than two.
    pub confidence: Option<MeanShift>,
    /// Probability outside the label set; `None` where either side has fewer than two.
    pub outside: Option<MeanShift>,
}

/// How much of a window is made of words that the reference does not have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Novelty {
    /// The share of the window's words, counted once per row, that no row of the reference has.
    pub new_word_share: f64,
    /// The share of the window's rows that have such a word.
    pub rows_with_new_words: Share,
    /// The share of the window's rows with a word that is unfamiliar to the reference without its held-out
    /// rows: to be compared with the next.
    pub unfamiliar_rows: Share,
    /// The same share of the held-out reference rows: what to expect without drift.
    pub unfamiliar_rows_expected: Share,
    /// The counts behind the last two.
    pub unfamiliar: RowShare,
}

/// The mean of a probability in reference and window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanShift {
    /// Mean over the reference.
    pub reference: f64,
    /// Mean over the window.
    pub window: f64,
    /// Window less reference.
    pub change: f64,
    /// Lower end of the change's 95% interval (normal, unequal variances).
    pub low: f64,
    /// Upper end of the same.
    pub high: f64,
}

impl MeanShift {
    fn between(reference: &UnitHistogram, window: &UnitHistogram) -> Option<Self> {
        let change = window.mean()? - reference.mean()?;
        let half = normal_quantile(REPORT_LEVEL)
            * (reference.variance_of_mean()? + window.variance_of_mean()?).sqrt();
        Some(Self {
            reference: reference.mean()?,
            window: window.mean()?,
            change,
            low: change - half,
            high: change + half,
        })
    }
}

impl Statistics {
    pub(crate) fn measure(
        reference: &Reference,
        tally: &Tally,
        rows: &[Row<'_>],
        config: &DriftConfig,
    ) -> Self {
        let labels = cells(reference.labels(), &tally.labels);
        let skeletons = reference.skeletons().beside(&tally.skeletons);
        let words = reference.words().beside(&tally.words);
        // One seed per table: the same deals in all would tie their chance together.
        let seed = |table: u64| config.seed.wrapping_mul(3).wrapping_add(table);
        Self {
            labels: Distances::measure(&labels, config.deals, seed(0)),
            labels_chi_squared: chi_squared(&pool_rare(&labels)),
            words: Distances::measure(&words, config.deals, seed(1)),
            skeletons: Distances::measure(&skeletons, config.deals, seed(2)),
            skeletons_chi_squared: chi_squared(&pool_rare(&skeletons)),
            novelty: Novelty::measure(reference, tally, rows),
            confidence: MeanShift::between(reference.confidence(), &tally.confidence),
            outside: MeanShift::between(reference.outside(), &tally.outside),
        }
    }
}

impl Novelty {
    fn measure(reference: &Reference, tally: &Tally, rows: &[Row<'_>]) -> Self {
        let is_new = |word: &str| reference.words().get(word).is_none();
        let rows_where = |wanted: &dyn Fn(&str) -> bool| {
            rows.iter()
                .filter(|row| row.words.iter().any(|word| wanted(word)))
                .count() as u64
        };
        let all: u64 = tally.words.values().sum();
        let new: u64 = tally
            .words
            .iter()
            .filter(|(word, _)| is_new(word))
            .map(|(_, rows)| rows)
            .sum();
        let (held_out, held_out_unfamiliar) = reference.held_out();
        let unfamiliar = RowShare {
            reference_rows: held_out_unfamiliar,
            reference_of: held_out,
            window_rows: rows_where(&|word| reference.is_unfamiliar(word)),
            window_of: tally.rows,
        };
        Self {
            new_word_share: new as f64 / all.max(1) as f64,
            rows_with_new_words: Share::of(rows_where(&is_new), tally.rows),
            unfamiliar_rows: Share::of(unfamiliar.window_rows, unfamiliar.window_of),
            unfamiliar_rows_expected: Share::of(unfamiliar.reference_rows, unfamiliar.reference_of),
            unfamiliar,
        }
    }
}
