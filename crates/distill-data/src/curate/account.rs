//! From fates to files: the rows as they are written, and the account of them.

use std::collections::BTreeMap;

use task_spec::{Example, Message};

use super::{
    CurateInput,
    fates::{Fate, Fates, NearTexts},
    intake::Intake,
    task_hash,
};
use crate::{
    CuratePlan, Curated, LabelRecord, Ledger, Manifest, MergedCall, ReviewRow, SuspectRecord, TaskRecord,
    TrainRow, Verdict,
    normalise::NORMALISER_VERSION,
    review,
    row::{Call, Row},
    suspects::Findings,
};

/// Everything but what reviewed rows and the gold set add.
pub(super) fn assemble(
    input: &CurateInput<'_>,
    plan: &CuratePlan,
    intake: Intake,
    rows: &[Row],
    fates: &Fates,
    near: &NearTexts,
    found: Option<&(usize, Findings)>,
) -> Curated {
    let writer = Writer {
        input,
        plan,
        calls: &intake.calls,
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
            let call = &intake.calls[call];
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
    let merged: Vec<MergedCall> = merged.into_iter().map(|(_, call)| call).collect();
    let ledger = ledger(&intake, &train, &review, &merged);
    let verdict = verdict(&ledger, plan);
    let labels = label_records(input, &intake, &train, &review, found);
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        normaliser: NORMALISER_VERSION.to_owned(),
        verdict,
        ledger,
        task: TaskRecord {
            name: input.task.name.clone(),
            hash: task_hash(input.task),
        },
        logs: intake.logs,
        gold: input.gold.map(|gold| gold.hash().clone()),
        settings: plan.config().clone(),
        unknown_labels: intake.unknown_labels,
        suspects: found.map(|(judged, findings)| suspect_record(*judged, findings, &labels)),
        labels,
        confidence: intake.confidence,
        odd_confidences: intake.odd_confidences,
        calls_with_earlier_turns: intake.calls_with_earlier_turns,
        models: intake.models,
        prompts: intake.prompts,
        reviewed: None,
        leakage: None,
        outputs: BTreeMap::new(),
    };
    let mut rejected = intake.rejected;
    rejected.sort_by_key(|(log, row)| (*log, row.source.line));
    Curated {
        train,
        review,
        rejected: rejected.into_iter().map(|(_, row)| row).collect(),
        quarantine: intake.quarantine,
        merged,
        manifest,
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

    fn train_row(&self, index: usize) -> TrainRow {
        let row = &self.rows[index];
        let call = self.call(index);
        let mut messages = self.input.task.prompt(&call.input);
        messages.push(Message::assistant(self.label_name(row.label)));
        let mut example = Example::new(&row.id, messages);
        example.weight = self
            .plan
            .config()
            .weight_by_calls
            .weight(self.calls_behind[index]);
        example.confidence = row.confidence.map(|confidence| confidence.value);
        example.cluster = Some(self.rows[self.clusters[index]].id.clone());
        example.source = Some(call.source(self.input.logs));
        TrainRow {
            example,
            calls: self.calls_behind[index],
            reported: row.reported,
            by_person: row.by_person,
        }
    }

    fn review_row(&self, index: usize, reason: crate::ReviewReason, chance_wrong: f64) -> ReviewRow {
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

fn ledger(intake: &Intake, train: &[TrainRow], review: &[ReviewRow], merged: &[MergedCall]) -> Ledger {
    let mut ledger = Ledger {
        lines: intake.lines,
        train: train.len() as u64,
        merged_exact: merged.iter().filter(|call| call.exact).count() as u64,
        merged_near: merged.iter().filter(|call| !call.exact).count() as u64,
        calls_in_train: train.iter().map(|row| row.calls as u64).sum(),
        calls_in_review: review.iter().map(|row| row.calls as u64).sum(),
        ..Ledger::default()
    };
    for row in review {
        *ledger.review.entry(row.reason.kind().to_owned()).or_default() += 1;
    }
    for (_, row) in &intake.rejected {
        *ledger.rejected.entry(row.reason.kind().to_owned()).or_default() += 1;
    }
    for line in &intake.quarantine {
        *ledger
            .quarantined
            .entry(line.reason.as_str().to_owned())
            .or_default() += 1;
    }
    ledger
}

fn verdict(ledger: &Ledger, plan: &CuratePlan) -> Verdict {
    let (share, allowed) = (ledger.damaged_share(), plan.config().max_damaged_share);
    if share > allowed {
        Verdict::TooDamaged { share, allowed }
    } else if ledger.train == 0 {
        Verdict::NothingKept
    } else {
        Verdict::Usable
    }
}

fn label_records(
    input: &CurateInput<'_>,
    intake: &Intake,
    train: &[TrainRow],
    review: &[ReviewRow],
    found: Option<&(usize, Findings)>,
) -> Vec<LabelRecord> {
    let count = |labels: &mut dyn Iterator<Item = &str>| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        labels.for_each(|label| *counts.entry(label.to_owned()).or_default() += 1);
        counts
    };
    let in_train = count(&mut train.iter().filter_map(|row| row.example.answer()));
    let in_review = count(&mut review.iter().map(|row| row.label.as_str()));
    let protected: BTreeMap<usize, _> = found
        .into_iter()
        .flat_map(|(_, findings)| findings.protected.iter().copied())
        .collect();
    let names = input.task.labels().names().enumerate();
    names
        .map(|(index, name)| LabelRecord {
            label: name.to_owned(),
            calls: intake.calls_by_label[index],
            train: in_train.get(name).copied().unwrap_or(0),
            review: in_review.get(name).copied().unwrap_or(0),
            protected: protected.get(&index).copied(),
        })
        .collect()
}

fn suspect_record(judged: usize, findings: &Findings, labels: &[LabelRecord]) -> SuspectRecord {
    SuspectRecord {
        judged,
        suspects: findings.suspects.len(),
        agreement: findings.agreement,
        protected_classes: labels
            .iter()
            .filter(|record| record.protected.is_some())
            .map(|record| record.label.clone())
            .collect(),
    }
}
