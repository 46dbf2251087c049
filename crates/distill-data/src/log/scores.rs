//! What was said of answers in a file of its own, joined to the calls by their ids.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage_files::{ContentHash, FileError, Lines};

use super::{Found, LineContent, LoggedCall, exchange::parsed};
use crate::{
    confidence::{Confidence, ConfidenceKind},
    quarantine::{LineDamage, QuarantinedLine},
    rejected::RejectReason,
};

/// How many names of scores an error lists.
const LISTED_NAMES: usize = 12;

/// A file of scores beside a log: JSON lines, packed or not, as Langfuse exports `scores/` and tensorzero its tables
/// `BooleanMetricFeedback` and `FloatMetricFeedback`.
///
/// | field | as |
/// |---|---|
/// | `observation_id`, or `target_id` | the call of this id; tensorzero's target may also be an episode |
/// | `trace_id` | every call of this trace, where there is no `observation_id` |
/// | `name`, or `metric_name` | which score it is |
/// | `value` | a number or a boolean; `null` is no score |
/// | `source` | of `EVAL`, a judgement is a model's and not a person's |
///
/// Langfuse's fields may also be in camel case. Of two scores of one name on one target the later in the file counts, a call's own
/// before its trace's. The scores of the two names are held in memory; all others are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoresFile {
    /// The file.
    pub path: PathBuf,
    /// The name of the score that is the answer's confidence, a probability in 0..1. It counts as self-reported, so that it
    /// is calibrated on reviewed rows before it is believed, and only where the log itself states no confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// The name of the score by which a person judged the answer: 1 or `true` where it is right, 0 or `false` where it is
    /// wrong. A right one counts as reviewed, a wrong one is set aside as `disapproved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<String>,
}

/// What a file of scores gave, in the account of a curation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoresRecord {
    /// The file, as it was named.
    pub file: String,
    /// BLAKE3 of its bytes.
    pub hash: ContentHash,
    /// Scores of the names that were asked for.
    pub scores: u64,
    /// Calls that got one of them.
    pub calls: u64,
}

/// What is known of one call or trace.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    confidence: Option<f64>,
    is_right: Option<bool>,
}

/// The scores of a file, by the ids that they are of.
#[derive(Debug)]
pub(super) struct Scores {
    of_call: HashMap<String, Score>,
    of_trace: HashMap<String, Score>,
    record: ScoresRecord,
}

#[derive(Deserialize)]
struct ScoreLine {
    #[serde(alias = "metric_name")]
    name: String,
    #[serde(alias = "observationId", alias = "target_id")]
    observation_id: Option<String>,
    #[serde(alias = "traceId")]
    trace_id: Option<String>,
    source: Option<String>,
    #[serde(default)]
    value: Value,
}

impl Scores {
    /// Reads a file; damaged lines of it go to `each`.
    pub(super) fn read(
        file: &ScoresFile,
        each: &mut impl FnMut(u64, Found) -> Result<(), FileError>,
    ) -> Result<Self, FileError> {
        let name = file.path.display().to_string();
        let mut lines = Lines::open(&file.path)?;
        let (mut of_call, mut of_trace) = (HashMap::new(), HashMap::new());
        let (mut names, mut scores) = (BTreeSet::new(), 0);
        for line in lines.by_ref() {
            let line = line?;
            let read = match &line.text {
                Ok(text) => {
                    score_line(text).map_err(|damage| QuarantinedLine::new(&name, line.number, damage, text))
                }
                Err(bad) => Err(QuarantinedLine::new(&name, line.number, bad.into(), "")),
            };
            let score = match read {
                Ok(score) => score,
                Err(damaged) => {
                    each(line.number, Found::Line(Err(damaged)))?;
                    continue;
                }
            };
            let is_wanted = [&file.confidence, &file.judgement].contains(&&Some(score.name.clone()));
            if !is_wanted {
                if names.len() <= LISTED_NAMES {
                    names.insert(score.name);
                }
                continue;
            }
            scores += 1;
            let text = line.text.as_deref().unwrap_or_default();
            if let Err(damage) = take(file, score, &mut of_call, &mut of_trace) {
                let damaged = QuarantinedLine::new(&name, line.number, damage, text);
                each(line.number, Found::Line(Err(damaged)))?;
            }
        }
        if scores == 0 {
            return Err(no_such_score(file, names));
        }
        Ok(Self {
            of_call,
            of_trace,
            record: ScoresRecord {
                file: name,
                hash: lines.hash()?,
                scores,
                calls: 0,
            },
        })
    }

    /// Says of the calls of a line what is known of them.
    pub(super) fn join(&mut self, content: &mut LineContent) {
        for call in &mut content.calls {
            self.join_call(call);
        }
    }

    pub(super) fn join_call(&mut self, call: &mut LoggedCall) {
        let of = |scores: &HashMap<String, Score>, id: &Option<String>| {
            id.as_ref()
                .and_then(|id| scores.get(id).copied())
                .unwrap_or_default()
        };
        let own = of(&self.of_call, &call.id);
        // A target of tensorzero's feedback is a call or an episode, and does not say which.
        let trace = of(&self.of_trace, &call.trace);
        let episode = of(&self.of_call, &call.trace);
        let confidence = own.confidence.or(trace.confidence).or(episode.confidence);
        let is_right = own.is_right.or(trace.is_right).or(episode.is_right);
        self.record.calls += u64::from(confidence.is_some() || is_right.is_some());
        for choice in &mut call.choices {
            choice.confidence = choice.confidence.or(confidence.map(|value| Confidence {
                value,
                kind: ConfidenceKind::SelfReported,
            }));
        }
        match is_right {
            Some(true) => call.by_person = true,
            Some(false) => {
                call.fault.get_or_insert(RejectReason::Disapproved);
            }
            None => {}
        }
    }

    pub(super) fn into_record(self) -> ScoresRecord {
        self.record
    }
}

fn score_line(text: &str) -> Result<ScoreLine, LineDamage> {
    let line: Map<String, Value> = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| LineDamage::not_json(&error))?;
    parsed(Value::Object(line), "the score")
}

/// Adds a score of one of the two names.
fn take(
    file: &ScoresFile,
    score: ScoreLine,
    of_call: &mut HashMap<String, Score>,
    of_trace: &mut HashMap<String, Score>,
) -> Result<(), LineDamage> {
    let is = |name: &Option<String>| name.as_deref() == Some(score.name.as_str());
    let number = match &score.value {
        Value::Null => return Ok(()),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    let by_model = score
        .source
        .as_deref()
        .is_some_and(|source| source.eq_ignore_ascii_case("eval"));
    let confidence = number.filter(|value| is(&file.confidence) && (0.0..=1.0).contains(value));
    let is_right = match number {
        Some(1.0) if is(&file.judgement) => Some(true),
        Some(0.0) if is(&file.judgement) => Some(false),
        _ => None,
    };
    if confidence.is_none() && is_right.is_none() {
        return Err(LineDamage::wrong_shape(format!(
            "the score {:?} is {}: a confidence is in 0..1, a judgement 0, 1, true or false",
            score.name, score.value
        )));
    }
    let place = match (score.observation_id.filter(|id| !id.is_empty()), score.trace_id) {
        (Some(id), _) => of_call.entry(id),
        (None, Some(id)) => of_trace.entry(id),
        (None, None) => {
            return Err(LineDamage::wrong_shape(
                "the score is of no observation and no trace",
            ));
        }
    };
    let known: &mut Score = place.or_default();
    known.confidence = confidence.or(known.confidence);
    known.is_right = is_right.filter(|_| !by_model).or(known.is_right);
    Ok(())
}

/// A misspelt name would else be a log without any confidence.
fn no_such_score(file: &ScoresFile, names: BTreeSet<String>) -> FileError {
    let asked: Vec<&String> = file.confidence.iter().chain(&file.judgement).collect();
    let listed: Vec<String> = names.into_iter().take(LISTED_NAMES).collect();
    FileError::Read {
        path: file.path.clone(),
        source: io::Error::new(
            io::ErrorKind::InvalidData,
            format!("no score has the name asked for, {asked:?}; names in the file: {listed:?}"),
        ),
    }
}

#[cfg(test)]
mod tests;
