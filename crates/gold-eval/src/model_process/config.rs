//! How a process is started and how long it is waited for.

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};

use super::ModelProcess;

/// Settings of a [`ModelProcess`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessConfig {
    /// The program: a path, or a name that is looked up as the system does.
    pub program: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// The folder that it runs in; that of this process unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The name for reports; the program's unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The longest wait for the first answer, in seconds, in which the model is loaded; 300 unless given.
    #[serde(default = "usual_start_timeout")]
    pub start_timeout_s: f64,
    /// The longest time without any answer after the first, while rows wait, in seconds; 60 unless given. With
    /// `in_flight = 1` it is the time that a row may take.
    #[serde(default = "usual_row_timeout")]
    pub row_timeout_s: f64,
    /// The longest time for all rows, restarts included, in seconds; no limit unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overall_timeout_s: Option<f64>,
    /// Questions that may be on their way at once. Unless given there is no limit, and a process may read all
    /// questions before it answers the first; then the wait in the pipe is no latency of the model's, and only a
    /// latency that the process itself tells is kept. With a limit the latency is measured from the writing of
    /// the question to its answer: 1 measures a row alone. What was asked before the first answer has none, for it
    /// waited for the model to be loaded too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<usize>,
    /// How often a process that ended early or fell silent is started again for what is unanswered; 0 unless given.
    #[serde(default)]
    pub max_restarts: u32,
    /// How long a process that has answered everything may take to end, in seconds, before it is killed; 5 unless given.
    #[serde(default = "usual_grace")]
    pub grace_s: f64,
}

fn usual_start_timeout() -> f64 {
    300.0
}

fn usual_row_timeout() -> f64 {
    60.0
}

fn usual_grace() -> f64 {
    5.0
}

/// A setting of a [`ProcessConfig`] is not possible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessConfigError {
    /// There is no program.
    #[error("program is blank: name the program that answers")]
    BlankProgram,
    /// A time is no time.
    #[error("{key} is {value}: give seconds, above 0 and at most 1e9")]
    Seconds {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: f64,
    },
    /// Nothing could be asked.
    #[error("in_flight is 0: allow at least one question, or leave it out for no limit")]
    NothingInFlight,
}

impl ProcessConfig {
    /// A program with the usual settings.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            folder: None,
            name: None,
            start_timeout_s: usual_start_timeout(),
            row_timeout_s: usual_row_timeout(),
            overall_timeout_s: None,
            in_flight: None,
            max_restarts: 0,
            grace_s: usual_grace(),
        }
    }

    /// A line as a person types it, given to the system's shell: `sh -c` on Unix, `cmd /C` elsewhere.
    #[must_use]
    pub fn shell(line: &str) -> Self {
        let (program, flag) = match cfg!(windows) {
            true => ("cmd", "/C"),
            false => ("sh", "-c"),
        };
        let mut config = Self::new(program);
        config.args = vec![flag.to_owned(), line.to_owned()];
        config.name = Some(line.to_owned());
        config
    }

    /// Sets the arguments.
    #[must_use]
    pub fn with_args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Makes it a predictor.
    ///
    /// # Errors
    ///
    /// [`ProcessConfigError`], which names the setting. Whether the program can be started shows when it is asked.
    pub fn check(self) -> Result<ModelProcess, ProcessConfigError> {
        if self.program.trim().is_empty() {
            return Err(ProcessConfigError::BlankProgram);
        }
        let seconds = [
            ("start_timeout_s", Some(self.start_timeout_s)),
            ("row_timeout_s", Some(self.row_timeout_s)),
            ("overall_timeout_s", self.overall_timeout_s),
            ("grace_s", Some(self.grace_s)),
        ];
        for (key, value) in seconds {
            if let Some(value) = value.filter(|value| !(*value > 0.0 && *value <= 1e9)) {
                return Err(ProcessConfigError::Seconds { key, value });
            }
        }
        if self.in_flight == Some(0) {
            return Err(ProcessConfigError::NothingInFlight);
        }
        Ok(ModelProcess {
            config: self,
            stderr: Arc::new(|_| {}),
        })
    }
}
