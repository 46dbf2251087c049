//! Is a workload narrow, fixed and of high volume? What a log alone says of the workloads in it.

mod account;
mod balance;
mod config;
mod describe;
mod distinct;
mod fields;

mod judge;
mod page;
mod prompts;
mod report;
mod tally;
mod traffic;
mod unseen;

pub use balance::{BreakEvenAtHours, CallTokens, MonthlyBalance, ServingWay, WayBalance};
pub use config::{ServingPrices, ServingUpkeep, ShapeConfig, ShapeConfigError, ShapeLimits, ShapePlan};
pub use fields::{FieldKind, FieldShape};
pub use report::{
    AnswerCount, AnswersKind, AnswersShape, InputsShape, NewAnswers, PromptKind, PromptShape, RuleOutcome,
    ShapeReport, ShapeRule, ShapeVerdict, WorkloadShape,
};
pub use traffic::TrafficShape;
pub use unseen::UnseenShare;

use std::collections::BTreeMap;

use stage_files::FileError;

use crate::{
    LogFile, NORMALISER_VERSION, QuarantinedLine,
    log::{Found, LoggedCall, read_log},
};
use prompts::PromptSurvey;
use tally::WorkloadTally;

/// After how many lines progress is told.
const LINES_PER_EVENT: u64 = 1000;

/// The shape of the workloads in some logs: [`shape_with_progress`] without progress.
///
/// # Errors
///
/// [`FileError`] if a log cannot be read to its end.
pub fn shape(logs: &[LogFile], plan: &ShapePlan) -> Result<ShapeReport, FileError> {
    shape_with_progress(logs, plan, &mut |_| {})
}

/// The shape of the workloads in some logs, without a task: what is asked, what is answered, how often, what it costs, and
/// whether another way to serve it would cost less.
///
/// The logs are read twice, first for the prompts that tell the workloads apart, then for all else, in memory that does not
/// grow with them: what is too much to be counted exactly is estimated from a sample of the distinct values. The report does
/// not depend on the order of the lines as long as no more than 4,096 distinct prompts and the settings' `exact_values`
/// distinct values of a kind are in them; beyond that, only which of the rarer answers are listed may.
///
/// `progress` gets the lines read so far, in both passes together.
///
/// # Errors
///
/// [`FileError`] if a log cannot be read to its end. Damaged lines are counted and no error.
pub fn shape_with_progress(
    logs: &[LogFile],
    plan: &ShapePlan,
    progress: &mut dyn FnMut(u64),
) -> Result<ShapeReport, FileError> {
    let config = plan.config();
    let mut lines = 0;
    let mut survey = PromptSurvey::new();
    each_call(logs, &mut lines, progress, &mut |found| {
        if let FoundInLog::Call(call) = found {
            survey.note(&call);
        }
    })?;
    let prompts = survey.finish(config.most_workloads);
    let mut report = ShapeReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        normaliser: NORMALISER_VERSION.to_owned(),
        settings: config.clone(),
        logs: logs.iter().map(LogFile::name).collect(),
        lines,
        damaged: BTreeMap::new(),
        lines_without_call: BTreeMap::new(),
        calls: 0,
        other_calls: 0,
        malformed_metadata: BTreeMap::new(),
        workloads: Vec::new(),
    };
    let mut tallies: Vec<Option<WorkloadTally>> = prompts.groups.iter().map(|_| None).collect();
    each_call(logs, &mut lines, progress, &mut |found| match found {
        FoundInLog::Damaged(line) => *report.damaged.entry(line.reason.as_str().to_owned()).or_default() += 1,
        FoundInLog::WithoutCall(kind) => *report.lines_without_call.entry(kind).or_default() += 1,
        FoundInLog::Call(call) => {
            report.calls += 1;
            for field in &call.metadata.malformed {
                *report.malformed_metadata.entry((*field).to_owned()).or_default() += 1;
            }
            match prompts.workload_of(&call) {
                Some((place, question)) => {
                    let tally = tallies[place].get_or_insert_with(|| {
                        WorkloadTally::new(config.exact_values, &config.limits.ignored_fields)
                    });
                    tally.note(&call, question);
                }
                None => report.other_calls += 1,
            }
        }
    })?;
    let all_calls = report.calls;
    report.workloads = prompts
        .groups
        .iter()
        .zip(&tallies)
        .filter_map(|(group, tally)| Some(describe::workload(group, tally.as_ref()?, all_calls, config)))
        .collect();
    report.workloads.sort_by(|a, b| {
        b.net_saving()
            .total_cmp(&a.net_saving())
            .then_with(|| b.calls.cmp(&a.calls))
            .then_with(|| {
                (&a.prompt.question, &a.prompt.excerpt).cmp(&(&b.prompt.question, &b.prompt.excerpt))
            })
    });
    Ok(report)
}

/// What is on a line.
enum FoundInLog {
    Call(Box<LoggedCall>),
    WithoutCall(String),
    Damaged(QuarantinedLine),
}

fn each_call(
    logs: &[LogFile],
    lines: &mut u64,
    progress: &mut dyn FnMut(u64),
    each: &mut dyn FnMut(FoundInLog),
) -> Result<(), FileError> {
    for log in logs {
        read_log(log, |_, found| {
            let calls = match found {
                Found::Late(call) => vec![*call],
                Found::Line(line) => {
                    *lines += 1;
                    if lines.is_multiple_of(LINES_PER_EVENT) {
                        progress(*lines);
                    }
                    match line {
                        Err(damaged) => {
                            each(FoundInLog::Damaged(damaged));
                            return Ok(());
                        }
                        Ok(content) => {
                            if let Some(kind) = content.without_call {
                                each(FoundInLog::WithoutCall(kind));
                            }
                            content.calls
                        }
                    }
                }
            };
            for call in calls {
                each(FoundInLog::Call(Box::new(call)));
            }
            Ok(())
        })?;
    }
    Ok(())
}
