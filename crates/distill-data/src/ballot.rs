//! A call's answers as votes for labels.

mod key;

use std::collections::BTreeMap;

use serde_json::Value;
use task_spec::LabelSet;

use crate::{
    answer::{AnswerFormat, AnswerParts, parts_of_text, parts_of_value},
    confidence::{Confidence, ConfidenceKind, succession},
    log::{AnswerText, Choice, LoggedCall},
    quarantine::excerpt,
    rejected::RejectReason,
    votes::UNKNOWN_SUPPORT,
};

/// How much of an answer is kept in a rejection, in characters.
const ANSWER_CHARS: usize = 200;

/// What a call says about the label of its question. Labels are indexes into the task's.
#[derive(Debug, Clone, PartialEq)]
pub struct Ballot {
    /// Votes by label; one vote for an ordinary call, one a choice where there are several.
    pub votes: BTreeMap<usize, usize>,
    /// How many answers were asked for, those that are no label included.
    pub asked: usize,
    /// How sure the teacher was of the label with most votes.
    pub confidence: Option<Confidence>,
    /// The probabilities of labels, where the log has them: they add up to 1.
    pub distribution: BTreeMap<usize, f64>,
    /// Whether the answer states a confidence that is no number in range, or probabilities that do not add up.
    pub(crate) has_odd_confidence: bool,
}

/// How far probabilities that a service has rounded may add up to something else than 1.
const ROUNDING: f64 = 0.02;

impl Ballot {
    /// One answer, of which no distribution is known.
    #[must_use]
    pub fn of_label(label: usize, confidence: Option<Confidence>) -> Self {
        Self {
            votes: BTreeMap::from([(label, 1)]),
            asked: 1,
            confidence,
            distribution: BTreeMap::new(),
            has_odd_confidence: false,
        }
    }

    /// The label with most votes; of equal ones the first, which the conflict rule then finds undecided.
    #[must_use]
    pub fn label(&self) -> usize {
        let most = self.votes.values().max();
        let first = self.votes.iter().find(|(_, votes)| Some(*votes) == most);
        first.map_or(0, |(&label, _)| label)
    }

    /// Puts a person's answer in the place of the teacher's: one vote, and no distribution.
    pub fn override_with(&mut self, label: usize) {
        self.votes = BTreeMap::from([(label, 1)]);
        self.asked = 1;
        self.distribution.clear();
    }

    /// What the call says for each label. The votes of one call are shares of one voice; a single answer counts its
    /// confidence, and a person's 1.
    pub(crate) fn support(&self, by_person: bool) -> impl Iterator<Item = (usize, f64)> {
        let voice = match self.confidence {
            _ if by_person || self.asked > 1 => 1.0,
            Some(confidence) => confidence.value,
            None => UNKNOWN_SUPPORT,
        };
        let asked = self.asked as f64;
        self.votes
            .iter()
            .map(move |(&label, &votes)| (label, voice * votes as f64 / asked))
    }

    /// Reads the votes of a call.
    ///
    /// A choice that is no legal answer counts as asked and votes for nothing; a call without any legal
    /// answer is rejected for the reason of its first choice.
    pub(crate) fn of_call(
        call: &LoggedCall,
        labels: &LabelSet,
        format: &AnswerFormat,
    ) -> Result<Self, RejectReason> {
        if let Some(fault) = &call.fault {
            return Err(fault.clone());
        }
        if call.input.trim().is_empty() {
            return Err(RejectReason::EmptyInput);
        }
        let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
        let mut first_fault = None;
        let mut legal = Vec::new();
        for choice in &call.choices {
            match resolve(choice, labels, format) {
                Ok((label, parts)) => {
                    *votes.entry(label).or_default() += 1;
                    legal.push((label, choice, parts));
                }
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        let asked = call.choices.len();
        let (label, choice, parts) = match legal.first() {
            None => return Err(first_fault.unwrap_or(RejectReason::EmptyAnswer)),
            Some(first) => first,
        };
        let mut ballot = Self {
            votes,
            asked,
            confidence: None,
            distribution: BTreeMap::new(),
            has_odd_confidence: false,
        };
        if asked > 1 {
            let most = ballot.votes.values().copied().max().unwrap_or_default();
            ballot.confidence = Some(Confidence {
                value: succession(most, asked),
                kind: ConfidenceKind::Votes,
            });
        } else {
            debug_assert!(ballot.votes.contains_key(label), "the only answer has a vote");
            ballot.read_confidence(choice, parts, format);
            ballot.read_distribution(choice, *label, labels);
        }
        Ok(ballot)
    }

    /// The confidence of the only answer: of its tokens if the log has them, otherwise as stated.
    fn read_confidence(&mut self, choice: &Choice, parts: &AnswerParts, format: &AnswerFormat) {
        let reported = parts.reported.as_ref().map(|value| reported(value, format));
        self.has_odd_confidence = reported == Some(None);
        self.confidence = token_probability(choice, parts)
            .map(|value| Confidence {
                value,
                kind: ConfidenceKind::TokenLogprobs,
            })
            .or(choice.confidence)
            .or(reported.flatten().map(|value| Confidence {
                value,
                kind: ConfidenceKind::SelfReported,
            }));
    }

    /// The probabilities of all labels, and with them the confidence of the one that was answered.
    fn read_distribution(&mut self, choice: &Choice, label: usize, labels: &LabelSet) {
        if choice.distribution.is_empty() {
            return;
        }
        let probabilities = choice.distribution.iter().map(|(_, probability)| *probability);
        let is_sound = probabilities.clone().all(|p| (0.0..=1.0).contains(&p));
        let all: f64 = probabilities.sum();
        if !is_sound || (all - 1.0).abs() > ROUNDING {
            self.has_odd_confidence = true;
            return;
        }
        for (name, probability) in &choice.distribution {
            // What the task has no label for is left out of what is learnt, not of how sure the teacher was.
            if let Some(label) = labels.resolve(name) {
                *self.distribution.entry(label).or_default() += probability;
            }
        }
        let of_label = self.distribution.get(&label).copied().unwrap_or(0.0);
        self.confidence = Some(Confidence {
            value: (of_label / all).clamp(0.0, 1.0),
            kind: ConfidenceKind::Distribution,
        });
        let known: f64 = self.distribution.values().sum();
        if known <= 0.0 {
            self.distribution.clear();
        } else if (known - 1.0).abs() > f64::EPSILON * choice.distribution.len() as f64 {
            self.distribution.values_mut().for_each(|p| *p /= known);
        }
    }
}

fn reported(value: &Value, format: &AnswerFormat) -> Option<f64> {
    match format {
        AnswerFormat::Json { scale, .. } => scale.probability(value),
        AnswerFormat::Text => None,
    }
}

/// The label that a choice means.
fn resolve(
    choice: &Choice,
    labels: &LabelSet,
    format: &AnswerFormat,
) -> Result<(usize, AnswerParts), RejectReason> {
    let (written, parts) = match choice.answer.as_ref().map_err(Clone::clone)? {
        AnswerText::Written(text) if text.trim().is_empty() => return Err(RejectReason::EmptyAnswer),
        AnswerText::Written(text) => (text.clone(), parts_of_text(text, format)),
        AnswerText::Value(value) => (value.to_string(), parts_of_value(value, format)),
        AnswerText::Chosen(name) => (name.clone(), Some(AnswerParts::of_label(name))),
    };
    let parts = parts.ok_or_else(|| RejectReason::UnreadableAnswer {
        answer: excerpt(&written, ANSWER_CHARS),
    })?;
    // An answer may be a label as it stands, with a full stop or quotes that belong to the name.
    match labels.resolve(&written).or_else(|| labels.resolve(&parts.label)) {
        Some(label) => Ok((label, parts)),
        None if parts.label.is_empty() => Err(RejectReason::EmptyAnswer),
        None => Err(RejectReason::UnknownLabel {
            answer: excerpt(&parts.label, ANSWER_CHARS),
        }),
    }
}

/// The product of the probabilities of the tokens that spell the label, where the log has them.
///
/// The tokens, put together, must be the answer; a log that cut or re-spelt either has no token confidence.
fn token_probability(choice: &Choice, parts: &AnswerParts) -> Option<f64> {
    let (Ok(AnswerText::Written(answer)), Some(span)) = (&choice.answer, &parts.span) else {
        return None;
    };
    let spelt = choice.tokens.iter().flat_map(|(bytes, _)| bytes);
    if choice.tokens.is_empty() || !spelt.eq(answer.as_bytes()) {
        return None;
    }
    let mut start = 0;
    let mut log_probability = 0.0;
    for (bytes, logprob) in &choice.tokens {
        let end = start + bytes.len();
        if start < span.end && end > span.start {
            log_probability += logprob;
        }
        start = end;
    }
    // Servers round: a log-probability may come out a hair above 0.
    Some(log_probability.exp().clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
