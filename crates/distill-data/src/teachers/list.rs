//! Which teachers there are, with where their calls are.

use serde::{Deserialize, Serialize};

use super::{CallPlace, LabelShift, TeacherAnswers, TeacherChange, TeacherRecord, Teachers};
use crate::CallTime;

/// What tells one teacher from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct TeacherKey {
    /// The model that answered, or the beginning of its name.
    pub model: Option<String>,
    /// What the service says of its configuration, or the beginning of it.
    pub fingerprint: Option<String>,
    /// The hash of the instructions.
    pub prompt: Option<String>,
}

/// A log, by its number from 0, and a line of it, from 1.
type Place = (usize, u64);

/// The calls of a teacher, those without a legal label among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeacherCalls {
    /// Who it is.
    pub key: TeacherKey,
    /// How many calls there are.
    pub calls: u64,
    /// Of those, calls whose time is known.
    pub with_time: u64,
    /// The earliest and the latest of them.
    pub by_time: Option<[(CallTime, Place); 2]>,
    /// The first and the last call by place; of one line the earliest and the latest, unknown times first.
    pub by_place: [(Place, Option<CallTime>); 2],
}

impl TeacherCalls {
    /// A call, the first.
    pub(crate) fn begun(key: TeacherKey, place: Place, at: Option<CallTime>) -> Self {
        Self {
            key,
            calls: 1,
            with_time: u64::from(at.is_some()),
            by_time: at.map(|at| [(at, place); 2]),
            by_place: [(place, at); 2],
        }
    }

    /// Adds a call.
    pub(crate) fn note(&mut self, place: Place, at: Option<CallTime>) {
        self.calls += 1;
        let [first, last] = &mut self.by_place;
        *first = (*first).min((place, at));
        *last = (*last).max((place, at));
        if let Some(at) = at {
            self.with_time += 1;
            let [first, last] = self.by_time.get_or_insert([(at, place); 2]);
            *first = (*first).min((at, place));
            *last = (*last).max((at, place));
        }
    }

    fn is_timed(&self) -> bool {
        self.with_time == self.calls
    }

    /// First and last call, by time or by place.
    fn ends(&self, by_time: bool) -> [(Option<CallTime>, Place); 2] {
        match (by_time, self.by_time) {
            (true, Some(ends)) => ends.map(|(at, place)| (Some(at), place)),
            _ => self.by_place.map(|(place, _)| (None, place)),
        }
    }

    /// What comes first of those that the list has room for.
    pub(crate) fn rank(&self) -> impl Ord + '_ {
        (std::cmp::Reverse(self.calls), &self.key)
    }
}

/// The teachers that are listed, by their first call, and how many more there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeacherList {
    listed: Vec<TeacherCalls>,
    others: u64,
    calls_of_others: u64,
    /// Whether all calls of all teachers have a time.
    by_time: bool,
}

impl TeacherList {
    /// The list of the [`Teachers::LISTED`] teachers with the most calls, of equals the smaller keys, in this order; of so many
    /// others with so many calls; `by_time` where all calls have a time.
    #[must_use]
    pub fn new(mut listed: Vec<TeacherCalls>, (others, calls_of_others): (u64, u64), by_time: bool) -> Self {
        listed.sort_by_key(|teacher| teacher.ends(by_time)[0]);
        Self {
            listed,
            others,
            calls_of_others,
            by_time,
        }
    }

    /// The listed teachers, in the order by which they are numbered.
    #[must_use]
    pub fn listed(&self) -> &[TeacherCalls] {
        &self.listed
    }

    /// The account, from what the listed teachers answered, the names of the labels and those of the logs.
    #[must_use]
    pub fn account(&self, answers: &TeacherAnswers, labels: &[&str], logs: &[String]) -> Teachers {
        let numbered = self.listed.iter().enumerate();
        let listed = numbered.map(|(number, teacher)| record(teacher, (answers, number), labels, logs));
        let compared: Vec<usize> = (0..self.listed.len())
            .filter(|&number| answers.texts(number) >= Teachers::LEAST_TEXTS as u64)
            .collect();
        let changes = compared
            .windows(2)
            .map(|pair| self.change(answers, (pair[0], pair[1]), labels.len()));
        Teachers {
            listed: listed.collect(),
            others: self.others,
            calls_of_others: self.calls_of_others,
            changes: changes.collect(),
        }
    }

    fn change(&self, answers: &TeacherAnswers, (from, to): (usize, usize), labels: usize) -> TeacherChange {
        let by_label = |number: usize| {
            let mut counts = vec![0; labels];
            for (label, texts) in answers.answered(number).texts_of_label {
                if let Some(count) = counts.get_mut(label) {
                    *count = texts;
                }
            }
            counts
        };
        let ended = self.listed[from].ends(self.by_time)[1];
        let began = self.listed[to].ends(self.by_time)[0];
        let [shared_texts, disagreements] = answers.shared(from, to);
        TeacherChange {
            from,
            to,
            overlap: began < ended,
            shared_texts,
            disagreements,
            labels: LabelShift::between(&by_label(from), &by_label(to)),
        }
    }
}

fn record(
    teacher: &TeacherCalls,
    (answers, number): (&TeacherAnswers, usize),
    labels: &[&str],
    logs: &[String],
) -> TeacherRecord {
    let ends = match (teacher.is_timed(), teacher.by_time) {
        (true, Some(ends)) => ends.map(|(at, place)| (Some(at), place)),
        _ => teacher.by_place.map(|(place, at)| (at, place)),
    };
    let [first, last] = ends.map(|(at, (log, line))| CallPlace {
        at,
        file: logs.get(log).cloned().unwrap_or_default(),
        line,
    });
    let answered = answers.answered(number);
    let named = answered
        .labels
        .iter()
        .filter_map(|(&label, &calls)| Some(((*labels.get(label)?).to_owned(), calls)));
    let TeacherKey {
        model,
        fingerprint,
        prompt,
    } = teacher.key.clone();
    TeacherRecord {
        model,
        fingerprint,
        prompt,
        calls: teacher.calls,
        first,
        last,
        labels: named.collect(),
        with_confidence: answered.with_confidence,
        mean_confidence: answered.mean_confidence(),
        repeated_texts: answered.repeated_texts,
        self_contradicted: answered.self_contradicted,
    }
}
