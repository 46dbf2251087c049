//! The account of a curation.

use std::collections::BTreeMap;

use super::{CurateInput, intake::Intake, outputs::Outputs};
use crate::{
    ClassLimitsRecord, CuratePlan, Curated, LabelRecord, Ledger, Manifest, NORMALISER_VERSION, QueueRecord,
    ReviewRow, SuspectFindings, TaskRecord, Teachers, Verdict,
};

/// Everything but what the teachers, reviewed rows and the gold set add.
pub(super) fn assemble(
    input: &CurateInput<'_>,
    plan: &CuratePlan,
    intake: Intake,
    outputs: Outputs,
    found: Option<&SuspectFindings>,
) -> Curated {
    let ledger = ledger(&intake, &outputs);
    let verdict = Verdict::of(ledger.damaged_share(), ledger.train, plan);
    let labels = label_records(input, &intake, &outputs, found);
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        normaliser: NORMALISER_VERSION.to_owned(),
        verdict,
        ledger,
        task: TaskRecord::of(input.task),
        logs: intake.account.logs,
        gold: input.gold.map(|gold| gold.hash().clone()),
        settings: plan.config().clone(),
        unknown_labels: intake.account.unknown_labels,
        suspects: found.map(|findings| findings.record(input.task.labels())),
        labels,
        confidence: intake.account.confidence,
        odd_confidences: intake.account.odd_confidences,
        calls_with_earlier_turns: intake.account.calls_with_earlier_turns,
        models: intake.account.models,
        prompts: intake.account.prompts,
        teachers: Teachers::default(),
        malformed_metadata: intake.account.malformed_metadata,
        personal_data: intake.account.personal_data,
        split: None,
        class_limits: ClassLimitsRecord::default(),
        reviewed: None,
        review: QueueRecord::of(outputs.review.iter().map(ReviewRow::queued)),
        audit: outputs.audited,
        leakage: None,
        outputs: BTreeMap::new(),
    };
    let mut rejected = intake.rejected;
    rejected.sort_by_key(|(log, row)| (*log, row.source.line));
    Curated {
        train: outputs.train,
        review: outputs.review,
        audit: outputs.audit,
        rejected: rejected.into_iter().map(|(_, row)| row).collect(),
        quarantine: intake.quarantine,
        merged: outputs.merged,
        set_apart: BTreeMap::new(),
        manifest,
    }
}

fn ledger(intake: &Intake, outputs: &Outputs) -> Ledger {
    let Outputs {
        train,
        review,
        merged,
        ..
    } = outputs;
    let read = &intake.account;
    let mut ledger = Ledger {
        lines: read.lines,
        lines_with_calls: read.lines_with_calls,
        lines_without_call: read.lines_without_call.clone(),
        calls: read.calls,
        other_questions: read.other_questions.clone(),
        quarantined: read.quarantined.clone(),
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
    ledger
}

fn label_records(
    input: &CurateInput<'_>,
    intake: &Intake,
    outputs: &Outputs,
    found: Option<&SuspectFindings>,
) -> Vec<LabelRecord> {
    let count = |labels: &mut dyn Iterator<Item = &str>| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        labels.for_each(|label| *counts.entry(label.to_owned()).or_default() += 1);
        counts
    };
    let in_train = count(&mut outputs.train.iter().filter_map(|row| row.example.answer()));
    let in_review = count(&mut outputs.review.iter().map(|row| row.label.as_str()));
    let suspicions: BTreeMap<usize, _> = found
        .into_iter()
        .flat_map(|findings| findings.classes.iter().copied())
        .collect();
    let names = input.task.labels().names().enumerate();
    names
        .map(|(index, name)| LabelRecord {
            label: name.to_owned(),
            calls: intake.account.labels.get(name).copied().unwrap_or(0),
            train: in_train.get(name).copied().unwrap_or(0),
            review: in_review.get(name).copied().unwrap_or(0),
            set_apart: 0,
            suspicion: suspicions.get(&index).copied(),
        })
        .collect()
}
