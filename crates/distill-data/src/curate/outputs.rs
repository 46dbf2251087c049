//! The rows as they are written.

use task_spec::{Example, Message};

use super::{
    CurateInput,
    fates::{Fate, Fates, NearTexts},
};
use crate::{
    CuratePlan, MergedCall, ReviewReason, ReviewRow, TrainRow, review,
    row::{Call, Row},
};

/// What became of the calls that made rows.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) train: Vec<TrainRow>,
    pub(super) review: Vec<ReviewRow>,
    pub(super) merged: Vec<MergedCall>,
}

/// Writes each row where its fate says, and each further call of a row as merged.
pub(super) fn write_rows(
    input: &CurateInput<'_>,
    plan: &CuratePlan,
    calls: &[Call],
    (rows, fates, near): (&[Row], &Fates, &NearTexts),
) -> Outputs {
    let writer = Writer {
        input,
        plan,
        calls,
        rows,
        calls_behind: calls_behind(rows, fates),
        clusters: near.clusters(&fates.open()),
    };
    let mut train = Vec::new();
    let mut review = Vec::new();
    let mut merged = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let (into, first_merged, jaccard) = match fates.of(index) {
            Fate::Train => {
                train.push(writer.train_row(index));
                (index, 1, 1.0)
            }
            Fate::Review(concern) => {
                let reason = concern.cause.reason(
                    rows,
                    |label| writer.label_name(label),
                    |row| writer.call(row).input.clone(),
                );
                review.push(writer.review_row(index, reason, concern.chance_wrong));
                (index, 1, 1.0)
            }
            // All calls of the row stand behind the other one, its own first one too.
            Fate::Merged { into, jaccard } => (*into, 0, *jaccard),
        };
        for &call in &row.calls[first_merged..] {
            let call = &calls[call];
            merged.push((
                (call.log, call.line),
                MergedCall {
                    source: call.source(input.logs),
                    into: rows[into].id.clone(),
                    jaccard,
                    exact: row.text == rows[into].text,
                },
            ));
        }
    }
    review::order(&mut review);
    merged.sort_by_key(|(position, _)| *position);
    Outputs {
        train,
        review,
        merged: merged.into_iter().map(|(_, call)| call).collect(),
    }
}

/// What it takes to write a row.
struct Writer<'a> {
    input: &'a CurateInput<'a>,
    plan: &'a CuratePlan,
    calls: &'a [Call],
    rows: &'a [Row],
    calls_behind: Vec<usize>,
    clusters: Vec<usize>,
}

impl Writer<'_> {
    fn label_name(&self, label: usize) -> String {
        self.input
            .task
            .labels()
            .name(label)
            .unwrap_or_default()
            .to_owned()
    }

    /// The call that a row keeps.
    fn call(&self, row: usize) -> &Call {
        &self.calls[self.rows[row].calls[0]]
    }

    /// The greatest weight of the logs that hold a call of a row.
    fn log_weight(&self, row: usize) -> f64 {
        let calls = self.rows[row].calls.iter();
        calls
            .map(|&call| self.input.logs[self.calls[call].log].weight)
            .fold(0.0, f64::max)
    }

    fn train_row(&self, index: usize) -> TrainRow {
        let row = &self.rows[index];
        let call = self.call(index);
        let mut messages = self.input.task.prompt(&call.input);
        messages.push(Message::assistant(self.label_name(row.label)));
        let mut example = Example::new(&row.id, messages);
        example.weight = self.log_weight(index)
            * self
                .plan
                .config()
                .weight_by_calls
                .weight(self.calls_behind[index]);
        example.confidence = row.confidence.map(|confidence| confidence.value);
        let probabilities = row.distribution.iter();
        example.probabilities = probabilities
            .map(|(&label, &probability)| (self.label_name(label), probability))
            .collect();
        example.cluster = Some(self.rows[self.clusters[index]].id.clone());
        example.source = Some(call.source(self.input.logs));
        TrainRow {
            example,
            calls: self.calls_behind[index],
            reported: row.reported,
            by_person: row.by_person,
        }
    }

    fn review_row(&self, index: usize, reason: ReviewReason, chance_wrong: f64) -> ReviewRow {
        let row = &self.rows[index];
        let call = self.call(index);
        let calls = self.calls_behind[index];
        ReviewRow {
            id: row.id.clone(),
            input: call.input.clone(),
            label: self.label_name(row.label),
            reason,
            calls,
            chance_wrong,
            value: chance_wrong * calls as f64,
            confidence: row.confidence,
            support: row
                .support
                .iter()
                .map(|(&label, &support)| (self.label_name(label), support))
                .collect(),
            source: call.source(self.input.logs),
        }
    }
}

/// How many calls each row stands for, the merged rows' own included.
fn calls_behind(rows: &[Row], fates: &Fates) -> Vec<usize> {
    let mut calls: Vec<usize> = rows.iter().map(|row| row.calls.len()).collect();
    for (index, row) in rows.iter().enumerate() {
        if let Fate::Merged { into, .. } = fates.of(index) {
            calls[*into] += row.calls.len();
        }
    }
    calls
}
