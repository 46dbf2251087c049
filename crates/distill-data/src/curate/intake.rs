//! Everything that the logs hold, read once.

use std::collections::BTreeMap;

use task_spec::Source;

use super::{
    CurateInput,
    masking::{mask_question, masked_line, masked_reason, record},
    teachers::{TeacherTally, prompt_hash},
};
use crate::{
    Confidence, ConfidenceRecord, CurateError, CuratePlan, LogFile, LogRecord, PersonalDataRecord, Progress,
    QuarantinedLine, RejectReason, RejectedRow, Stage,
    ballot::Ballot,
    log::{Found, LineContent, LoggedCall, read_log},
    normalise,
    quarantine::excerpt,
    row::Call,
};

/// How much of a name is kept that is counted by name, in characters: a log may hold megabytes where a model's name should be.
pub(super) const NAME_CHARS: usize = 200;

/// After how many lines progress is told.
const LINES_PER_EVENT: u64 = 1000;

/// The calls of some logs and what was counted on the way.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Calls with a legal label.
    pub(super) calls: Vec<Call>,
    /// The other calls, each with the index of its log.
    pub(super) rejected: Vec<(usize, RejectedRow)>,
    pub(super) quarantine: Vec<QuarantinedLine>,
    pub(super) logs: Vec<LogRecord>,
    pub(super) lines: u64,
    pub(super) lines_with_calls: u64,
    pub(super) lines_without_call: BTreeMap<String, u64>,
    /// Calls, those of other questions included.
    pub(super) found: u64,
    pub(super) other_questions: BTreeMap<String, u64>,
    pub(super) unknown_labels: BTreeMap<String, u64>,
    pub(super) models: BTreeMap<String, u64>,
    pub(super) prompts: BTreeMap<String, u64>,
    pub(super) odd_confidences: u64,
    pub(super) teachers: TeacherTally,
    pub(super) malformed_metadata: BTreeMap<String, u64>,
    pub(super) calls_with_earlier_turns: u64,
    /// Calls with a legal label by the kind of their confidence.
    pub(super) confidence: BTreeMap<String, ConfidenceRecord>,
    /// What was masked, if anything was to be.
    pub(super) personal_data: Option<PersonalDataRecord>,
    /// Calls with a legal label by that label, before any were removed.
    pub(super) calls_by_label: Vec<u64>,
}

impl Intake {
    pub(super) fn read(
        input: &CurateInput<'_>,
        plan: &CuratePlan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, CurateError> {
        let mut intake = Self {
            calls_by_label: vec![0; input.task.labels().len()],
            personal_data: record(&plan.config().personal_data),
            ..Self::default()
        };
        for (index, log) in input.logs.iter().enumerate() {
            let (lines_before, damaged_before) = (intake.lines, intake.quarantine.len());
            let read = read_log(log, |line, found| {
                match found {
                    Found::Line(read) => {
                        intake.lines += 1;
                        match read {
                            Ok(content) => intake.take_line(index, line, content, input, plan),
                            Err(damaged) => {
                                let damaged = masked_line(damaged, &plan.config().personal_data);
                                intake.quarantine.push(damaged);
                            }
                        }
                    }
                    Found::Late(call) => intake.take_calls((index, line), vec![*call], input, plan),
                }
                if intake.lines % LINES_PER_EVENT == 1 {
                    progress(Progress {
                        stage: Stage::Reading,
                        rows: intake.lines,
                    });
                }
            })
            .map_err(CurateError::Log)?;
            intake.logs.push(LogRecord {
                file: log.name(),
                hash: read.hash,
                format: log.format.clone(),
                weight: log.weight,
                lines: intake.lines - lines_before,
                damaged: (intake.quarantine.len() - damaged_before) as u64,
                scores: read.scores,
            });
        }
        Ok(intake)
    }

    fn take_line(
        &mut self,
        log: usize,
        line: u64,
        content: LineContent,
        input: &CurateInput<'_>,
        plan: &CuratePlan,
    ) {
        if let Some(kind) = content.without_call {
            *self
                .lines_without_call
                .entry(excerpt(&kind, NAME_CHARS))
                .or_default() += 1;
            return;
        }
        self.lines_with_calls += 1;
        self.found += content.others.len() as u64;
        for name in content.others {
            *self
                .other_questions
                .entry(excerpt(&name, NAME_CHARS))
                .or_default() += 1;
        }
        self.take_calls((log, line), content.calls, input, plan);
    }

    fn take_calls(
        &mut self,
        (log, line): (usize, u64),
        calls: Vec<LoggedCall>,
        input: &CurateInput<'_>,
        plan: &CuratePlan,
    ) {
        self.found += calls.len() as u64;
        for call in calls {
            let labels = input.task.labels();
            let is_of_task =
                call.offered.is_empty() || call.offered.iter().any(|name| labels.resolve(name).is_some());
            match is_of_task {
                true => self.take(log, line, call, input, plan),
                false => {
                    let name = call.question.unwrap_or_default();
                    *self
                        .other_questions
                        .entry(excerpt(&name, NAME_CHARS))
                        .or_default() += 1
                }
            }
        }
    }

    fn take(
        &mut self,
        log: usize,
        line: u64,
        mut call: LoggedCall,
        input: &CurateInput<'_>,
        plan: &CuratePlan,
    ) {
        let mask = &plan.config().personal_data;
        mask_question(&mut call.input, mask, &mut self.personal_data);
        let model = excerpt(call.model.as_deref().unwrap_or("unknown"), NAME_CHARS);
        *self.models.entry(model).or_default() += 1;
        let prompt = call.system.as_deref().map(prompt_hash);
        let teacher = self.teachers.note(&call, prompt.as_deref(), (log, line));
        *self
            .prompts
            .entry(prompt.unwrap_or_else(|| "none".to_owned()))
            .or_default() += 1;
        for field in &call.metadata.malformed {
            *self.malformed_metadata.entry((*field).to_owned()).or_default() += 1;
        }
        self.calls_with_earlier_turns += u64::from(call.has_earlier_turns);
        match Ballot::of_call(&call, input.task.labels(), &plan.config().answer) {
            Ok(ballot) => {
                self.count_confidence(ballot.confidence);
                self.odd_confidences += u64::from(ballot.has_odd_confidence);
                let call = Call {
                    log,
                    line,
                    id: call.id,
                    question: call.question,
                    text: normalise(&call.input),
                    input: call.input,
                    reported: ballot.confidence,
                    by_person: call.by_person,
                    teacher,
                    ballot,
                    at: call.metadata.at,
                };
                self.calls_by_label[call.label()] += 1;
                self.calls.push(call);
            }
            Err(reason) => {
                let reason = masked_reason(reason, mask);
                if let RejectReason::UnknownLabel { answer } = &reason {
                    *self.unknown_labels.entry(answer.clone()).or_default() += 1;
                }
                let rejected = RejectedRow {
                    source: source(input.logs, log, line, (call.id, call.question)),
                    reason: reason.shortened(),
                    input: Some(call.input).filter(|input| !input.is_empty()),
                };
                self.rejected.push((log, rejected));
            }
        }
    }

    fn count_confidence(&mut self, confidence: Option<Confidence>) {
        let kind = confidence.map_or("unknown", |confidence| confidence.kind.as_str());
        let record = self.confidence.entry(kind.to_owned()).or_default();
        record.calls += 1;
        if let Some(confidence) = confidence {
            record.tenths[((confidence.value * 10.0) as usize).min(9)] += 1;
        }
    }
}

impl Call {
    /// The call, for a file.
    pub(super) fn source(&self, logs: &[LogFile]) -> Source {
        source(
            logs,
            self.log,
            self.line,
            (self.id.clone(), self.question.clone()),
        )
    }
}

fn source(
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
