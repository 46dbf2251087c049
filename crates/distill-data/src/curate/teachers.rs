//! The teachers of the logs, noted as calls are read and compared once all are.

use std::collections::{BTreeMap, HashMap};

use stage_files::ContentHash;
use task_spec::Task;

use super::read_account::NAME_CHARS;
use crate::{
    CallPlace, CallTime, LabelShift, LogFile, TeacherChange, TeacherRecord, Teachers, log::LoggedCall,
    quarantine::excerpt, row::Call,
};

/// Model, fingerprint and the hash of the prompt.
type Key = (Option<String>, Option<String>, Option<String>);
/// A log, as an index, and a line of it.
type Place = (usize, u64);

/// What is noted of the teachers while calls are read.
#[derive(Debug, Default)]
pub(super) struct TeacherTally {
    numbers: HashMap<Key, usize>,
    teachers: Vec<Noted>,
}

#[derive(Debug)]
struct Noted {
    key: Key,
    calls: u64,
    with_time: u64,
    /// The earliest and the latest call by time, of those that have one.
    by_time: Option<[(CallTime, Place); 2]>,
    /// The first and the last by place.
    by_place: [(Option<CallTime>, Place); 2],
}

impl TeacherTally {
    /// Notes a call; the number of its teacher.
    pub(super) fn note(&mut self, call: &LoggedCall, prompt: Option<&str>, place: Place) -> usize {
        let name = |said: &str| excerpt(said, NAME_CHARS);
        let key = (
            call.model.as_deref().map(name),
            call.metadata.fingerprint.as_deref().map(name),
            prompt.map(str::to_owned),
        );
        let at = call.metadata.at;
        let number = *self.numbers.entry(key.clone()).or_insert(self.teachers.len());
        if number == self.teachers.len() {
            self.teachers.push(Noted {
                key,
                calls: 0,
                with_time: 0,
                by_time: None,
                by_place: [(at, place); 2],
            });
        }
        let noted = &mut self.teachers[number];
        noted.calls += 1;
        // Logs are read in order, but what is told of late has an earlier line.
        let [first, last] = &mut noted.by_place;
        if place < first.1 {
            *first = (at, place);
        }
        if place > last.1 {
            *last = (at, place);
        }
        if let Some(at) = at {
            noted.with_time += 1;
            let [first, last] = noted.by_time.get_or_insert([(at, place); 2]);
            *first = (*first).min((at, place));
            *last = (*last).max((at, place));
        }
        number
    }

    /// The teachers with what they answered; `calls` are those with a legal label, as the teachers gave them.
    pub(super) fn account(&self, task: &Task, logs: &[LogFile], calls: &[Call]) -> Teachers {
        let mut order: Vec<usize> = (0..self.teachers.len()).collect();
        order.sort_by_key(|&number| {
            let noted = &self.teachers[number];
            (std::cmp::Reverse(noted.calls), &noted.key)
        });
        let others = order.split_off(order.len().min(Teachers::LISTED));
        let by_time = self.teachers.iter().all(Noted::is_timed);
        order.sort_by_key(|&number| self.teachers[number].order(by_time));
        let mut said: Vec<Said<'_>> = order.iter().map(|_| Said::default()).collect();
        let places: HashMap<usize, usize> = order.iter().copied().zip(0..).collect();
        for call in calls {
            if let Some(&place) = places.get(&call.teacher) {
                said[place].note(call);
            }
        }
        let names: Vec<&str> = task.labels().names().collect();
        let listed = order
            .iter()
            .zip(&said)
            .map(|(&number, said)| self.teachers[number].record(said, &names, logs));
        let compared: Vec<usize> = (0..said.len())
            .filter(|&place| said[place].texts.len() >= Teachers::LEAST_TEXTS)
            .collect();
        let changes = compared.windows(2).map(|pair| {
            let [from, to] = [pair[0], pair[1]];
            let ended = self.teachers[order[from]].ends(by_time)[1];
            let began = self.teachers[order[to]].ends(by_time)[0];
            said[from].change(&said[to], (from, to), began < ended, names.len())
        });
        Teachers {
            listed: listed.collect(),
            others: others.len() as u64,
            calls_of_others: others.iter().map(|&number| self.teachers[number].calls).sum(),
            changes: changes.collect(),
        }
    }
}

impl Noted {
    fn is_timed(&self) -> bool {
        self.with_time == self.calls
    }

    /// First and last call, by time or by place.
    fn ends(&self, by_time: bool) -> [(Option<CallTime>, Place); 2] {
        match (by_time, self.by_time) {
            (true, Some(ends)) => ends.map(|(at, place)| (Some(at), place)),
            _ => self.by_place.map(|(_, place)| (None, place)),
        }
    }

    fn order(&self, by_time: bool) -> (Option<CallTime>, Place) {
        self.ends(by_time)[0]
    }

    fn record(&self, said: &Said<'_>, names: &[&str], logs: &[LogFile]) -> TeacherRecord {
        let ends = match (self.is_timed(), self.by_time) {
            (true, Some(ends)) => ends.map(|(at, place)| (Some(at), place)),
            _ => self.by_place,
        };
        let [first, last] = ends.map(|(at, (log, line))| CallPlace {
            at,
            file: logs[log].name(),
            line,
        });
        let (model, fingerprint, prompt) = self.key.clone();
        let named = said
            .labels
            .iter()
            .map(|(&label, &calls)| (names[label].to_owned(), calls));
        let repeated = said
            .texts
            .values()
            .filter(|votes| votes.values().sum::<u64>() > 1);
        TeacherRecord {
            model,
            fingerprint,
            prompt,
            calls: self.calls,
            first,
            last,
            labels: named.collect(),
            with_confidence: said.with_confidence,
            mean_confidence: (said.with_confidence > 0)
                .then(|| said.confidence / said.with_confidence as f64),
            repeated_texts: repeated.clone().count() as u64,
            self_contradicted: repeated.filter(|votes| votes.len() > 1).count() as u64,
        }
    }
}

/// What a teacher answered.
#[derive(Debug, Default)]
struct Said<'c> {
    labels: BTreeMap<usize, u64>,
    /// The sum of the known confidences.
    confidence: f64,
    with_confidence: u64,
    /// How often each text was given each label.
    texts: HashMap<&'c str, BTreeMap<usize, u64>>,
}

impl<'c> Said<'c> {
    fn note(&mut self, call: &'c Call) {
        *self.labels.entry(call.label()).or_default() += 1;
        if let Some(confidence) = call.reported {
            self.confidence += confidence.value;
            self.with_confidence += 1;
        }
        let votes = self.texts.entry(&call.text).or_default();
        *votes.entry(call.label()).or_default() += 1;
    }

    fn change(&self, next: &Self, (from, to): (usize, usize), overlap: bool, labels: usize) -> TeacherChange {
        let by_label = |said: &Self| {
            let mut counts = vec![0; labels];
            for votes in said.texts.values() {
                counts[most(votes)] += 1;
            }
            counts
        };
        let shared = self
            .texts
            .iter()
            .filter_map(|(text, votes)| Some((votes, next.texts.get(text)?)));
        TeacherChange {
            from,
            to,
            overlap,
            shared_texts: shared.clone().count() as u64,
            disagreements: shared.filter(|(a, b)| most(a) != most(b)).count() as u64,
            labels: LabelShift::between(&by_label(self), &by_label(next)),
        }
    }
}

/// The label with the most votes, the first of equals.
fn most(votes: &BTreeMap<usize, u64>) -> usize {
    let most = votes.iter().rev().max_by_key(|(_, count)| **count);
    most.map_or(0, |(&label, _)| label)
}

/// The hash of instructions, for people and for telling prompts apart.
pub(super) fn prompt_hash(system: &str) -> String {
    ContentHash::of_bytes(system.as_bytes()).short().to_owned()
}

#[cfg(test)]
mod tests;
