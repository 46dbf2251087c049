//! Everything that the logs hold, read once into memory.

use task_spec::Source;

use super::{
    CurateInput,
    read_account::{Names, ReadAccount},
    reading::{End, Heard, Reader, rejected_row, source},
    teachers::TeacherTally,
};
use crate::{CurateError, CuratePlan, LogFile, Progress, QuarantinedLine, RejectedRow, normalise, row::Call};

/// The calls of some logs and what was counted on the way.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Calls with a legal label.
    pub(super) calls: Vec<Call>,
    /// The other calls, each with the index of its log.
    pub(super) rejected: Vec<(usize, RejectedRow)>,
    pub(super) quarantine: Vec<QuarantinedLine>,
    pub(super) account: ReadAccount,
    pub(super) teachers: TeacherTally,
}

impl Intake {
    pub(super) fn read(
        input: &CurateInput<'_>,
        plan: &CuratePlan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, CurateError> {
        let mut intake = Self::default();
        let reader = Reader::new(input.task, input.logs, plan, Names::All);
        intake.account = reader.read(progress, &mut |end| {
            match end {
                End::Damaged(line) => intake.quarantine.push(line),
                End::Call(heard) => intake.take(*heard, input.logs),
            }
            Ok(())
        })?;
        Ok(intake)
    }

    fn take(&mut self, heard: Heard, logs: &[LogFile]) {
        let Heard {
            log,
            line,
            call,
            prompt,
            ballot,
        } = heard;
        let teacher = self.teachers.note(&call, prompt.as_deref(), (log, line));
        match ballot {
            Ok(ballot) => self.calls.push(Call {
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
            }),
            Err(reason) => self
                .rejected
                .push((log, rejected_row(logs, (log, line), call, reason))),
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
