//! Logs as a stream: every damaged line and every call of the task with its one end, in the order of the logs.

use stage_files::FileError;
use task_spec::{Source, Task};

use super::{
    masking::{mask_question, masked_line, masked_reason, record},
    read_account::{Names, ReadAccount},
    teachers::{key_of, prompt_hash},
};
use crate::{
    CallTime, CurateError, CuratePlan, LogFile, LogRecord, Progress, QuarantinedLine, RejectReason,
    RejectedRow, Stage, TeacherKey,
    ballot::Ballot,
    log::{Found, LineContent, LoggedCall, read_log},
};

/// After how many lines progress is told.
const LINES_PER_EVENT: u64 = 1000;

/// What a log holds that is not merely counted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LogItem {
    /// A call with a legal label.
    Call(AnsweredCall),
    /// A call of the task without one.
    Rejected(RejectedCall),
    /// A line that could not be read.
    Damaged(QuarantinedLine),
}

/// A call with a legal label.
#[derive(Debug, Clone, PartialEq)]
pub struct AnsweredCall {
    /// Which of the logs it is in, from 0.
    pub log: usize,
    /// Where it is, with the id that the log gives it.
    pub source: Source,
    /// The question, as the log has it but for what the plan masks.
    pub input: String,
    /// What it says about the label.
    pub ballot: Ballot,
    /// Whether a person gave or confirmed the answer.
    pub by_person: bool,
    /// When it was made, where the log says so.
    pub at: Option<CallTime>,
    /// Who gave it.
    pub teacher: TeacherKey,
}

/// A call without a legal label.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectedCall {
    /// Which of the logs it is in, from 0.
    pub log: usize,
    /// The call as a file has it.
    pub row: RejectedRow,
    /// When it was made, where the log says so.
    pub at: Option<CallTime>,
    /// Who gave it.
    pub teacher: TeacherKey,
}

/// Reads the calls of a task, each with its one end, in memory that does not grow with the logs: what [`curate`](crate::curate)
/// reads, by the same rules.
///
/// `each` gets what is more than a number, in the order of the logs; an error of its own ends the reading. Lines that hold no
/// call and calls that ask something else are counted in the account. Of the plan, the answers' format, the masking of personal
/// data and the largest share of damaged lines count here; the account has the [verdict](ReadAccount::verdict), which is known
/// only at the end.
///
/// ```
/// use distill_data::{CurateConfig, FieldMap, LogFile, LogFormat, LogItem, Verdict, read_calls};
/// use task_spec::{Label, Task};
///
/// # let folder = tempfile::tempdir()?;
/// # let log = folder.path().join("log.jsonl");
/// std::fs::write(&log, r#"{"input": "SQ *BLUE BOTTLE 1123", "answer": "coffee", "confidence": 0.97}
/// {"input": "UBER TRIP HELP.UBER", "answer": "taxis"}
/// "#)?;
/// let task = Task::of_labels("spend", vec![Label::new("coffee"), Label::new("fuel")])?;
/// let logs = [LogFile::new(log, LogFormat::Jsonl(FieldMap::default()))];
/// let plan = CurateConfig::default().check()?;
/// let mut calls = Vec::new();
/// let account = read_calls(&task, &logs, &plan, &mut |item| {
///     if let LogItem::Call(call) = item {
///         calls.push(call);
///     }
///     Ok(())
/// })?;
/// assert_eq!((calls.len(), calls[0].ballot.label()), (1, 0));
/// assert_eq!((account.lines, account.rejected["unknown_label"]), (2, 1));
/// assert_eq!(account.verdict(&plan), Verdict::Usable);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`CurateError::Log`] if a log cannot be read to its end, [`CurateError::LogWeight`], and [`CurateError::Output`] with the
/// error of `each`.
pub fn read_calls(
    task: &Task,
    logs: &[LogFile],
    plan: &CuratePlan,
    each: &mut dyn FnMut(LogItem) -> Result<(), FileError>,
) -> Result<ReadAccount, CurateError> {
    let reader = Reader::new(task, logs, plan, Names::Listed);
    reader.read(&mut |_| {}, &mut |end| {
        each(match end {
            End::Damaged(line) => LogItem::Damaged(line),
            End::Call(heard) => item(logs, *heard),
        })
    })
}

fn item(logs: &[LogFile], heard: Heard) -> LogItem {
    let Heard {
        log,
        line,
        call,
        prompt,
        ballot,
    } = heard;
    let (at, teacher) = (call.metadata.at, key_of(&call, prompt.as_deref()));
    match ballot {
        Ok(ballot) => LogItem::Call(AnsweredCall {
            log,
            source: source(logs, log, line, (call.id, call.question)),
            input: call.input,
            ballot,
            by_person: call.by_person,
            at,
            teacher,
        }),
        Err(reason) => LogItem::Rejected(RejectedCall {
            log,
            row: rejected_row(logs, (log, line), call, reason),
            at,
            teacher,
        }),
    }
}

/// Refuses a log without a usable weight.
pub(super) fn check_weights(logs: &[LogFile]) -> Result<(), CurateError> {
    let without = logs
        .iter()
        .find(|log| !(log.weight.is_finite() && log.weight > 0.0));
    without.map_or(Ok(()), |log| {
        Err(CurateError::LogWeight {
            file: log.name(),
            found: log.weight,
        })
    })
}

/// The end of a line or of a call of the task, for consumers in this crate.
#[derive(Debug)]
pub(super) enum End {
    Call(Box<Heard>),
    Damaged(QuarantinedLine),
}

/// A call of the task, masked, and what its answers come to.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) log: usize,
    pub(super) line: u64,
    pub(super) call: LoggedCall,
    /// The hash of its instructions.
    pub(super) prompt: Option<String>,
    pub(super) ballot: Result<Ballot, RejectReason>,
}

/// A rejected call as a file has it.
pub(super) fn rejected_row(
    logs: &[LogFile],
    (log, line): (usize, u64),
    call: LoggedCall,
    reason: RejectReason,
) -> RejectedRow {
    RejectedRow {
        source: source(logs, log, line, (call.id, call.question)),
        reason,
        input: Some(call.input).filter(|input| !input.is_empty()),
    }
}

pub(super) fn source(
    logs: &[LogFile],
    log: usize,
    line: u64,
    (call, question): (Option<String>, Option<String>),
) -> Source {
    Source {
        file: logs[log].name(),
        line,
        call,
        question,
    }
}

/// Reads logs and counts what it reads.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    task: &'a Task,
    logs: &'a [LogFile],
    plan: &'a CuratePlan,
    names: Names,
    account: ReadAccount,
}

/// Who is told of each end.
type Each<'e> = dyn FnMut(End) -> Result<(), FileError> + 'e;

impl<'a> Reader<'a> {
    pub(super) fn new(task: &'a Task, logs: &'a [LogFile], plan: &'a CuratePlan, names: Names) -> Self {
        let account = ReadAccount {
            personal_data: record(&plan.config().personal_data),
            ..ReadAccount::default()
        };
        Self {
            task,
            logs,
            plan,
            names,
            account,
        }
    }

    pub(super) fn read(
        mut self,
        progress: &mut dyn FnMut(Progress),
        each: &mut Each<'_>,
    ) -> Result<ReadAccount, CurateError> {
        check_weights(self.logs)?;
        for (index, log) in self.logs.iter().enumerate() {
            let (lines_before, damaged_before) = (self.account.lines, self.account.damaged());
            let mut is_refused = false;
            let read = read_log(log, |line, found| {
                let taken = self.take_found((index, line), found, &mut |end| {
                    let taken = each(end);
                    is_refused |= taken.is_err();
                    taken
                });
                if self.account.lines % LINES_PER_EVENT == 1 {
                    progress(Progress {
                        stage: Stage::Reading,
                        rows: self.account.lines,
                    });
                }
                taken
            });
            let read = read.map_err(|error| match is_refused {
                true => CurateError::Output(error),
                false => CurateError::Log(error),
            })?;
            self.account.logs.push(LogRecord {
                file: log.name(),
                hash: read.hash,
                format: log.format.clone(),
                weight: log.weight,
                lines: self.account.lines - lines_before,
                damaged: self.account.damaged() - damaged_before,
                scores: read.scores,
            });
        }
        Ok(self.account)
    }

    fn take_found(
        &mut self,
        place: (usize, u64),
        found: Found,
        each: &mut Each<'_>,
    ) -> Result<(), FileError> {
        match found {
            Found::Line(Ok(content)) => {
                self.account.lines += 1;
                self.take_line(place, content, each)
            }
            Found::Line(Err(damaged)) => {
                self.account.lines += 1;
                let damaged = masked_line(damaged, &self.plan.config().personal_data);
                let kind = damaged.reason.as_str();
                *self.account.quarantined.entry(kind.to_owned()).or_default() += 1;
                each(End::Damaged(damaged))
            }
            Found::Late(call) => self.take_calls(place, vec![*call], each),
        }
    }

    fn take_line(
        &mut self,
        place: (usize, u64),
        content: LineContent,
        each: &mut Each<'_>,
    ) -> Result<(), FileError> {
        if let Some(kind) = content.without_call {
            self.names.count(&mut self.account.lines_without_call, &kind);
            return Ok(());
        }
        self.account.lines_with_calls += 1;
        self.account.calls += content.others.len() as u64;
        for name in content.others {
            self.names.count(&mut self.account.other_questions, &name);
        }
        self.take_calls(place, content.calls, each)
    }

    fn take_calls(
        &mut self,
        place: (usize, u64),
        calls: Vec<LoggedCall>,
        each: &mut Each<'_>,
    ) -> Result<(), FileError> {
        self.account.calls += calls.len() as u64;
        for call in calls {
            let labels = self.task.labels();
            let is_of_task =
                call.offered.is_empty() || call.offered.iter().any(|name| labels.resolve(name).is_some());
            if is_of_task {
                let heard = self.hear(place, call);
                each(End::Call(Box::new(heard)))?;
            } else {
                let name = call.question.unwrap_or_default();
                self.names.count(&mut self.account.other_questions, &name);
            }
        }
        Ok(())
    }

    /// Masks a call, counts it and reads its answers.
    fn hear(&mut self, (log, line): (usize, u64), mut call: LoggedCall) -> Heard {
        let mask = &self.plan.config().personal_data;
        let account = &mut self.account;
        mask_question(&mut call.input, mask, &mut account.personal_data);
        let model = call.model.as_deref().unwrap_or("unknown");
        self.names.count(&mut account.models, model);
        let prompt = call.system.as_deref().map(prompt_hash);
        self.names
            .count(&mut account.prompts, prompt.as_deref().unwrap_or("none"));
        for field in &call.metadata.malformed {
            *account.malformed_metadata.entry((*field).to_owned()).or_default() += 1;
        }
        account.calls_with_earlier_turns += u64::from(call.has_earlier_turns);
        let ballot = Ballot::of_call(&call, self.task.labels(), &self.plan.config().answer);
        let ballot = ballot.map_err(|reason| masked_reason(reason, mask));
        match &ballot {
            Ok(ballot) => {
                let label = self.task.labels().name(ballot.label()).unwrap_or_default();
                account.count_legal(label, ballot);
            }
            Err(reason) => {
                if let RejectReason::UnknownLabel { answer } = reason {
                    self.names.count_whole(&mut account.unknown_labels, answer);
                }
                *account.rejected.entry(reason.kind().to_owned()).or_default() += 1;
            }
        }
        Heard {
            log,
            line,
            call,
            prompt,
            ballot: ballot.map_err(RejectReason::shortened),
        }
    }
}

#[cfg(test)]
mod tests;
