//! The rows as they are written.

use std::cmp::Reverse;

use task_spec::{Example, Message};

use super::{
    CurateInput,
    audited::Drawn,
    fates::{Concern, Fate, NearTexts},
    settled::{Settled, joined},
};
use crate::{
    AnswerWorth, AuditRecord, CallTime, CuratePlan, DoubtfulLabel, Duplicates, LabelDoubt, MergedCall,
    ReviewReason, ReviewRow, SIMILAR_SHOWN, SettledCalls, SimilarText, TrainRow,
    review::{self, reading_minutes},
    row::{Call, Row},
};

/// What became of the calls that made rows.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) train: Vec<TrainRow>,
    pub(super) review: Vec<ReviewRow>,
    pub(super) audit: Vec<ReviewRow>,
    pub(super) audited: Option<AuditRecord>,
    pub(super) merged: Vec<MergedCall>,
}

/// Writes each row where its fate says, and each further call of a row as merged.
pub(super) fn write_rows(
    input: &CurateInput<'_>,
    plan: &CuratePlan,
    calls: &[Call],
    (settled, near, worth, drawn): (&Settled, &NearTexts, &AnswerWorth, Option<Drawn>),
) -> Outputs {
    let Settled { rows, fates, .. } = settled;
    // Where near-duplicates are not merged they are not asked about together either.
    let joined = match plan.config().duplicates {
        Duplicates::MergeNear => joined(settled, near.pairs()),
        Duplicates::Keep | Duplicates::MergeExact => vec![None; rows.len()],
    };
    let mut followers = settled.followers();
    for (row, behind) in joined.iter().enumerate() {
        if let Some((into, _)) = behind {
            followers[*into].push(row);
        }
    }
    let writer = Writer {
        input,
        plan,
        calls,
        settled,
        worth,
        calls_behind: settled.calls_behind(),
        followers,
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
            Fate::Review(concern) => match joined[index] {
                Some((into, jaccard)) => (into, 0, jaccard),
                None => {
                    review.push(writer.review_row(index, concern));
                    (index, 1, 1.0)
                }
            },
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
    let (unread, mut audited) =
        drawn.map_or_else(Default::default, |drawn| (drawn.unread, Some(drawn.record)));
    // A row that is no longer kept on the teacher's word is asked about for another reason, or not at all.
    let audit: Vec<ReviewRow> = unread
        .into_iter()
        .filter(|&row| *fates.of(row) == Fate::Train && !rows[row].by_person)
        .map(|row| writer.audit_row(row))
        .collect();
    if let Some(record) = &mut audited {
        record.minutes = audit.iter().map(|row| row.minutes).sum();
    }
    merged.sort_by_key(|(position, _)| *position);
    Outputs {
        train,
        review,
        audit,
        audited,
        merged: merged.into_iter().map(|(_, call)| call).collect(),
    }
}

/// What it takes to write a row.
struct Writer<'a> {
    input: &'a CurateInput<'a>,
    plan: &'a CuratePlan,
    calls: &'a [Call],
    settled: &'a Settled,
    worth: &'a AnswerWorth,
    /// Of each row and those that are merged behind it, not of those that join its question.
    calls_behind: Vec<usize>,
    /// Rows behind each row: merged, or in review and settled by the same answer.
    followers: Vec<Vec<usize>>,
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

    fn row(&self, index: usize) -> &Row {
        &self.settled.rows[index]
    }

    /// The call that a row keeps.
    fn call(&self, row: usize) -> &Call {
        &self.calls[self.row(row).calls[0]]
    }

    /// The greatest weight of the logs that hold a call of a row.
    fn log_weight(&self, row: usize) -> f64 {
        let calls = self.row(row).calls.iter();
        calls
            .map(|&call| self.input.logs[self.calls[call].log].weight)
            .fold(0.0, f64::max)
    }

    /// When a text, or one that is merged behind it, was first asked.
    fn first_call(&self, index: usize) -> Option<CallTime> {
        let rows = [&index].into_iter().chain(&self.followers[index]);
        let calls = rows.flat_map(|&row| &self.row(row).calls);
        calls.filter_map(|&call| self.calls[call].at).min()
    }

    fn train_row(&self, index: usize) -> TrainRow {
        let row = self.row(index);
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
        example.cluster = Some(self.row(self.clusters[index]).id.clone());
        example.source = Some(call.source(self.input.logs));
        TrainRow {
            example,
            calls: self.calls_behind[index],
            first_call: self.first_call(index),
            reported: row.reported,
            by_person: row.by_person,
        }
    }

    /// A question to a person, with what its answer is worth for all rows that it settles.
    fn review_row(&self, index: usize, concern: &Concern) -> ReviewRow {
        let rows = &self.settled.rows;
        let reason = concern.cause.reason(
            rows,
            |label| self.label_name(label),
            |row| self.call(row).input.clone(),
        );
        let likely = concern.cause.likely(index, rows);
        let mut settled = SettledCalls::default();
        for &row in [&index].into_iter().chain(&self.followers[index]) {
            let Fate::Review(concern) = self.settled.fates.of(row) else {
                // A merged row is as doubtful as the one that stands for it, which counts its calls.
                continue;
            };
            settled.add(self.worth.of_row(&DoubtfulLabel {
                label: rows[row].label,
                likely: concern.cause.likely(row, rows),
                reason: concern.cause.kind(rows),
                chance_wrong: concern.chance_wrong,
                calls: self.calls_behind[row],
            }));
        }
        ReviewRow {
            suggested: likely.map(|label| self.label_name(label)),
            calls: settled.calls,
            chance_wrong: settled.chance_wrong(),
            value: settled.value,
            ..self.question(index, reason)
        }
    }

    /// A kept row that was drawn for the audit.
    fn audit_row(&self, index: usize) -> ReviewRow {
        let confidence = self.row(index).confidence;
        let confidence = confidence.map(|confidence| confidence.value);
        ReviewRow {
            chance_wrong: LabelDoubt::Drawn { confidence }.chance_wrong(),
            ..self.question(index, ReviewReason::Audit)
        }
    }

    /// A question to a person of which nobody has said what it is worth.
    fn question(&self, index: usize, reason: ReviewReason) -> ReviewRow {
        let row = self.row(index);
        let call = self.call(index);
        let mut similar = self.followers[index].clone();
        // Those that most calls are about come first: a person sees no more than some.
        similar.sort_by_key(|&row| (Reverse(self.row(row).calls.len()), &self.row(row).id));
        let similar: Vec<SimilarText> = similar
            .into_iter()
            .map(|row| SimilarText {
                id: self.row(row).id.clone(),
                input: self.call(row).input.clone(),
            })
            .collect();
        let neighbour = match &reason {
            ReviewReason::NearConflict { neighbour_input, .. } => Some(neighbour_input.as_str()),
            _ => None,
        };
        let shown = similar.iter().take(SIMILAR_SHOWN).map(|text| text.input.as_str());
        let shown = [call.input.as_str()].into_iter().chain(neighbour).chain(shown);
        ReviewRow {
            minutes: reading_minutes(shown, &self.plan.config().review),
            id: row.id.clone(),
            input: call.input.clone(),
            label: self.label_name(row.label),
            suggested: None,
            reason,
            calls: self.calls_behind[index],
            chance_wrong: 0.0,
            value: 0.0,
            similar,
            confidence: row.confidence,
            support: row
                .support
                .iter()
                .map(|(&label, &support)| (self.label_name(label), support))
                .collect(),
            source: Some(call.source(self.input.logs)),
        }
    }
}
