//! What teachers answered, text by text.

use std::{collections::BTreeMap, mem};

use serde::{Deserialize, Serialize};

use crate::Ballot;

/// A confidence counts as a whole number of parts of 1: sums are the same in whatever order calls come.
const PARTS: f64 = (1_u64 << 60) as f64;

/// What teachers answered, gathered text by text, with numbers in place of them and of labels. What was gathered of some texts
/// and of others adds up.
///
/// ```
/// use distill_data::{Ballot, TeacherAnswers};
///
/// let [mut some, mut others] = [TeacherAnswers::of(2), TeacherAnswers::of(2)];
/// some.add_call(0, &Ballot::of_label(5, None));
/// some.add_call(1, &Ballot::of_label(6, None));
/// some.end_text();
/// others.add_call(1, &Ballot::of_label(6, None));
/// others.end_text();
/// some.add(&others);
/// assert_eq!((some.texts(0), some.texts(1)), (1, 2));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TeacherAnswers {
    of: Vec<Answered>,
    /// For each teacher and each later one the texts that both labelled, and those of them that they mostly labelled otherwise.
    shared: Vec<Vec<[u64; 2]>>,
    /// Of the text whose calls are being added: how often each teacher gave each label.
    #[serde(skip)]
    open: BTreeMap<usize, BTreeMap<usize, u64>>,
}

/// What one teacher answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) labels: BTreeMap<usize, u64>,
    pub(super) with_confidence: u64,
    /// The sum of the known confidences, in parts.
    confidence: u128,
    texts: u64,
    /// Texts by the label that they mostly got.
    pub(super) texts_of_label: BTreeMap<usize, u64>,
    pub(super) repeated_texts: u64,
    pub(super) self_contradicted: u64,
}

impl Answered {
    pub(super) fn mean_confidence(&self) -> Option<f64> {
        (self.with_confidence > 0).then(|| self.confidence as f64 / PARTS / self.with_confidence as f64)
    }

    fn add(&mut self, other: &Self) {
        let counts = [
            (&mut self.labels, &other.labels),
            (&mut self.texts_of_label, &other.texts_of_label),
        ];
        for (sum, more) in counts {
            for (&label, count) in more {
                *sum.entry(label).or_default() += count;
            }
        }
        self.with_confidence += other.with_confidence;
        self.confidence += other.confidence;
        self.texts += other.texts;
        self.repeated_texts += other.repeated_texts;
        self.self_contradicted += other.self_contradicted;
    }
}

impl TeacherAnswers {
    /// Nothing yet, of so many teachers.
    #[must_use]
    pub fn of(teachers: usize) -> Self {
        Self {
            of: vec![Answered::default(); teachers],
            shared: (0..teachers)
                .map(|from| vec![[0, 0]; teachers - from - 1])
                .collect(),
            open: BTreeMap::new(),
        }
    }

    /// Adds a call of the text at hand, as the teacher of this number gave it; of another number nothing is noted.
    pub fn add_call(&mut self, teacher: usize, ballot: &Ballot) {
        let Some(answered) = self.of.get_mut(teacher) else {
            return;
        };
        let label = ballot.label();
        *answered.labels.entry(label).or_default() += 1;
        if let Some(confidence) = ballot.confidence {
            answered.with_confidence += 1;
            answered.confidence += (confidence.value.clamp(0.0, 1.0) * PARTS).round() as u128;
        }
        let votes = self.open.entry(teacher).or_default();
        *votes.entry(label).or_default() += 1;
    }

    /// There are no more calls of the text at hand.
    pub fn end_text(&mut self) {
        let votes = mem::take(&mut self.open);
        let mostly: Vec<(usize, usize)> = votes
            .iter()
            .map(|(&teacher, votes)| (teacher, most(votes)))
            .collect();
        for ((teacher, votes), &(_, label)) in votes.iter().zip(&mostly) {
            let answered = &mut self.of[*teacher];
            answered.texts += 1;
            *answered.texts_of_label.entry(label).or_default() += 1;
            if votes.values().sum::<u64>() > 1 {
                answered.repeated_texts += 1;
                answered.self_contradicted += u64::from(votes.len() > 1);
            }
        }
        for (place, &(from, label)) in mostly.iter().enumerate() {
            for &(to, other) in &mostly[place + 1..] {
                let [shared, disagreements] = &mut self.shared[from][to - from - 1];
                *shared += 1;
                *disagreements += u64::from(label != other);
            }
        }
    }

    /// Adds what was gathered of other texts, of the same teachers.
    pub fn add(&mut self, other: &Self) {
        self.of
            .iter_mut()
            .zip(&other.of)
            .for_each(|(sum, more)| sum.add(more));
        for (sum, more) in self
            .shared
            .iter_mut()
            .flatten()
            .zip(other.shared.iter().flatten())
        {
            sum[0] += more[0];
            sum[1] += more[1];
        }
    }

    /// How many texts a teacher has labelled.
    #[must_use]
    pub fn texts(&self, teacher: usize) -> u64 {
        self.of.get(teacher).map_or(0, |answered| answered.texts)
    }

    pub(super) fn answered(&self, teacher: usize) -> Answered {
        self.of.get(teacher).cloned().unwrap_or_default()
    }

    /// The texts that two teachers labelled, an earlier and a later one in the list, and of those the ones that they mostly
    /// labelled otherwise.
    pub(super) fn shared(&self, from: usize, to: usize) -> [u64; 2] {
        let of_from = self.shared.get(from);
        let found = of_from.and_then(|of_from| of_from.get(to.checked_sub(from + 1)?));
        found.copied().unwrap_or_default()
    }
}

/// The label with the most votes, the first of equals.
fn most(votes: &BTreeMap<usize, u64>) -> usize {
    let most = votes.iter().rev().max_by_key(|(_, count)| **count);
    most.map_or(0, |(&label, _)| label)
}
