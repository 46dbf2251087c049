//! What a run says while it runs.

use std::{ops::ControlFlow, path::Path, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use stage_files::{FileError, WholeFile};

use crate::LabelAccuracy;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The run starts or goes on.
    Started {
        /// Rows that are trained on.
        rows: usize,
        /// Rows that are held out.
        held_out: usize,
        /// Steps of the whole run, if it is not stopped early.
        steps: usize,
        /// Steps that a checkpoint has already done.
        done: usize,
        /// Numbers that are trained.
        parameters: usize,
    },
    /// A step is done.
    Step {
        /// Its number, from 1.
        step: usize,
        /// The mean loss over the step's targets, in nats.
        loss: f64,
        /// The learning rate.
        rate: f64,
        /// Length of the gradient before it was clipped.
        gradient_norm: f64,
        /// Tokens that went through the network, padding not counted.
        tokens: usize,
    },
    /// The held-out rows were scored.
    Evaluated {
        /// After which step.
        step: usize,
        /// The mean loss over the held-out targets, in nats.
        loss: f64,
        /// How many are right, where labels were compared.
        #[serde(skip_serializing_if = "Option::is_none")]
        labels: Option<LabelAccuracy>,
        /// Whether it is the best so far.
        best: bool,
    },
    /// A checkpoint was written.
    Checkpoint {
        /// After which step.
        step: usize,
    },
    /// The adapter is saved.
    Finished {
        /// Steps that were done.
        steps: usize,
        /// The step whose adapter was kept.
        best_step: usize,
    },
}

/// Whoever wants to know, and may stop the run.
pub trait Progress {
    /// Takes note of an event; `Break` stops the run after the current step.
    fn event(&mut self, event: &Event) -> ControlFlow<()>;
}

/// Nobody wants to know.
impl Progress for () {
    fn event(&mut self, _: &Event) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Two who want to know; either may stop the run.
impl<A: Progress, B: Progress> Progress for (A, B) {
    fn event(&mut self, event: &Event) -> ControlFlow<()> {
        let first = self.0.event(event);
        let second = self.1.event(event);
        if first.is_break() { first } else { second }
    }
}

/// A bar for people, on standard error; nothing where that is no terminal.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    held_out: Option<f64>,
}

impl Bar {
    /// A bar with a word in front.
    #[must_use]
    pub fn new(what: &str) -> Self {
        let style = ProgressStyle::with_template(
            "{prefix:>12} [{bar:32}] {pos}/{len} steps, {msg} ({elapsed} gone, {eta} to go)",
        );
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5));
        // The template is constant and known to be sound; a bar without style is no reason to stop a run.
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar, held_out: None }
    }
}

impl Progress for Bar {
    fn event(&mut self, event: &Event) -> ControlFlow<()> {
        match event {
            Event::Started { steps, done, .. } => {
                self.bar.set_length(*steps as u64);
                self.bar.set_position(*done as u64);
            }
            Event::Step { step, loss, .. } => {
                let held_out = self
                    .held_out
                    .map_or_else(String::new, |loss| format!(", held out {loss:.4}"));
                self.bar.set_message(format!("loss {loss:.4}{held_out}"));
                self.bar.set_position(*step as u64);
            }
            Event::Evaluated { loss, .. } => self.held_out = Some(*loss),
            Event::Checkpoint { .. } => {}
            Event::Finished { .. } => self.bar.finish_and_clear(),
        }
        ControlFlow::Continue(())
    }
}

/// The events as JSON lines, for machines; the file appears when the run ends.
#[derive(Debug)]
pub struct JsonLines {
    file: Option<WholeFile>,
    failed: Option<FileError>,
}

impl JsonLines {
    /// Events into this file.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`] if the file cannot be started.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        Ok(Self {
            file: Some(WholeFile::create(path)?),
            failed: None,
        })
    }

    /// Gives the file its name.
    ///
    /// # Errors
    ///
    /// The first [`FileError`] that writing an event met.
    pub fn finish(self) -> Result<(), FileError> {
        match (self.failed, self.file) {
            (Some(error), _) => Err(error),
            (None, Some(file)) => file.finish().map(|_| ()),
            (None, None) => Ok(()),
        }
    }
}

impl Progress for JsonLines {
    fn event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_json_line(event)
        {
            // A full disk must not end hours of training by itself; it is reported by `finish`.
            self.failed = Some(error);
            self.file = None;
        }
        ControlFlow::Continue(())
    }
}

/// Borrowed, so that the caller can still finish what it lent.
impl<P: Progress> Progress for &mut P {
    fn event(&mut self, event: &Event) -> ControlFlow<()> {
        (**self).event(event)
    }
}
