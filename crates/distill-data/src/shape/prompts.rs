//! Which workload a call belongs to, by its prompt.
//!
//! One pass over the logs surveys the prompts; the second knows them all, so that the outcome does not depend on the order
//! of the lines. Prompts are the instructions of a call and the name of its question. Those that share most of their
//! sentences are one workload: a date, a customer's name or retrieved passages make no new one. Calls without instructions
//! are told apart by the words with which their messages begin or end.

mod clusters;
mod message_template;

use std::collections::HashMap;

use clusters::{Clusters, Prompt};
use message_template::{MessageTemplate, find_templates};

use super::distinct::{DistinctSample, FrequentValues, hash_of};
use crate::{log::LoggedCall, quarantine::excerpt};

/// How many distinct prompts, and how many distinct messages without one, are looked at.
const SURVEYED: usize = 4096;
/// How much of a message is kept, in characters at each end.
const MESSAGE_CHARS: usize = 400;
/// How much of a prompt is shown, in characters.
const SHOWN_CHARS: usize = 300;

/// What one pass finds of the prompts.
pub(super) struct PromptSurvey {
    prompts: DistinctSample<(Prompt, u64)>,
    /// Where there are too many, those with many calls are not left to the sample.
    frequent: FrequentValues<Prompt>,
    messages: DistinctSample<String>,
    without_prompt: u64,
}

/// A workload, as its prompt tells it.
#[derive(Debug, Clone)]
pub(super) struct PromptGroup {
    pub(super) question: Option<String>,
    /// The beginning of the most frequent prompt, or of the template of the messages.
    pub(super) excerpt: String,
    pub(super) kind: GroupKind,
    /// Calls in the survey.
    calls: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupKind {
    /// Instructions.
    Instructions,
    /// Messages that begin or end alike.
    Template,
    /// Messages of which nothing is fixed.
    Free,
}

/// The workloads of some logs, and which of them a call belongs to.
pub(super) struct Prompts {
    pub(super) groups: Vec<PromptGroup>,
    /// From clusters and templates to places in `groups`.
    of_cluster: Vec<Option<usize>>,
    of_template: Vec<Option<usize>>,
    of_rest: Option<usize>,
    clusters: Clusters,
    templates: Vec<MessageTemplate>,
}

impl PromptSurvey {
    pub(super) fn new() -> Self {
        Self {
            prompts: DistinctSample::new(SURVEYED),
            frequent: FrequentValues::new(256),
            messages: DistinctSample::new(SURVEYED),
            without_prompt: 0,
        }
    }

    pub(super) fn note(&mut self, call: &LoggedCall) {
        let Some(text) = prompt_text(call) else {
            self.without_prompt += 1;
            let ends = ends_of(&call.input);
            self.messages.entry(hash_of(&ends), || ends.clone());
            return;
        };
        let hash = hash_of(&text);
        let new = || Prompt::of(call.question.as_deref(), &text, SHOWN_CHARS);
        if let Some((_, calls)) = self.prompts.entry(hash, || (new(), 0)) {
            *calls += 1;
        }
        self.frequent.note(hash, new);
    }

    /// The workloads, at most so many.
    pub(super) fn finish(self, most: usize) -> Prompts {
        let mut prompts: HashMap<u64, (Prompt, u64)> = HashMap::new();
        for (hash, (prompt, calls)) in self.prompts.sorted() {
            prompts.insert(hash, (prompt.clone(), *calls));
        }
        for (hash, count, prompt) in self.frequent.sorted() {
            prompts
                .entry(hash)
                .or_insert_with(|| (prompt.clone(), count + self.frequent.error()));
        }
        let clusters = Clusters::of(prompts);
        let messages: Vec<&str> = self
            .messages
            .sorted()
            .into_iter()
            .map(|(_, message)| message.as_str())
            .collect();
        let (templates, sampled) = find_templates(&messages);
        let share = |of: usize| self.without_prompt as f64 * of as f64 / messages.len().max(1) as f64;
        let mut groups: Vec<(PromptGroup, Source)> = Vec::new();
        for (number, cluster) in clusters.described().enumerate() {
            let group = PromptGroup {
                question: cluster.question,
                excerpt: cluster.excerpt,
                kind: GroupKind::Instructions,
                calls: cluster.calls,
            };
            groups.push((group, Source::Cluster(number)));
        }
        for (number, (template, of)) in templates.iter().zip(&sampled).enumerate() {
            let group = PromptGroup {
                question: None,
                excerpt: template.to_string(),
                kind: GroupKind::Template,
                calls: share(*of) as u64,
            };
            groups.push((group, Source::Template(number)));
        }
        if self.without_prompt > 0 {
            let group = PromptGroup {
                question: None,
                excerpt: String::new(),
                kind: GroupKind::Free,
                calls: share(messages.len() - sampled.iter().sum::<usize>()) as u64,
            };
            groups.push((group, Source::Rest));
        }
        groups.sort_by(|(a, _), (b, _)| {
            b.calls
                .cmp(&a.calls)
                .then_with(|| (&a.question, &a.excerpt).cmp(&(&b.question, &b.excerpt)))
        });
        groups.truncate(most);
        let mut found = Prompts {
            of_cluster: vec![None; clusters.len()],
            of_template: vec![None; templates.len()],
            of_rest: None,
            groups: Vec::new(),
            clusters,
            templates,
        };
        for (place, (group, source)) in groups.into_iter().enumerate() {
            found.groups.push(group);
            match source {
                Source::Cluster(number) => found.of_cluster[number] = Some(place),
                Source::Template(number) => found.of_template[number] = Some(place),
                Source::Rest => found.of_rest = Some(place),
            }
        }
        found
    }
}

/// Where a workload comes from.
enum Source {
    Cluster(usize),
    Template(usize),
    Rest,
}

impl Prompts {
    /// The workload of a call, and its question without the words of the template; `None` if it is none of the workloads.
    pub(super) fn workload_of<'c>(&self, call: &'c LoggedCall) -> Option<(usize, &'c str)> {
        if let Some(text) = prompt_text(call) {
            let cluster = self
                .clusters
                .of_prompt(hash_of(&text), call.question.as_deref(), &text)?;
            return Some((self.of_cluster[cluster]?, &call.input));
        }
        let matched = self
            .templates
            .iter()
            .zip(&self.of_template)
            .find_map(|(template, place)| Some((*place, template.rest(&call.input)?)));
        match matched {
            Some((place, rest)) => Some((place?, rest)),
            None => Some((self.of_rest?, &call.input)),
        }
    }
}

/// The instructions of a call with the name of its question; `None` if it has neither.
fn prompt_text(call: &LoggedCall) -> Option<String> {
    match (&call.question, &call.system) {
        (None, None) => None,
        (question, system) => Some(format!(
            "{}\u{1}{}",
            question.as_deref().unwrap_or_default(),
            system.as_deref().unwrap_or_default()
        )),
    }
}

/// A message, or both ends of a long one.
fn ends_of(message: &str) -> String {
    let chars = message.chars().count();
    if chars <= 2 * MESSAGE_CHARS {
        return message.to_owned();
    }
    let end: String = message.chars().skip(chars - MESSAGE_CHARS).collect();
    format!("{} {end}", excerpt(message, MESSAGE_CHARS))
}

#[cfg(test)]
mod tests;
