//! A line that a process wrote.

use std::{
    ops::ControlFlow,
    time::{Duration, Instant},
};

use serde::Deserialize;
use task_spec::{LabelProbability, Prediction};

use super::{
    Asked, ProcessError,
    child::{Child, MAX_LINE_BYTES, OutputLine},
};
use crate::{PredictedRow, TimedRow};

/// How much of a line an error shows, in characters.
const SHOWN: usize = 200;

/// What a line may hold. Anything else in it is passed over.
#[derive(Deserialize)]
struct Reply {
    id: String,
    answer: Option<String>,
    confidence: Option<f64>,
    #[serde(default)]
    probabilities: Vec<LabelProbability>,
    outside: Option<f64>,
    latency_ms: Option<f64>,
    cost_usd: Option<f64>,
    error: Option<String>,
}

impl Reply {
    fn parse(line: &[u8]) -> Result<(String, Result<TimedRow, String>), serde_json::Error> {
        let reply: Self = serde_json::from_slice(line)?;
        if let Some(message) = reply.error {
            return Ok((reply.id, Err(message)));
        }
        let answer = reply
            .answer
            .ok_or_else(|| serde::de::Error::missing_field("answer"))?;
        let row = PredictedRow {
            id: reply.id.clone(),
            prediction: Prediction {
                answer,
                confidence: reply.confidence,
                probabilities: reply.probabilities,
                outside: reply.outside,
            },
        };
        let answer = TimedRow {
            row,
            latency_ms: reply.latency_ms,
            cost_usd: reply.cost_usd,
        };
        Ok((reply.id, Ok(answer)))
    }
}

impl Asked<'_> {
    /// The answer in a line, for a row that waits for it; `None` for a blank line.
    pub(super) fn answer(&mut self, line: OutputLine) -> Result<Option<TimedRow>, ProcessError> {
        let number = line.number;
        let Some(bytes) = line.bytes else {
            return Err(ProcessError::LongLine {
                line: number,
                id: self.first_waiting(),
                max: MAX_LINE_BYTES,
            });
        };
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let (id, answer) = Reply::parse(&bytes).map_err(|source| ProcessError::NoAnswer {
            line: number,
            id: self.first_waiting(),
            waiting: self.waiting,
            text: String::from_utf8_lossy(&bytes).chars().take(SHOWN).collect(),
            source,
        })?;
        let Some(&position) = self.positions.get(id.as_str()) else {
            return Err(ProcessError::UnknownId { line: number, id });
        };
        if self.answered[position] {
            return Err(ProcessError::Twice { line: number, id });
        }
        let mut answer = answer.map_err(|message| ProcessError::Refused { id, message })?;
        self.answered[position] = true;
        self.waiting -= 1;
        let ready = *self.ready.get_or_insert_with(Instant::now);
        let written = self.written[position].filter(|&at| self.measured && at >= ready);
        let measured = written.map(|at| at.elapsed().as_secs_f64() * 1e3);
        answer.latency_ms = answer.latency_ms.or(measured);
        Ok(Some(answer))
    }
}

impl Child {
    /// Waits for a process that has answered everything. What it still writes is looked at: an answer too many is an
    /// error. How it ends is not, for nothing is missing.
    pub(super) fn finish(
        &mut self,
        asked: &mut Asked<'_>,
        grace: Duration,
    ) -> Result<ControlFlow<()>, ProcessError> {
        let lines = self.until_output_ends(grace);
        self.end(Duration::ZERO);
        // So that all of its standard error was passed on before the run is over.
        self.last_words();
        for line in lines {
            asked.answer(line)?;
        }
        Ok(ControlFlow::Continue(()))
    }
}
