//! What the calls of one text say together.

use std::collections::BTreeMap;

use crate::{
    ballot::Ballot,
    confidence::{Confidence, ConfidenceKind, LEAST_REPEATS, succession},
};

/// What a vote counts, or how much a label is trusted, whose confidence is unknown.
pub(crate) const UNKNOWN_SUPPORT: f64 = 0.5;

/// The calls of one text while they are read, with `C` kept of the call that may stand for them.
///
/// Calls come in the one order in which sums have the same bits wherever they are made: a person's first, then by
/// [`Ballot::key`], then by input, id and question. Memory grows with the number of labels, and not with that of calls.
///
/// ```
/// use distill_data::{Ballot, Confidence, ConfidenceKind, TextVotes};
///
/// let sure = |value| Some(Confidence { value, kind: ConfidenceKind::SelfReported });
/// let mut calls = [Ballot::of_label(1, sure(0.5)), Ballot::of_label(0, sure(0.25)), Ballot::of_label(1, sure(0.75))];
/// calls.sort_by_key(Ballot::key);
/// let mut votes = TextVotes::default();
/// for (number, ballot) in calls.iter().enumerate() {
///     votes.add(ballot, false, || number);
/// }
/// let found = votes.finish().ok_or("no call")?;
/// // 1.25 of 1.5 speaks for label 1; two calls of three agree on it, with a mean confidence of 0.625.
/// assert_eq!((found.label, found.kept), (1, 0));
/// assert!((found.share - 1.25 / 1.5).abs() < 1e-12);
/// assert!((found.confidence.ok_or("unknown")?.value - 0.625 * 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextVotes<C> {
    /// Whether the first call is a person's: then only persons count.
    by_person: bool,
    calls: usize,
    first_label: usize,
    support: BTreeMap<usize, f64>,
    /// By confidence as it counts and as it was reported.
    agreeing: BTreeMap<usize, [Agreement; 2]>,
    /// By label the first call that gives it, of those that count.
    kept: BTreeMap<usize, C>,
    /// The sum of so many distributions.
    distribution: BTreeMap<usize, f64>,
    distributions: usize,
}

/// What the calls of a text came to.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLabel<C> {
    /// The label with most support, of equally supported ones the first; an index into the task's.
    pub label: usize,
    /// The share of all support that it has, in 0..=1; 0 where nothing supports anything.
    pub share: f64,
    /// Whether a person gave it.
    pub by_person: bool,
    /// How many calls there were.
    pub calls: usize,
    /// How sure the teacher is of the label, all calls considered: the mean confidence of those that gave it, of the best kind
    /// there is, times the share of calls that gave it; without any, the agreement of three calls and more. `None` where
    /// nothing is known or a person gave it.
    pub confidence: Option<Confidence>,
    /// The same of what was reported, before calibration.
    pub reported: Option<Confidence>,
    /// What the calls say together for each label.
    pub support: BTreeMap<usize, f64>,
    /// The mean of the distributions of those calls that have one; empty where a person gave the label.
    pub distribution: BTreeMap<usize, f64>,
    /// The first call that gave the label, or the first of all where it has won by the votes of calls that gave others.
    pub kept: C,
}

impl<C> Default for TextVotes<C> {
    fn default() -> Self {
        Self {
            by_person: false,
            calls: 0,
            first_label: 0,
            support: BTreeMap::new(),
            agreeing: BTreeMap::new(),
            kept: BTreeMap::new(),
            distribution: BTreeMap::new(),
            distributions: 0,
        }
    }
}

impl<C> TextVotes<C> {
    /// Adds the next call, of which `kept` makes what is kept if it may stand for the text.
    pub fn add(&mut self, ballot: &Ballot, by_person: bool, kept: impl FnOnce() -> C) {
        self.add_calibrated(ballot, ballot.confidence, by_person, kept);
    }

    /// The same of a call whose confidence was another one before it was calibrated.
    pub fn add_calibrated(
        &mut self,
        ballot: &Ballot,
        reported: Option<Confidence>,
        by_person: bool,
        kept: impl FnOnce() -> C,
    ) {
        let label = ballot.label();
        if self.calls == 0 {
            (self.by_person, self.first_label) = (by_person, label);
        }
        self.calls += 1;
        let [counted, said] = self.agreeing.entry(label).or_default();
        counted.add(ballot.confidence);
        said.add(reported);
        if by_person == self.by_person {
            for (label, weight) in ballot.support(by_person) {
                *self.support.entry(label).or_default() += weight;
            }
            self.kept.entry(label).or_insert_with(kept);
        }
        if !ballot.distribution.is_empty() {
            self.distributions += 1;
            for (&label, probability) in &ballot.distribution {
                *self.distribution.entry(label).or_default() += probability;
            }
        }
    }

    /// What the calls came to; `None` if there was none.
    #[must_use]
    pub fn finish(mut self) -> Option<TextLabel<C>> {
        let best = self
            .support
            .iter()
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)));
        let label = best.map_or(0, |(&label, _)| label);
        let kept = self
            .kept
            .remove(&label)
            .or_else(|| self.kept.remove(&self.first_label))?;
        let ([confidence, reported], distribution) = match self.by_person {
            true => ([None, None], BTreeMap::new()),
            false => {
                let agreeing = self.agreeing.remove(&label).unwrap_or_default();
                let count = self.distributions as f64;
                self.distribution.values_mut().for_each(|sum| *sum /= count);
                (
                    agreeing.map(|agreement| agreement.confidence(self.calls)),
                    self.distribution,
                )
            }
        };
        Some(TextLabel {
            label,
            share: share_of(label, &self.support),
            by_person: self.by_person,
            calls: self.calls,
            confidence,
            reported,
            support: self.support,
            distribution,
            kept,
        })
    }
}

/// The calls that gave one label.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agreement {
    calls: usize,
    /// By kind the sum of so many confidences.
    known: BTreeMap<ConfidenceKind, (f64, usize)>,
}

impl Agreement {
    /// Adds a call.
    pub(crate) fn add(&mut self, confidence: Option<Confidence>) {
        self.calls += 1;
        if let Some(confidence) = confidence {
            let (sum, count) = self.known.entry(confidence.kind).or_default();
            *sum += confidence.value;
            *count += 1;
        }
    }

    /// The joint confidence, if so many calls were asked.
    pub(crate) fn confidence(&self, asked: usize) -> Option<Confidence> {
        let Some((&kind, &(sum, count))) = self.known.first_key_value() else {
            return (asked >= LEAST_REPEATS).then(|| Confidence {
                value: succession(self.calls, asked),
                kind: ConfidenceKind::Repeats,
            });
        };
        let mean = sum / count as f64;
        Some(Confidence {
            value: (mean * self.calls as f64 / asked as f64).clamp(0.0, 1.0),
            kind,
        })
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

#[cfg(test)]
mod tests;
