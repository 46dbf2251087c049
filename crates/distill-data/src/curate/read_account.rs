//! What was counted while logs were read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ConfidenceRecord, CuratePlan, LogRecord, PersonalDataRecord, Verdict, ballot::Ballot, quarantine::excerpt,
};

/// How much of a name is kept that is counted by name, in characters: a log may hold megabytes where a model's name should be.
pub(super) const NAME_CHARS: usize = 200;

/// The account of logs that were read: every line is damaged, holds calls or is something else, and every call is legal,
/// rejected or asks something else.
///
/// Counts that go by what the log says (models, prompts, unknown labels, questions, kinds of lines) list
/// [`MOST_NAMES`](Self::MOST_NAMES) names each; what comes under further ones is counted under `"(others)"`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReadAccount {
    /// The logs, in the order in which they were given.
    pub logs: Vec<LogRecord>,
    /// Lines read, blank ones left out.
    pub lines: u64,
    /// Of those, lines that hold calls of a model.
    pub lines_with_calls: u64,
    /// Of the lines read, those that are something else than a call of a model, by what they are.
    pub lines_without_call: BTreeMap<String, u64>,
    /// Lines that could not be read, by kind of damage.
    pub quarantined: BTreeMap<String, u64>,
    /// Calls on lines that hold some, one for each question that was answered.
    pub calls: u64,
    /// Of those, calls with a legal label, by that label.
    pub labels: BTreeMap<String, u64>,
    /// Calls without a legal label, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Calls that ask something else than the task does, by the question's name.
    pub other_questions: BTreeMap<String, u64>,
    /// Answers that are no label of the task, with how often each came.
    pub unknown_labels: BTreeMap<String, u64>,
    /// By kind of confidence, `unknown` included: calls with a legal label, in ten bins of width 0.1.
    pub confidence: BTreeMap<String, ConfidenceRecord>,
    /// Answers that stated a confidence which is no number in range; it counts as unknown.
    pub odd_confidences: u64,
    /// Calls whose question follows earlier turns of a chat.
    pub calls_with_earlier_turns: u64,
    /// Calls by the model that answered, as the log names it.
    pub models: BTreeMap<String, u64>,
    /// Calls by the hash of the instructions, 12 digits.
    pub prompts: BTreeMap<String, u64>,
    /// Fields beside question and answer that held something which cannot be, with how often; they count as unknown.
    pub malformed_metadata: BTreeMap<String, u64>,
    /// What was masked, if the plan asks for it.
    pub personal_data: Option<PersonalDataRecord>,
}

impl ReadAccount {
    /// How many names a count goes by.
    pub const MOST_NAMES: usize = 10_000;

    /// Lines that could not be read.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// The share of the lines that could not be read, in 0..1; 0 of an empty log.
    #[must_use]
    pub fn damaged_share(&self) -> f64 {
        match self.lines {
            0 => 0.0,
            lines => self.damaged() as f64 / lines as f64,
        }
    }

    /// Calls with a legal label.
    #[must_use]
    pub fn legal(&self) -> u64 {
        self.labels.values().sum()
    }

    /// Whether every line and every call has exactly one end.
    #[must_use]
    pub fn balances(&self) -> bool {
        let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
        self.lines_with_calls + sum(&self.lines_without_call) + self.damaged() == self.lines
            && self.legal() + sum(&self.rejected) + sum(&self.other_questions) == self.calls
    }

    /// Whether what was read is to be believed: not where more lines are damaged than the plan allows, and not where no call is
    /// left.
    #[must_use]
    pub fn verdict(&self, plan: &CuratePlan) -> Verdict {
        Verdict::of(self.damaged_share(), self.legal(), plan)
    }

    /// Adds the account of further logs, which were read with the same task and plan.
    pub fn add(&mut self, other: Self) {
        self.logs.extend(other.logs);
        self.lines += other.lines;
        self.lines_with_calls += other.lines_with_calls;
        self.calls += other.calls;
        self.odd_confidences += other.odd_confidences;
        self.calls_with_earlier_turns += other.calls_with_earlier_turns;
        for (counts, others) in [
            (&mut self.lines_without_call, other.lines_without_call),
            (&mut self.quarantined, other.quarantined),
            (&mut self.labels, other.labels),
            (&mut self.rejected, other.rejected),
            (&mut self.other_questions, other.other_questions),
            (&mut self.unknown_labels, other.unknown_labels),
            (&mut self.models, other.models),
            (&mut self.prompts, other.prompts),
            (&mut self.malformed_metadata, other.malformed_metadata),
        ] {
            for (name, count) in others {
                Names::Listed.add(counts, &name, count);
            }
        }
        for (kind, record) in other.confidence {
            let all = self.confidence.entry(kind).or_default();
            all.calls += record.calls;
            for (all, more) in all.tenths.iter_mut().zip(record.tenths) {
                *all += more;
            }
        }
        if let Some(record) = other.personal_data {
            match &mut self.personal_data {
                None => self.personal_data = Some(record),
                Some(all) => {
                    all.questions += record.questions;
                    for (kind, count) in record.found {
                        *all.found.entry(kind).or_default() += count;
                    }
                }
            }
        }
    }

    pub(super) fn count_legal(&mut self, label: &str, ballot: &Ballot) {
        match self.labels.get_mut(label) {
            Some(calls) => *calls += 1,
            None => drop(self.labels.insert(label.to_owned(), 1)),
        }
        self.odd_confidences += u64::from(ballot.has_odd_confidence);
        let kind = ballot
            .confidence
            .map_or("unknown", |confidence| confidence.kind.as_str());
        let record = self.confidence.entry(kind.to_owned()).or_default();
        record.calls += 1;
        if let Some(confidence) = ballot.confidence {
            record.tenths[((confidence.value * 10.0) as usize).min(9)] += 1;
        }
    }
}

/// How many names are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// All: each call is in memory anyway.
    All,
    /// As many as an account lists.
    Listed,
}

impl Names {
    const OTHERS: &'static str = "(others)";

    /// Counts a name, of which no more than the beginning is kept.
    pub(super) fn count(self, counts: &mut BTreeMap<String, u64>, name: &str) {
        self.count_whole(counts, &excerpt(name, NAME_CHARS));
    }

    /// Counts a name that is short.
    pub(super) fn count_whole(self, counts: &mut BTreeMap<String, u64>, name: &str) {
        self.add(counts, name, 1);
    }

    fn add(self, counts: &mut BTreeMap<String, u64>, name: &str, more: u64) {
        if let Some(count) = counts.get_mut(name) {
            *count += more;
            return;
        }
        let is_full = self == Self::Listed && counts.len() >= ReadAccount::MOST_NAMES;
        let name = if is_full { Self::OTHERS } else { name };
        *counts.entry(name.to_owned()).or_default() += more;
    }
}
