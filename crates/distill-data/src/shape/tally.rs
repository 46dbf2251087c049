//! What is noted of one workload, call by call, in memory that does not grow with the log.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    distinct::{DistinctSample, FrequentValues, hash_of},
    fields::FieldTallies,
    traffic::TrafficTally,
};
use crate::{
    answer::object_in,
    log::{AnswerText, LoggedCall},
    normalise,
    quarantine::excerpt,
};

/// How many distinct questions are compared for near ones.
const NEAR_SAMPLE: usize = 2000;
/// How much of such a question is compared, in characters.
const NEAR_CHARS: usize = 500;
/// How many models are told apart.
const MOST_MODELS: usize = 20;
/// How much of an answer is kept, in characters.
const SHOWN_CHARS: usize = 80;
/// Sums are kept in millionths, so that they are exact in any order.
const MILLIONTHS: f64 = 1e6;

/// What is noted of one workload.
#[derive(Debug, Clone)]
pub(super) struct WorkloadTally {
    /// Fields of JSON answers that do not count.
    ignored: Vec<String>,
    pub(super) calls: u64,
    pub(super) answered: u64,
    pub(super) unanswered: BTreeMap<String, u64>,
    pub(super) models: BTreeMap<String, u64>,
    pub(super) prompts: DistinctSample<()>,
    pub(super) answers: DistinctSample<SeenAnswer>,
    pub(super) top: FrequentValues<String>,
    pub(super) fields: FieldTallies,
    pub(super) inputs: DistinctSample<SeenInput>,
    /// The distinct questions with the lowest hashes.
    pub(super) near: BTreeMap<u64, String>,
    pub(super) traffic: TrafficTally,
    pub(super) input_tokens: Sum,
    pub(super) cached_tokens: Sum,
    pub(super) output_tokens: Sum,
    pub(super) latency_ms: Sum,
    pub(super) prompt_chars: u64,
    pub(super) input_chars: u64,
    pub(super) output_chars: u64,
    /// Calls that offered answers to choose from, and the most that one offered.
    pub(super) offering: u64,
    pub(super) most_offered: u64,
}

/// A distinct answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeenAnswer {
    pub(super) calls: u64,
    /// The first day on which it came, of calls with a time.
    pub(super) first_day: Option<i64>,
}

/// A distinct question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeenInput {
    pub(super) calls: u64,
    pub(super) answered: u64,
    /// An answer that it got.
    answer: Option<u64>,
    /// Whether it got another as well.
    pub(super) contradicted: bool,
}

/// A sum of numbers that are not negative, the same in any order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    millionths: u128,
    numbers: u64,
}

impl Sum {
    fn add(&mut self, number: Option<f64>) {
        if let Some(number) = number {
            self.millionths += (number * MILLIONTHS).round() as u128;
            self.numbers += 1;
        }
    }

    /// The mean, if at least half of so many calls are in it.
    pub(super) fn mean(&self, of: u64) -> Option<f64> {
        let is_known = self.numbers > 0 && 2 * self.numbers >= of;
        is_known.then(|| self.millionths as f64 / MILLIONTHS / self.numbers as f64)
    }
}

impl WorkloadTally {
    pub(super) fn new(exact_values: usize, ignored: &[String]) -> Self {
        Self {
            ignored: ignored.to_vec(),
            calls: 0,
            answered: 0,
            unanswered: BTreeMap::new(),
            models: BTreeMap::new(),
            prompts: DistinctSample::new(exact_values.min(4096)),
            answers: DistinctSample::new(exact_values),
            top: FrequentValues::new(exact_values.min(2048)),
            fields: FieldTallies::new(exact_values.min(2048)),
            inputs: DistinctSample::new(exact_values),
            near: BTreeMap::new(),
            traffic: TrafficTally::default(),
            input_tokens: Sum::default(),
            cached_tokens: Sum::default(),
            output_tokens: Sum::default(),
            latency_ms: Sum::default(),
            prompt_chars: 0,
            input_chars: 0,
            output_chars: 0,
            offering: 0,
            most_offered: 0,
        }
    }

    /// Notes a call; `question` is what it asks, without the words of a template.
    pub(super) fn note(&mut self, call: &LoggedCall, question: &str) {
        self.calls += 1;
        self.note_model(call.model.as_deref().unwrap_or("unknown"));
        let metadata = &call.metadata;
        if let Some(at) = metadata.at {
            self.traffic.note(at);
        }
        let questions = metadata.questions.max(1) as f64;
        let share = |whole: Option<f64>| Some(whole? / questions);
        self.input_tokens.add(share(metadata.usage.input));
        self.cached_tokens.add(share(metadata.usage.cached));
        self.output_tokens.add(share(metadata.usage.output));
        self.latency_ms.add(share(metadata.latency_ms));
        let system = call.system.as_deref().unwrap_or_default();
        self.prompts.entry(hash_of(&without_digits(system)), || ());
        let chars = |text: &str| text.chars().count() as u64;
        self.prompt_chars += chars(system) + chars(&call.input) - chars(question);
        self.input_chars += chars(question);
        self.offering += u64::from(!call.offered.is_empty());
        self.most_offered = self.most_offered.max(call.offered.len() as u64);
        let question = normalise(question);
        let answer = self.note_answer(call, &question);
        self.note_input(&question, answer);
    }

    fn note_model(&mut self, model: &str) {
        let is_listed = self.models.contains_key(model) || self.models.len() < MOST_MODELS;
        let name = if is_listed { model } else { "others" };
        *self.models.entry(excerpt(name, SHOWN_CHARS)).or_default() += 1;
    }

    /// Notes the first answer; its hash, if there is one.
    fn note_answer(&mut self, call: &LoggedCall, question: &str) -> Option<u64> {
        let found = match (&call.fault, call.choices.first()) {
            (Some(fault), _) => Err(fault.kind()),
            (None, None) => Err("failed_call"),
            (None, Some(choice)) => choice.answer.as_ref().map_err(|fault| fault.kind()),
        };
        let (text, object) = match found {
            Ok(AnswerText::Chosen(name)) => (name.clone(), None),
            Ok(AnswerText::Written(text)) => (text.clone(), object_in(text)),
            Ok(AnswerText::Value(Value::String(text))) => (text.clone(), object_in(text)),
            Ok(AnswerText::Value(value)) => (value.to_string(), value.is_object().then(|| value.clone())),
            Err(kind) => {
                *self.unanswered.entry(kind.to_owned()).or_default() += 1;
                return None;
            }
        };
        self.answered += 1;
        self.output_chars += text.chars().count() as u64;
        if let Some(object) = &object {
            self.fields.note(object, question);
        }
        // One spelling of objects that are equal in what counts.
        let text = object.map_or(text, |mut object| {
            self.ignored.iter().for_each(|path| remove(&mut object, path));
            object.to_string()
        });
        let hash = hash_of(&normalise(&text));
        let day = call.metadata.at.map(crate::CallTime::day);
        let new = || SeenAnswer {
            calls: 0,
            first_day: day,
        };
        if let Some(seen) = self.answers.entry(hash, new) {
            seen.calls += 1;
            // Days of which one is unknown: the other.
            seen.first_day = [seen.first_day, day].into_iter().flatten().min();
        }
        let shown = excerpt(&text, SHOWN_CHARS);
        if let Some(kept) = self.top.note(hash, || shown.clone())
            && shown < *kept
        {
            // The first of all spellings, so that the order of lines does not matter.
            *kept = shown;
        }
        Some(hash)
    }

    fn note_input(&mut self, question: &str, answer: Option<u64>) {
        let hash = hash_of(question);
        let new = || SeenInput {
            calls: 0,
            answered: 0,
            answer,
            contradicted: false,
        };
        if let Some(seen) = self.inputs.entry(hash, new) {
            seen.calls += 1;
            if answer.is_some() {
                seen.answered += 1;
                seen.contradicted |= seen.answer.is_some_and(|before| Some(before) != answer);
                seen.answer = answer;
            }
        }
        let is_low = self.near.len() < NEAR_SAMPLE
            || self
                .near
                .last_key_value()
                .is_some_and(|(highest, _)| hash < *highest);
        if is_low && !self.near.contains_key(&hash) {
            self.near.insert(hash, excerpt(question, NEAR_CHARS));
            if self.near.len() > NEAR_SAMPLE {
                self.near.pop_last();
            }
        }
    }
}

/// Removes the field at a path of keys with dots between them.
fn remove(object: &mut Value, path: &str) {
    let Value::Object(fields) = object else { return };
    match path.split_once('.') {
        None => {
            fields.remove(path);
        }
        Some((key, rest)) => {
            if let Some(inner) = fields.get_mut(key) {
                remove(inner, rest);
            }
        }
    }
}

/// A prompt that has a date or a number in it is the same the next day.
fn without_digits(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect()
}
