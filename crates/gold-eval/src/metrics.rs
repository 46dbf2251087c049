//! The figures of a report beside those that rules are judged by.

mod table;

use serde::{Deserialize, Serialize};

use crate::{
    Abstention, Case, DistributionScores, LabelMetrics, Repeats, abstention::abstention,
    distribution_scores::distribution_scores, repeats::repeats,
};
pub(crate) use table::{figure_rows, figures_of_runs};

/// The accuracies that a cut by confidence is looked for, beside the baseline's own.
const TARGETS: [f64; 3] = [0.9, 0.95, 0.99];

/// What is known of the models besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The candidate's averages and agreement.
    pub candidate: LabelMetrics,
    /// The baseline's.
    pub baseline: LabelMetrics,
    /// The candidate's distributions over the labels, where it gave any.
    pub distributions: Option<DistributionScores>,
    /// What the candidate's confidences are worth for passing on rows, where it gave any. The first target is the
    /// baseline's accuracy: the share of rows that the candidate can take over without a loss.
    pub abstention: Option<Abstention>,
    /// Several runs of the candidate, where they were given.
    pub repeats: Option<Repeats>,
}

impl Metrics {
    /// `answers` are those of candidate and baseline, `confidences` (confidence, right) of the rows that have one.
    pub(crate) fn of(
        case: &Case<'_>,
        (candidate, baseline): (&[Option<usize>], &[Option<usize>]),
        confidences: &[(f64, bool)],
        confidence: f64,
    ) -> Self {
        let (gold, labels) = (case.gold, case.gold.labels().len());
        let metrics = |answers| LabelMetrics::of(gold.truth(), answers, labels, confidence);
        let of_baseline = metrics(baseline);
        let targets: Vec<f64> = std::iter::once(of_baseline.micro_average.recall)
            .chain(TARGETS)
            .collect();
        let meaning = case.candidate.readings(gold);
        let distributions = meaning.distributions(case.candidate.rows());
        Self {
            candidate: metrics(candidate),
            distributions: distribution_scores(
                gold.labels(),
                gold.truth().iter().copied().zip(distributions),
            ),
            abstention: abstention(confidences, gold.lock().rows, &targets, confidence),
            repeats: (!case.repeats.is_empty())
                .then(|| {
                    let others = case.repeats.iter().map(|run| run.labels(gold));
                    let runs: Vec<Vec<Option<usize>>> =
                        std::iter::once(candidate.to_vec()).chain(others).collect();
                    let other = (case.baseline.teacher().model.as_str(), baseline);
                    // The runs are joined to the rows of this gold set, so that they fit.
                    repeats(gold.truth(), &runs, other, labels, confidence).ok()
                })
                .flatten(),
            baseline: of_baseline,
        }
    }
}
