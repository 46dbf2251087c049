//! Calls of one text, as one row.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use near_texts::normal_text_hash;

use crate::{
    CallTime,
    ballot::Ballot,
    confidence::{Confidence, ConfidenceKind, LEAST_REPEATS, succession},
    config::Duplicates,
};

/// What a vote counts, or how much a label is trusted, whose confidence is unknown.
pub(crate) const UNKNOWN_SUPPORT: f64 = 0.5;

/// One call that gave a legal label.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The log, as an index into the list of logs.
    pub(crate) log: usize,
    pub(crate) line: u64,
    pub(crate) id: Option<String>,
    /// Which of several questions of the call.
    pub(crate) question: Option<String>,
    /// The text as the log has it.
    pub(crate) input: String,
    /// The text after the normaliser.
    pub(crate) text: String,
    pub(crate) ballot: Ballot,
    pub(crate) by_person: bool,
    /// Which of the logs' teachers gave it.
    pub(crate) teacher: usize,
    /// The confidence as the log has it, before calibration.
    pub(crate) reported: Option<Confidence>,
    /// When it was made, where the log says so.
    pub(crate) at: Option<CallTime>,
}

impl Call {
    /// The label with most votes; of equal ones the first, which the conflict rule then finds undecided.
    pub(crate) fn label(&self) -> usize {
        let most = self.ballot.votes.values().max();
        let first = self.ballot.votes.iter().find(|(_, votes)| Some(*votes) == most);
        first.map_or(0, |(&label, _)| label)
    }

    /// What the call says for each label. The votes of one call are shares of one voice; a single answer
    /// counts its confidence.
    fn support(&self) -> impl Iterator<Item = (usize, f64)> {
        let voice = match self.ballot.confidence {
            _ if self.by_person || self.ballot.asked > 1 => 1.0,
            Some(confidence) => confidence.value,
            None => UNKNOWN_SUPPORT,
        };
        let asked = self.ballot.asked as f64;
        self.ballot
            .votes
            .iter()
            .map(move |(&label, &votes)| (label, voice * votes as f64 / asked))
    }

    /// Sorts by everything that a choice among calls may depend on, and by the position for calls that are alike in all of
    /// it. Sums over sorted calls then have the same bits whatever the order of the lines.
    fn by_content(&self, other: &Self) -> Ordering {
        let bits = |value: f64| value.abs().to_bits();
        let sure = |of: Option<Confidence>| of.map(|found| (Reverse(bits(found.value)), found.kind));
        let first = |call: &Self| {
            let confidence = call.ballot.confidence.map_or(0, |found| bits(found.value));
            (!call.by_person, Reverse(confidence))
        };
        first(self)
            .cmp(&first(other))
            .then_with(|| self.input.cmp(&other.input))
            .then_with(|| self.id.cmp(&other.id))
            .then_with(|| self.question.cmp(&other.question))
            .then_with(|| sure(self.ballot.confidence).cmp(&sure(other.ballot.confidence)))
            .then_with(|| sure(self.reported).cmp(&sure(other.reported)))
            .then_with(|| self.ballot.votes.cmp(&other.ballot.votes))
            .then_with(|| self.ballot.asked.cmp(&other.ballot.asked))
            .then_with(|| {
                let distribution = |call: &Self| -> Vec<(usize, u64)> {
                    let found = call.ballot.distribution.iter();
                    found
                        .map(|(&label, &probability)| (label, bits(probability)))
                        .collect()
                };
                distribution(self).cmp(&distribution(other))
            })
            .then_with(|| self.at.cmp(&other.at))
            .then_with(|| (self.log, self.line).cmp(&(other.log, other.line)))
    }
}

/// The calls of one text.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Derived from the text; unique among rows.
    pub(crate) id: String,
    /// Indexes of the calls; the first is the one that is kept.
    pub(crate) calls: Vec<usize>,
    /// The normalised text.
    pub(crate) text: String,
    /// The label with most support.
    pub(crate) label: usize,
    /// What the calls say together for each label.
    pub(crate) support: BTreeMap<usize, f64>,
    /// Whether the label wins by the majority that the plan asks for.
    pub(crate) is_decided: bool,
    /// Whether a person gave the label.
    pub(crate) by_person: bool,
    /// How sure the teacher is of the label, all calls considered; calibrated where that was possible.
    pub(crate) confidence: Option<Confidence>,
    /// The same of what the log has, before calibration.
    pub(crate) reported: Option<Confidence>,
    /// The mean of the distributions of those calls that have one; empty where a person gave the label.
    pub(crate) distribution: BTreeMap<usize, f64>,
}

/// What decides which of several rows stays: a person's label, then more calls, then more confidence (an unknown one is
/// the least), then the smaller id, which is a hash of the text: nothing depends on the order of the log.
#[derive(Debug)]
pub(crate) struct Strength<'a> {
    pub(crate) by_person: bool,
    pub(crate) calls: usize,
    pub(crate) confidence: Option<f64>,
    pub(crate) id: &'a str,
}

impl Strength<'_> {
    pub(crate) fn stronger_first(&self, other: &Self) -> Ordering {
        let confidence = |strength: &Self| strength.confidence.unwrap_or(0.0);
        Reverse((self.by_person, self.calls))
            .cmp(&Reverse((other.by_person, other.calls)))
            .then(confidence(other).total_cmp(&confidence(self)))
            .then_with(|| self.id.cmp(other.id))
    }
}

impl Row {
    pub(crate) fn strength(&self) -> Strength<'_> {
        Strength {
            by_person: self.by_person,
            calls: self.calls.len(),
            confidence: self.confidence.map(|confidence| confidence.value),
            id: &self.id,
        }
    }

    /// The id of its text.
    pub(crate) fn text_id(&self) -> &str {
        &self.id[..ID_DIGITS]
    }

    /// The label that is most likely after the row's own, by the teacher's distribution or else by what the calls say.
    pub(crate) fn second_label(&self) -> Option<usize> {
        [&self.distribution, &self.support]
            .into_iter()
            .find_map(|shares| {
                let others = shares
                    .iter()
                    .filter(|&(&label, &share)| label != self.label && share > 0.0);
                let best = others.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))?;
                Some(*best.0)
            })
    }

    /// The share of the support that the label has.
    pub(crate) fn label_share(&self) -> f64 {
        share_of(self.label, &self.support)
    }
}

/// The share of all support that one label has; 0 where nothing supports anything.
pub(crate) fn share_of(label: usize, support: &BTreeMap<usize, f64>) -> f64 {
    let all: f64 = support.values().sum();
    if all > 0.0 {
        support.get(&label).copied().unwrap_or(0.0) / all
    } else {
        0.0
    }
}

/// Gathers calls into rows, by rising id: one row for each text, or for each call where duplicates are kept.
pub(crate) fn gather(calls: &[Call], duplicates: Duplicates, majority: f64) -> Vec<Row> {
    let mut of_text: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate() {
        of_text.entry(&call.text).or_default().push(index);
    }
    let mut rows = Vec::with_capacity(of_text.len());
    for (text, mut members) in of_text {
        members.sort_by(|&a, &b| calls[a].by_content(&calls[b]));
        let id = text_id(text);
        if duplicates == Duplicates::Keep {
            let numbered = members.into_iter().enumerate();
            rows.extend(numbered.map(|(nth, call)| {
                let id = if nth == 0 {
                    id.clone()
                } else {
                    format!("{id}-{}", nth + 1)
                };
                row(id, vec![call], calls, majority)
            }));
        } else {
            rows.push(row(id, members, calls, majority));
        }
    }
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}

/// How long the id of a text is. That of a row may go on with its number, where duplicates are kept.
pub(crate) const ID_DIGITS: usize = 16;

/// The id of a text: digits of the hash of the normaliser's version and the normalised text.
pub(crate) fn text_id(text: &str) -> String {
    normal_text_hash(text).as_str()[..ID_DIGITS].to_owned()
}

/// One row of calls that are sorted by content. Where a person has spoken, only persons count.
fn row(id: String, mut members: Vec<usize>, calls: &[Call], majority: f64) -> Row {
    let by_person = calls[members[0]].by_person;
    let mut support: BTreeMap<usize, f64> = BTreeMap::new();
    for &member in members
        .iter()
        .filter(|&&member| calls[member].by_person == by_person)
    {
        for (label, weight) in calls[member].support() {
            *support.entry(label).or_default() += weight;
        }
    }
    let label = support
        .iter()
        .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))
        .map_or(0, |(&label, _)| label);
    // The call that is kept should be one that gave the label.
    let keeper = members
        .iter()
        .position(|&member| calls[member].by_person == by_person && calls[member].label() == label);
    members[..=keeper.unwrap_or(0)].rotate_right(1);
    let joint = |of: fn(&Call) -> Option<Confidence>| {
        (!by_person)
            .then(|| joint_confidence(label, &members, calls, of))
            .flatten()
    };
    let confidence = joint(|call| call.ballot.confidence);
    let reported = joint(|call| call.reported);
    let is_decided = share_of(label, &support) >= majority;
    let distribution = match by_person {
        true => BTreeMap::new(),
        false => mean_distribution(&members, calls),
    };
    Row {
        text: calls[members[0]].text.clone(),
        id,
        calls: members,
        label,
        support,
        is_decided,
        by_person,
        confidence,
        reported,
        distribution,
    }
}

fn mean_distribution(members: &[usize], calls: &[Call]) -> BTreeMap<usize, f64> {
    let distributions = members.iter().map(|&member| &calls[member].ballot.distribution);
    let known: Vec<_> = distributions
        .filter(|distribution| !distribution.is_empty())
        .collect();
    let mut mean: BTreeMap<usize, f64> = BTreeMap::new();
    for (&label, probability) in known.iter().copied().flatten() {
        *mean.entry(label).or_default() += probability / known.len() as f64;
    }
    mean
}

/// The confidence of several calls in one label: the mean of those that gave it, of the best kind there is,
/// times the share of calls that gave it. Without any, the agreement of enough repeats.
fn joint_confidence(
    label: usize,
    members: &[usize],
    calls: &[Call],
    of: fn(&Call) -> Option<Confidence>,
) -> Option<Confidence> {
    let agreeing: Vec<&Call> = members
        .iter()
        .map(|&member| &calls[member])
        .filter(|call| call.label() == label)
        .collect();
    let known: Vec<Confidence> = agreeing.iter().filter_map(|call| of(call)).collect();
    let Some(kind) = known.iter().map(|confidence| confidence.kind).min() else {
        return (members.len() >= LEAST_REPEATS).then(|| Confidence {
            value: succession(agreeing.len(), members.len()),
            kind: ConfidenceKind::Repeats,
        });
    };
    let of_kind: Vec<f64> = known.iter().filter(|c| c.kind == kind).map(|c| c.value).collect();
    let mean = of_kind.iter().sum::<f64>() / of_kind.len() as f64;
    Some(Confidence {
        value: (mean * agreeing.len() as f64 / members.len() as f64).clamp(0.0, 1.0),
        kind,
    })
}
