//! Gold sets of labels.

use std::{borrow::Cow, collections::HashSet};

use stage_files::ContentHash;
use task_spec::{GoldRow, LabelSet, Prediction};

use super::{GoldKind, check_confidences};
use crate::{
    Case, Gate, GoldError, GoldSet, JudgeError, PredictionsError, Report, gold_set::Ids, judge::judge_labels,
    label_readings::LabelReadings, predictions::is_probability,
};

impl GoldKind for LabelSet {
    type Row = GoldRow;
    type Meaning = String;
    type Report = Report;
    type Truth = Vec<usize>;
    type Readings = LabelReadings;

    fn id(row: &GoldRow) -> &str {
        &row.id
    }

    fn question(row: &GoldRow) -> Cow<'_, str> {
        Cow::Borrowed(&row.input)
    }

    fn right_answer(row: &GoldRow) -> String {
        row.label.clone()
    }

    fn parts(row: &GoldRow) -> Vec<&str> {
        vec![&row.label]
    }

    fn named_parts(&self) -> Vec<&str> {
        self.names().collect()
    }

    /// Of the names alone, sorted: neither their order nor the aliases change what is right.
    fn fingerprint(&self) -> ContentHash {
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        // Each name with its length before it, so that no two lists of names run together into the same bytes.
        let text: String = names
            .iter()
            .map(|name| format!("{}:{name}", name.len()))
            .collect();
        ContentHash::of_bytes(text.as_bytes())
    }

    fn other_output(task: String, version: u32) -> GoldError {
        GoldError::OtherLabels { task, version }
    }

    /// The label index of each row.
    fn check(&self, rows: &[GoldRow]) -> Result<Vec<usize>, GoldError> {
        let mut ids = Ids::default();
        let mut truth = Vec::with_capacity(rows.len());
        for (number, row) in (1..).zip(rows) {
            ids.take(number, &row.id, &row.input)?;
            let index = self.index_of(&row.label);
            truth.push(index.ok_or_else(|| GoldError::LabelOutside {
                row: number,
                id: row.id.clone(),
                label: row.label.clone(),
            })?);
        }
        if truth.iter().all(|label| *label == truth[0]) {
            return Err(GoldError::OneCategory {
                label: rows[0].label.clone(),
                rows: rows.len(),
            });
        }
        Ok(truth)
    }

    fn read(gold: &GoldSet<Self>, _: usize, answer: &str) -> Option<String> {
        let label = gold.labels().resolve(answer)?;
        gold.labels().name(label).map(str::to_owned)
    }

    fn is_right(gold: &GoldSet<Self>, row: usize, meaning: &String) -> bool {
        gold.labels().index_of(meaning) == Some(gold.truth()[row])
    }

    fn in_words(meaning: &String) -> String {
        meaning.clone()
    }

    fn check_prediction(&self, id: &str, prediction: &Prediction) -> Result<(), PredictionsError> {
        check_confidences(id, prediction)?;
        let (mut seen, mut sum) = (HashSet::new(), 0.0);
        for entry in &prediction.probabilities {
            let label = self.resolve(&entry.label);
            if !is_probability(entry.probability) || label.is_none() || !seen.insert(label) {
                return Err(PredictionsError::Probability {
                    id: id.to_owned(),
                    label: entry.label.clone(),
                    probability: entry.probability,
                });
            }
            sum += entry.probability;
        }
        let tolerance = (5e-5 * prediction.probabilities.len() as f64).max(1e-3);
        if !prediction.probabilities.is_empty() && (sum - 1.0).abs() > tolerance + 1e-9 {
            return Err(PredictionsError::Sum {
                id: id.to_owned(),
                sum,
                tolerance,
            });
        }
        Ok(())
    }

    fn readings(&self, rows: &[Prediction]) -> LabelReadings {
        LabelReadings::of(rows, self)
    }

    fn judge(case: &Case<'_, Self>, gate: &Gate) -> Result<Report, JudgeError> {
        judge_labels(case, gate)
    }
}
