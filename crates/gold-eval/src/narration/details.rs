//! The figures of sentences that stand in a report beside the verdict.

use serde::{Deserialize, Serialize};

use super::{
    report::{OverlapScores, SentenceGrades, SentenceReport},
    row::SentenceSet,
};
use crate::{
    Column, Details, Section,
    figures::p_value,
    overlap::{Bleu, Chrf, OverlapMetric, RANDOMISATION_TRIALS, Randomisation, approximate_randomisation},
};

/// So that the same sentences give the same p-values.
const SEED: u64 = 20_261_126;

/// What a report on sentences holds beside the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentenceDetails {
    /// The candidate's sentences in figures, with the first faults of each check.
    pub candidate: SentenceReport,
    /// The baseline's.
    pub baseline: SentenceReport,
    /// How close both come to the references, over the rows that have some; empty if none has.
    pub overlap: Vec<ComparedOverlap>,
}

/// A metric of closeness to references, of both models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparedOverlap {
    /// The metric.
    pub metric: String,
    /// The candidate's score, the baseline's (`other`), and whether they differ by more than chance.
    #[serde(flatten)]
    pub compared: Randomisation,
}

impl SentenceDetails {
    pub(super) fn of(
        (candidate, ours): (&str, &SentenceGrades),
        (baseline, theirs): (&str, &SentenceGrades),
        set: &SentenceSet,
    ) -> Self {
        let metrics: [&dyn OverlapMetric; 3] = [&Bleu::corpus(), &Chrf::default(), &Chrf::plus_plus()];
        let counted = metrics.map(|metric| (metric, ours.counts(metric, set), theirs.counts(metric, set)));
        let with_references = counted.iter().filter(|(_, ours, _)| !ours.is_empty());
        let overlap = with_references.map(|(metric, ours, theirs)| ComparedOverlap {
            metric: metric.name().to_owned(),
            compared: approximate_randomisation(*metric, ours, theirs, RANDOMISATION_TRIALS, SEED),
        });
        Self {
            overlap: overlap.collect(),
            candidate: ours.report(candidate, set),
            baseline: theirs.report(baseline, set),
        }
    }
}

impl Details for SentenceDetails {
    fn notes(&self) -> Vec<String> {
        let Some(OverlapScores { rows, references, .. }) = self.candidate.overlap else {
            return vec![
                "No gold row has a reference, so that nothing is known of how close the sentences come to what people \
                 write."
                    .to_owned(),
            ];
        };
        vec![format!(
            "BLEU and chrF are over {rows} rows with {references} references. They say how a sentence is worded and not \
             whether it is true: no rule of the gate looks at them."
        )]
    }

    fn sections(&self) -> Vec<Section> {
        vec![self.overlap(), self.faults()]
    }
}

impl SentenceDetails {
    fn overlap(&self) -> Section {
        let row = |found: &ComparedOverlap| {
            vec![
                found.metric.clone(),
                format!("{:.1}", found.compared.score),
                format!("{:.1}", found.compared.other),
                p_value(found.compared.p),
            ]
        };
        let mut rows: Vec<Vec<String>> = self.overlap.iter().map(row).collect();
        if let (Some(ours), Some(theirs)) = (self.candidate.overlap, self.baseline.overlap) {
            let rouge = |scores: OverlapScores| format!("{:.1}", 100.0 * scores.rouge_l);
            rows.push(vec![
                "ROUGE-L".to_owned(),
                rouge(ours),
                rouge(theirs),
                "–".to_owned(),
            ]);
        }
        Section {
            title: "Close to the references".to_owned(),
            lead: "Scores of all sentences together, 0 to 100. p is that of paired approximate randomisation: how often \
                   two models that are alike differ so much."
                .to_owned(),
            columns: vec![
                Column::text("metric"),
                Column::number("candidate"),
                Column::number("baseline"),
                Column::number("p"),
            ],
            rows,
        }
    }

    fn faults(&self) -> Section {
        let rows = self.candidate.examples.iter().map(|example| {
            vec![
                example.fault.check.clone(),
                example.id.clone(),
                example.message.clone(),
                example
                    .fault
                    .quote(&example.sentence)
                    .unwrap_or_default()
                    .to_owned(),
                example.sentence.clone(),
            ]
        });
        Section {
            title: "What is wrong, with examples".to_owned(),
            lead:
                "The first faults of each check in the candidate's sentences, the check that most fail first."
                    .to_owned(),
            columns: ["check", "row", "what is wrong", "words", "sentence"]
                .map(Column::text)
                .to_vec(),
            rows: rows.collect(),
        }
    }
}
