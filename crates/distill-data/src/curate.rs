//! The curation itself: logs in, rows by where they end out.

mod account;
mod audited;
mod fates;
mod intake;
mod masking;
mod outputs;
mod parts;
mod read_account;
mod reading;
mod reviewed;
mod settled;
mod teachers;

use std::collections::BTreeMap;

use task_spec::Task;

use crate::{
    AnswerWorth, CurateError, CuratePlan, Curated, GoldRows, JaccardThreshold, LeakageCertificate, LogFile,
    Progress, RejectReason, RejectedRow, ReviewedRow, SplitBy, Stage, leakage_certificate, near_neighbours,
};

use fates::NearTexts;
use intake::Intake;
use outputs::write_rows;
pub use read_account::ReadAccount;
use reading::check_weights;
pub use reading::{AnsweredCall, LogItem, RejectedCall, read_calls};
pub use reviewed::{AskedQuestion, ReviewedAnswers, ReviewedTexts};
use settled::{Settled, rows_of};

/// What a curation works on.
#[derive(Debug, Clone, Copy)]
pub struct CurateInput<'a> {
    task: &'a Task,
    logs: &'a [LogFile],
    gold: Option<&'a GoldRows>,
    reviewed: &'a [ReviewedRow],
}

impl<'a> CurateInput<'a> {
    /// A task and the logs of the teacher that has been doing it.
    #[must_use]
    pub fn new(task: &'a Task, logs: &'a [LogFile]) -> Self {
        Self {
            task,
            logs,
            gold: None,
            reviewed: &[],
        }
    }

    /// The gold set that training rows must not touch. Without it there is no leakage certificate.
    #[must_use]
    pub fn with_gold(mut self, gold: &'a GoldRows) -> Self {
        self.gold = Some(gold);
        self
    }

    /// Rows that a person has reviewed: they override the teacher and calibrate its confidence.
    #[must_use]
    pub fn with_reviewed(mut self, reviewed: &'a [ReviewedRow]) -> Self {
        self.reviewed = reviewed;
        self
    }
}

/// Curates logs: [`curate_with_progress`] without progress.
///
/// # Errors
///
/// [`CurateError`].
pub fn curate(input: &CurateInput<'_>, plan: &CuratePlan) -> Result<Curated, CurateError> {
    curate_with_progress(input, plan, &mut |_| {})
}

/// Curates logs. Each step sees what the one before it has left:
///
/// 1. read every line and mask personal data, if that is asked for; damaged lines are quarantined, calls without a legal
///    label rejected;
/// 2. calibrate the teacher's confidence on reviewed rows;
/// 3. reject every call whose text is a gold row's or nearly so, then let reviewed rows override the teacher;
/// 4. gather calls of one text; where none of their labels has the majority, review;
/// 5. review rows that their near-duplicates outweigh, merge the others behind the strongest of each label;
/// 6. review rows of too little confidence;
/// 7. review rows whose label a model of the other rows contradicts;
/// 8. draw rows for the audit from what is left on the teacher's word alone (where reviewed rows have overridden it, steps
///    4 to 7 are gone through without them too, to know what that is);
/// 9. keep parts of what is left from training, and of classes that are too large what is more than they may have;
/// 10. certify that the training rows do not touch the gold set.
///
/// The outcome does not depend on the order of the lines, except that of calls alike in everything the first
/// one is named as the source, and where rows are split by [log order](SplitBy::LogOrder).
///
/// # Errors
///
/// [`CurateError`] if a log cannot be read to its end or has no usable weight, the gold set is empty, a reviewed
/// row or a cost has no label of the task, a target precision comes without reviewed rows, or rows are to be split by time and
/// no call has one. Bad rows and even a log
/// that is mostly damaged are no error: see the [verdict](crate::Manifest::verdict).
pub fn curate_with_progress(
    input: &CurateInput<'_>,
    plan: &CuratePlan,
    progress: &mut dyn FnMut(Progress),
) -> Result<Curated, CurateError> {
    if input.gold.is_some_and(|gold| gold.rows().is_empty()) {
        return Err(CurateError::EmptyGold);
    }
    check_weights(input.logs)?;
    if plan.config().target_precision.is_some() && input.reviewed.is_empty() {
        return Err(CurateError::NoReviewedRows);
    }
    let masked_gold = input.gold.map(|gold| gold.masked(&plan.config().personal_data));
    let input = &CurateInput {
        gold: masked_gold.as_ref(),
        ..*input
    };
    let labels = input.task.labels();
    let worth = AnswerWorth::of(&plan.config().review, labels)?;
    let mut intake = Intake::read(input, plan, progress)?;
    let is_by_time = plan
        .split()
        .is_some_and(|split| split.config().by == SplitBy::Time);
    if is_by_time && !intake.calls.is_empty() && intake.calls.iter().all(|call| call.at.is_none()) {
        return Err(CurateError::NoCallTimes);
    }
    // Before reviewed rows speak in a teacher's place.
    let teachers = intake.teachers.account(input.task, input.logs, &intake.calls);
    let answers = ReviewedAnswers::of_calls(input, plan, &intake.calls)?;
    let mut reviewed = answers.calibrate_calls(plan, &mut intake.calls);
    let mut at = |stage, rows: usize| {
        progress(Progress {
            stage,
            rows: rows as u64,
        });
    };
    at(Stage::GoldJoin, intake.calls.len());
    let log_certificate = input
        .gold
        .map(|gold| remove_leaks(&mut intake, input.logs, gold, plan.near_threshold()));
    let rows = rows_of(&intake.calls, plan);
    at(Stage::NearDuplicates, rows.len());
    let near = NearTexts::of(&rows, &intake.calls, plan);
    let teacher = reviewed.as_mut().map(|record| {
        at(Stage::Audit, rows.len());
        let told = (Some(&*record), labels.len());
        let teacher = Settled::of(&intake.calls, &near, plan, told, &mut |_, _| {});
        record.questions = answers.fared(teacher.asked());
        answers.apply(&mut intake.calls, &teacher.rows, record);
        teacher
    });
    let told = (reviewed.as_ref(), labels.len());
    let settled = Settled::of(&intake.calls, &near, plan, told, &mut at);
    let drawn = audited::draw(input, plan, teacher.as_ref().unwrap_or(&settled), &answers);
    let questions = reviewed
        .as_ref()
        .map_or_else(BTreeMap::new, |record| record.questions.clone());
    let worth = worth.with_fared(questions);
    let outputs = write_rows(input, plan, &intake.calls, (&settled, &near, &worth, drawn));
    let mut curated = account::assemble(input, plan, intake, outputs, settled.found.as_ref());
    parts::set_apart(&mut curated, input, plan);
    at(Stage::Certificate, curated.train.len());
    curated.manifest.reviewed = reviewed;
    curated.manifest.teachers = teachers;
    curated.manifest.leakage = input.gold.zip(log_certificate).map(|(gold, log)| {
        let texts: Vec<&str> = curated
            .train
            .iter()
            .filter_map(|row| row.example.input())
            .collect();
        crate::LeakageRecord {
            log,
            train: leakage_certificate(&texts, gold, plan.near_threshold()),
        }
    });
    at(Stage::Finished, curated.train.len());
    Ok(curated)
}

/// Rejects the calls whose text is near a gold row, and certifies how near the log came before.
fn remove_leaks(
    intake: &mut Intake,
    logs: &[LogFile],
    gold: &GoldRows,
    threshold: JaccardThreshold,
) -> LeakageCertificate {
    let mut texts: Vec<&str> = intake.calls.iter().map(|call| call.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let certificate = leakage_certificate(&texts, gold, threshold);
    let questions: Vec<&str> = gold.rows().iter().map(|row| row.input.as_str()).collect();
    let mut nearest: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for pair in near_neighbours(&questions, &texts, threshold) {
        let found = (pair.jaccard, pair.left);
        let best = nearest.entry(texts[pair.right].to_owned()).or_insert(found);
        if found.0 > best.0 {
            *best = found;
        }
    }
    for call in std::mem::take(&mut intake.calls) {
        let Some(&(jaccard, row)) = nearest.get(&call.text) else {
            intake.calls.push(call);
            continue;
        };
        let rejected = RejectedRow {
            source: call.source(logs),
            reason: RejectReason::LeaksGold {
                gold: gold.rows()[row].id.clone(),
                jaccard,
            },
            input: Some(call.input),
        };
        intake.rejected.push((call.log, rejected));
    }
    certificate
}

#[cfg(test)]
mod tests;
