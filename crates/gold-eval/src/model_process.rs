//! A model in a process of its own, asked over its standard input and output.

use std::{
    collections::HashMap,
    fmt,
    ops::ControlFlow,
    process::ExitStatus,
    sync::{Arc, mpsc::RecvTimeoutError},
    time::{Duration, Instant},
};

use task_spec::{PredictError, Prediction, Predictor};

use crate::{
    AnswerSource, Keep, Question,
    answer_source::{failed, predict_by_id},
};

mod child;
mod config;
mod reply;

pub use config::{ProcessConfig, ProcessConfigError};

use child::{Child, Event};

/// Why a process did not answer every question. The variants name the row; those after which the process may have
/// said why hold the end of what it wrote to its standard error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// It could not be started.
    #[error("cannot start {program}")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended, or closed its output, before every row was answered.
    #[error(
        "the process {} with {waiting} rows unanswered, the first of them {id:?}{}", ended(*status), said(stderr)
    )]
    Ended {
        /// The first row without an answer.
        id: String,
        /// How many have none.
        waiting: usize,
        /// How it ended; `None` if it only closed its output.
        status: Option<ExitStatus>,
        /// The end of its standard error.
        stderr: String,
    },
    /// No answer came for too long.
    #[error(
        "no answer for {seconds} s while {waiting} rows wait, the first of them {id:?}: a process must flush its \
         output after each line{}",
        said(stderr)
    )]
    Silent {
        /// The first row without an answer.
        id: String,
        /// How many have none.
        waiting: usize,
        /// How long it was waited for, in seconds.
        seconds: f64,
        /// The end of its standard error.
        stderr: String,
    },
    /// The whole run took too long.
    #[error(
        "the run took longer than {seconds} s, {waiting} rows are unanswered, the first of them {id:?}{}",
        said(stderr)
    )]
    Overall {
        /// The first row without an answer.
        id: String,
        /// How many have none.
        waiting: usize,
        /// The limit, in seconds.
        seconds: f64,
        /// The end of its standard error.
        stderr: String,
    },
    /// A line of its output is no answer.
    #[error(
        "line {line} of its output is no {{\"id\", \"answer\"}}, with {waiting} rows unanswered, the first of them \
         {id:?}: {text:?}; what is no answer belongs to the standard error"
    )]
    NoAnswer {
        /// The line, from 1, counted from the start of the process.
        line: u64,
        /// The first row without an answer.
        id: String,
        /// How many have none.
        waiting: usize,
        /// The beginning of the line.
        text: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line of its output is too long to be an answer.
    #[error(
        "line {line} of its output is longer than the {max} bytes that an answer may have; the first row without an answer is {id:?}"
    )]
    LongLine {
        /// The line, from 1, counted from the start of the process.
        line: u64,
        /// The first row without an answer.
        id: String,
        /// The limit, in bytes.
        max: usize,
    },
    /// A row is answered again.
    #[error("line {line} of its output answers {id:?} a second time: answer each id once")]
    Twice {
        /// The line, from 1, counted from the start of the process.
        line: u64,
        /// The row.
        id: String,
    },
    /// An answer belongs to no row that was asked.
    #[error(
        "line {line} of its output answers {id:?}, which was not asked: give back the id of the question"
    )]
    UnknownId {
        /// The line, from 1, counted from the start of the process.
        line: u64,
        /// The id as given.
        id: String,
    },
    /// The process says that it has no answer to a row.
    #[error("the process has no answer to {id:?}: {message}")]
    Refused {
        /// The row.
        id: String,
        /// What it says.
        message: String,
    },
}

fn ended(status: Option<ExitStatus>) -> String {
    status.map_or_else(
        || "closed its output".to_owned(),
        |status| format!("ended ({status})"),
    )
}

fn said(stderr: &str) -> String {
    match stderr.trim() {
        "" => String::new(),
        said => format!("; its last words: {said}"),
    }
}

impl ProcessError {
    /// Whether a new process may do better: this one went away or hung, and said nothing wrong.
    fn is_worth_a_restart(&self) -> bool {
        matches!(self, Self::Ended { .. } | Self::Silent { .. })
    }
}

/// A model that runs in a process of its own: [`ProcessConfig::check`] makes it.
///
/// The process gets a line `{"id": ..., "input": ...}` for each question and writes a line for each answer, in any
/// order: `{"id": ..., "answer": ...}`, with `confidence`, `probabilities`, `outside`, `latency_ms` and `cost_usd` where it
/// has them, as in `predictions.jsonl`, or `{"id": ..., "error": ...}`. Answers are matched by id, never by position. After
/// the last question the input is closed, so that a process that reads everything before it answers works too. What it
/// writes to its standard error is passed on line by line and kept to the last 4 KiB for errors.
///
/// The process and, on Unix, all that it started are ended when the run is over, however it ends: a process that
/// has answered everything gets the time to end by itself. What a process started in a group of its own is not found. On
/// other systems only the process itself is ended.
///
/// As a [`Predictor`] it is started anew at every call, so ask many rows at once.
#[derive(Clone)]
pub struct ModelProcess {
    config: ProcessConfig,
    stderr: Arc<dyn Fn(&str) + Send + Sync>,
}

impl ModelProcess {
    /// Passes on each line that the process writes to its standard error; without this they are only kept for errors.
    #[must_use]
    pub fn with_stderr(mut self, line: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.stderr = Arc::new(line);
        self
    }

    fn run(&self, questions: &[Question<'_>], keep: &mut Keep<'_>) -> Result<(), ProcessError> {
        // Without a limit a question may wait in the pipe for as long as all others take: that is no latency.
        let mut asked = Asked::new(questions, self.config.in_flight.is_some());
        let deadline =
            (self.config.overall_timeout_s).map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
        let mut restarts = 0;
        while asked.waiting > 0 {
            match self.run_once(&mut asked, deadline, keep) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(error) if error.is_worth_a_restart() && restarts < self.config.max_restarts => {
                    restarts += 1
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Asks one process what is unanswered, until all is answered.
    fn run_once(
        &self,
        asked: &mut Asked<'_>,
        deadline: Option<Instant>,
        keep: &mut Keep<'_>,
    ) -> Result<ControlFlow<()>, ProcessError> {
        let mut child = Child::start(&self.config, &self.stderr)?;
        asked.ready = None;
        let mut unasked = asked.unanswered().into_iter().peekable();
        let (mut in_flight, mut in_pipe, mut started_to_answer) = (0_usize, 0_usize, false);
        let mut heard = Instant::now();
        loop {
            // The writer holds few lines, so that neither it nor this loop ever waits for the other.
            while in_pipe < child::LINES_AHEAD && self.config.in_flight.is_none_or(|most| in_flight < most) {
                let Some(position) = unasked.next() else { break };
                child.ask(position, &asked.questions[position]);
                (in_flight, in_pipe) = (in_flight + 1, in_pipe + 1);
            }
            if unasked.peek().is_none() {
                child.close_input();
            }
            if asked.waiting == 0 {
                return child.finish(asked, Duration::from_secs_f64(self.config.grace_s));
            }
            let silence = match started_to_answer {
                true => self.config.row_timeout_s,
                false => self.config.start_timeout_s,
            };
            let silent_at = heard + Duration::from_secs_f64(silence);
            let wait_until = deadline.map_or(silent_at, |deadline| deadline.min(silent_at));
            let event = match wait_until <= Instant::now() {
                // A process that writes on and on is late all the same.
                true => Err(RecvTimeoutError::Timeout),
                false => child.next_event(wait_until),
            };
            match event {
                Ok(Event::Writing(position, at)) => {
                    in_pipe -= 1;
                    asked.written[position] = Some(at);
                }
                Ok(Event::Line(line)) => {
                    if let Some(answer) = asked.answer(line)? {
                        (started_to_answer, heard) = (true, Instant::now());
                        in_flight -= 1;
                        if keep(answer).is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                }
                Ok(Event::OutputEnded) | Err(RecvTimeoutError::Disconnected) => {
                    let status = child.end(Duration::from_secs_f64(self.config.grace_s));
                    return Err(ProcessError::Ended {
                        id: asked.first_waiting(),
                        waiting: asked.waiting,
                        status,
                        stderr: child.last_words(),
                    });
                }
                Ok(Event::StderrEnded) => {}
                Err(RecvTimeoutError::Timeout) => {
                    child.end(Duration::ZERO);
                    return Err(asked.timed_out(&self.config, silence, deadline, child.last_words()));
                }
            }
        }
    }
}

impl fmt::Debug for ModelProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelProcess")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The questions and what is known of their answers.
struct Asked<'a> {
    questions: &'a [Question<'a>],
    positions: HashMap<&'a str, usize>,
    answered: Vec<bool>,
    /// When each question began to be written.
    written: Vec<Option<Instant>>,
    /// Whether the time from there to the answer is a latency.
    measured: bool,
    /// When the process gave its first answer: what was asked before also waited for the model to be loaded.
    ready: Option<Instant>,
    waiting: usize,
}

impl<'a> Asked<'a> {
    fn new(questions: &'a [Question<'a>], measured: bool) -> Self {
        let positions = (questions.iter().enumerate()).map(|(position, question)| (question.id, position));
        Self {
            questions,
            positions: positions.collect(),
            answered: vec![false; questions.len()],
            written: vec![None; questions.len()],
            measured,
            ready: None,
            waiting: questions.len(),
        }
    }

    fn unanswered(&self) -> Vec<usize> {
        (0..self.questions.len())
            .filter(|&position| !self.answered[position])
            .collect()
    }

    fn first_waiting(&self) -> String {
        let first = self.answered.iter().position(|answered| !answered);
        first.map_or_else(String::new, |position| self.questions[position].id.to_owned())
    }

    fn timed_out(
        &self,
        config: &ProcessConfig,
        silence: f64,
        deadline: Option<Instant>,
        stderr: String,
    ) -> ProcessError {
        let (id, waiting) = (self.first_waiting(), self.waiting);
        match config.overall_timeout_s {
            Some(seconds) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                ProcessError::Overall {
                    id,
                    waiting,
                    seconds,
                    stderr,
                }
            }
            _ => ProcessError::Silent {
                id,
                waiting,
                seconds: silence,
                stderr,
            },
        }
    }
}

impl AnswerSource for ModelProcess {
    fn name(&self) -> &str {
        self.config.name.as_deref().unwrap_or(&self.config.program)
    }

    fn identity(&self) -> String {
        let command = std::iter::once(&self.config.program).chain(&self.config.args);
        let words: Vec<&str> = command.map(String::as_str).collect();
        format!("process {}", words.join(" "))
    }

    fn answer(&self, questions: &[Question<'_>], keep: &mut Keep<'_>) -> Result<(), PredictError> {
        self.run(questions, keep)
            .map_err(|error| failed(AnswerSource::name(self), questions.len(), error))
    }
}

impl Predictor for ModelProcess {
    fn name(&self) -> &str {
        AnswerSource::name(self)
    }

    fn predict(&self, inputs: &[&str]) -> Result<Vec<Prediction>, PredictError> {
        predict_by_id(self, inputs)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
