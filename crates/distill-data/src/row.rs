//! Calls of one text, as one row.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use near_texts::normal_text_hash;

use crate::{
    CallTime,
    ballot::Ballot,
    confidence::Confidence,
    config::Duplicates,
    votes::{TextVotes, share_of},
};

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
    /// The label that it gives.
    pub(crate) fn label(&self) -> usize {
        self.ballot.label()
    }

    /// Sorts by everything that a choice among calls may depend on, and by the position for calls that are alike in all of
    /// it. Sums over sorted calls then have the same bits whatever the order of the lines.
    ///
    /// The keys are those of the two ballots, made once for all that are sorted. distill-scale has its engine
    /// sort by the same columns; what was reported is there what the ballot has.
    fn by_content(&self, other: &Self, keys: [&[u8]; 2]) -> Ordering {
        let reported = |call: &Self| {
            let found = call.reported;
            found.map(|found| (Reverse(found.value.abs().to_bits()), found.kind))
        };
        (other.by_person.cmp(&self.by_person))
            .then_with(|| keys[0].cmp(keys[1]))
            .then_with(|| self.input.cmp(&other.input))
            .then_with(|| self.id.cmp(&other.id))
            .then_with(|| self.question.cmp(&other.question))
            .then_with(|| reported(self).cmp(&reported(other)))
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

    /// The share of the support that the label has.
    pub(crate) fn label_share(&self) -> f64 {
        share_of(self.label, &self.support)
    }
}

/// Gathers calls into rows, by rising id: one row for each text, or for each call where duplicates are kept.
pub(crate) fn gather(calls: &[Call], duplicates: Duplicates, majority: f64) -> Vec<Row> {
    let mut of_text: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, call) in calls.iter().enumerate() {
        of_text.entry(&call.text).or_default().push(index);
    }
    let mut rows = Vec::with_capacity(of_text.len());
    for (text, members) in of_text {
        let members = sorted_by_content(members, calls);
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

fn sorted_by_content(members: Vec<usize>, calls: &[Call]) -> Vec<usize> {
    if members.len() == 1 {
        return members;
    }
    let mut keyed: Vec<(Vec<u8>, usize)> = members
        .into_iter()
        .map(|member| (calls[member].ballot.key(), member))
        .collect();
    keyed.sort_by(|(left, a), (right, b)| calls[*a].by_content(&calls[*b], [left, right]));
    keyed.into_iter().map(|(_, member)| member).collect()
}

/// How long the id of a text is. That of a row may go on with its number, where duplicates are kept.
pub(crate) const ID_DIGITS: usize = 16;

/// The id of a text: digits of the hash of the normaliser's version and the normalised text.
pub(crate) fn text_id(text: &str) -> String {
    normal_text_hash(text).as_str()[..ID_DIGITS].to_owned()
}

/// One row of calls that are sorted by content. Where a person has spoken, only persons count.
fn row(id: String, mut members: Vec<usize>, calls: &[Call], majority: f64) -> Row {
    let mut votes = TextVotes::default();
    for (place, &member) in members.iter().enumerate() {
        let call = &calls[member];
        votes.add_calibrated(&call.ballot, call.reported, call.by_person, || place);
    }
    let found = votes.finish().expect("a row has calls");
    // The call that is kept should be one that gave the label.
    members[..=found.kept].rotate_right(1);
    Row {
        text: calls[members[0]].text.clone(),
        id,
        is_decided: found.share >= majority,
        reported: found.reported,
        calls: members,
        label: found.label,
        support: found.support,
        by_person: found.by_person,
        confidence: found.confidence,
        distribution: found.distribution,
    }
}
