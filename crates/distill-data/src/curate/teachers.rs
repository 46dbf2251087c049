//! The teachers of the logs, noted as calls are read and compared once all are.

use std::collections::{BTreeMap, HashMap};

use stage_files::ContentHash;
use task_spec::Task;

use super::read_account::NAME_CHARS;
use crate::{
    LogFile, TeacherAnswers, TeacherCalls, TeacherKey, TeacherList, Teachers, log::LoggedCall,
    quarantine::excerpt, row::Call,
};

/// What is noted of the teachers while calls are read.
#[derive(Debug, Default)]
pub(super) struct TeacherTally {
    numbers: HashMap<TeacherKey, usize>,
    teachers: Vec<TeacherCalls>,
}

/// The teacher of a call.
pub(super) fn key_of(call: &LoggedCall, prompt: Option<&str>) -> TeacherKey {
    let name = |said: &str| excerpt(said, NAME_CHARS);
    TeacherKey {
        model: call.model.as_deref().map(name),
        fingerprint: call.metadata.fingerprint.as_deref().map(name),
        prompt: prompt.map(str::to_owned),
    }
}

impl TeacherTally {
    /// Notes a call, by its log and line; the number of its teacher.
    pub(super) fn note(&mut self, call: &LoggedCall, prompt: Option<&str>, place: (usize, u64)) -> usize {
        let key = key_of(call, prompt);
        let at = call.metadata.at;
        if let Some(&number) = self.numbers.get(&key) {
            self.teachers[number].note(place, at);
            return number;
        }
        self.numbers.insert(key.clone(), self.teachers.len());
        self.teachers.push(TeacherCalls::begun(key, place, at));
        self.teachers.len() - 1
    }

    /// The teachers with what they answered; `calls` are those with a legal label, as the teachers gave them.
    pub(super) fn account(&self, task: &Task, logs: &[LogFile], calls: &[Call]) -> Teachers {
        let mut order: Vec<&TeacherCalls> = self.teachers.iter().collect();
        order.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let others = order.split_off(order.len().min(Teachers::LISTED));
        let of_others = (others.len() as u64, others.iter().map(|other| other.calls).sum());
        let by_time = self
            .teachers
            .iter()
            .all(|teacher| teacher.calls == teacher.with_time);
        let list = TeacherList::new(order.into_iter().cloned().collect(), of_others, by_time);
        let listed = list.listed().iter().zip(0..);
        let places: HashMap<usize, usize> = listed
            .filter_map(|(teacher, place)| Some((*self.numbers.get(&teacher.key)?, place)))
            .collect();
        let mut of_text: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
        for call in calls {
            of_text.entry(&call.text).or_default().push(call);
        }
        let mut answers = TeacherAnswers::of(list.listed().len());
        for calls in of_text.into_values() {
            for call in calls {
                if let Some(&place) = places.get(&call.teacher) {
                    answers.add_call(place, &call.ballot);
                }
            }
            answers.end_text();
        }
        let names: Vec<&str> = task.labels().names().collect();
        let files: Vec<String> = logs.iter().map(LogFile::name).collect();
        list.account(&answers, &names, &files)
    }
}

/// The hash of instructions, for people and for telling prompts apart.
pub(super) fn prompt_hash(system: &str) -> String {
    ContentHash::of_bytes(system.as_bytes()).short().to_owned()
}

#[cfg(test)]
mod tests;
