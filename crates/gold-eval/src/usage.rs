//! What answers took: milliseconds and dollars.

use std::path::Path;

use serde::{Deserialize, Serialize};
use stage_files::{FileError, read_json_lines};

use crate::{
    Mean,
    figures::{count, counted, milliseconds, usd},
    quantile_interval,
};

/// What one answer took, where it was measured. A line of any JSON-lines file that may hold `latency_ms` and `cost_usd`:
/// a `predictions.jsonl`, a teacher's raw answers, the log of a load test. Other keys are passed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasuredAnswer {
    /// From the question to the whole answer, in milliseconds.
    #[serde(default)]
    pub latency_ms: Option<f64>,
    /// What it cost, in US dollars.
    #[serde(default)]
    pub cost_usd: Option<f64>,
}

/// Why measured figures cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsageError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A figure is negative, endless or no number.
    #[error("{key} is {value} in answer {answer}: it must be a number from 0 on")]
    Value {
        /// Which answer, from 1.
        answer: usize,
        /// `latency_ms` or `cost_usd`.
        key: &'static str,
        /// The value.
        value: f64,
    },
}

/// What the answers of one model took: a sample, without the order in which it was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UsageFile")]
pub struct Usage {
    /// All answers, measured or not.
    answers: u64,
    /// Ascending.
    latency_ms: Vec<f64>,
    /// Ascending.
    cost_usd: Vec<f64>,
}

/// The figures before they are checked.
#[derive(Deserialize)]
struct UsageFile {
    answers: u64,
    latency_ms: Vec<f64>,
    cost_usd: Vec<f64>,
}

impl TryFrom<UsageFile> for Usage {
    type Error = UsageError;

    fn try_from(file: UsageFile) -> Result<Self, UsageError> {
        let most = file.latency_ms.len().max(file.cost_usd.len());
        let mut usage = Self::new((0..most).map(|i| MeasuredAnswer {
            latency_ms: file.latency_ms.get(i).copied(),
            cost_usd: file.cost_usd.get(i).copied(),
        }))?;
        usage.answers = usage.answers.max(file.answers);
        Ok(usage)
    }
}

impl Usage {
    /// The sample of these answers.
    ///
    /// # Errors
    ///
    /// [`UsageError::Value`] names the answer.
    pub fn new(answers: impl IntoIterator<Item = MeasuredAnswer>) -> Result<Self, UsageError> {
        let mut usage = Self::default();
        for (answer, measured) in (1..).zip(answers) {
            usage.answers += 1;
            let check = |key, value: f64| match value {
                value if value >= 0.0 && value.is_finite() => Ok(value),
                value => Err(UsageError::Value { answer, key, value }),
            };
            if let Some(latency) = measured.latency_ms {
                usage.latency_ms.push(check("latency_ms", latency)?);
            }
            if let Some(cost) = measured.cost_usd {
                usage.cost_usd.push(check("cost_usd", cost)?);
            }
        }
        usage.latency_ms.sort_by(f64::total_cmp);
        usage.cost_usd.sort_by(f64::total_cmp);
        Ok(usage)
    }

    /// Reads the figures of a JSON-lines file.
    ///
    /// # Errors
    ///
    /// [`UsageError`].
    pub fn open(path: &Path) -> Result<Self, UsageError> {
        Self::new(read_json_lines::<MeasuredAnswer>(path)?)
    }

    /// Says that each answer costs the same, as on a machine that is paid for by the hour.
    ///
    /// # Errors
    ///
    /// [`UsageError::Value`] if this is no amount.
    pub fn with_cost_of_each(mut self, usd: f64) -> Result<Self, UsageError> {
        if !(usd >= 0.0 && usd.is_finite()) {
            return Err(UsageError::Value {
                answer: 1,
                key: "cost_usd",
                value: usd,
            });
        }
        self.cost_usd = vec![usd; self.answers as usize];
        Ok(self)
    }

    /// How many answers there are, measured or not.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.answers
    }

    /// The latencies that were measured, in milliseconds, ascending.
    #[must_use]
    pub fn latency_ms(&self) -> &[f64] {
        &self.latency_ms
    }

    /// The costs that are known, in US dollars, ascending.
    #[must_use]
    pub fn cost_usd(&self) -> &[f64] {
        &self.cost_usd
    }

    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.latency_ms.is_empty() && self.cost_usd.is_empty()
    }

    /// The figures that a report shows; `None` where nothing was measured.
    #[must_use]
    pub fn facts(&self) -> Option<UsageFacts> {
        let percentile = |share| quantile_interval(&self.latency_ms, share, 0.95).map(|found| found.value);
        (!self.is_empty()).then(|| UsageFacts {
            answers: self.answers,
            latencies: self.latency_ms.len() as u64,
            p50_ms: percentile(0.5),
            p95_ms: percentile(0.95),
            p99_ms: percentile(0.99),
            costs: self.cost_usd.len() as u64,
            mean_usd: Mean::of(&self.cost_usd).map(|mean| mean.value),
        })
    }
}

/// What the answers of a model took, in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsageFacts {
    /// All answers, measured or not.
    pub answers: u64,
    /// How many have a latency.
    pub latencies: u64,
    /// The median latency, in milliseconds.
    pub p50_ms: Option<f64>,
    /// The 95th percentile.
    pub p95_ms: Option<f64>,
    /// The 99th percentile.
    pub p99_ms: Option<f64>,
    /// How many have a cost.
    pub costs: u64,
    /// What an answer costs on the average, in US dollars; of at least two.
    pub mean_usd: Option<f64>,
}

impl UsageFacts {
    /// The figures in words, without a full stop.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut parts = Vec::new();
        if let (Some(p50), Some(p95), Some(p99)) = (self.p50_ms, self.p95_ms, self.p99_ms) {
            let of = if self.latencies < self.answers {
                format!("{} of {}", count(self.latencies), counted(self.answers, "answer"))
            } else {
                counted(self.answers, "answer")
            };
            parts.push(format!(
                "latency p50 {}, p95 {}, p99 {} ({of})",
                milliseconds(p50),
                milliseconds(p95),
                milliseconds(p99)
            ));
        }
        if let Some(mean) = self.mean_usd {
            parts.push(format!("{} for 1,000 answers", usd(1000.0 * mean)));
        }
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests;
