//! Prompts that share most of their sentences.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::distinct::hash_of;
use crate::{disjoint_sets::DisjointSets, quarantine::excerpt};

/// How many sentences of a prompt are looked at.
const MOST_SENTENCES: usize = 400;
/// The share of the weight that two prompts must have in common: of what either holds, for two that were surveyed; of what a
/// workload's prompts mostly hold, for one that was not.
const ALIKE: f64 = 0.5;
/// The share of a workload's surveyed prompts that hold a sentence of its template.
const OF_TEMPLATE: f64 = 0.5;

/// A prompt as a set of sentences.
#[derive(Debug, Clone)]
pub(in crate::shape) struct Prompt {
    question: Option<String>,
    /// Each distinct sentence with its characters.
    sentences: BTreeMap<u64, u32>,
    excerpt: String,
}

impl Prompt {
    pub(super) fn of(question: Option<&str>, text: &str, shown: usize) -> Self {
        let text = text.split_once('\u{1}').map_or(text, |(_, text)| text);
        Self {
            question: question.map(str::to_owned),
            sentences: sentences(text).take(MOST_SENTENCES).collect(),
            excerpt: excerpt(text, shown),
        }
    }
}

/// Lines, and the sentences in them, with digits alike, as a hash and a number of characters.
fn sentences(text: &str) -> impl Iterator<Item = (u64, u32)> {
    let in_line = |line| str::split_inclusive(line, ". ");
    let pieces = text.lines().flat_map(in_line).map(str::trim);
    pieces.filter(|piece| !piece.is_empty()).map(|piece| {
        let masked: String = piece
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        (hash_of(&masked), piece.chars().count() as u32)
    })
}

/// Prompts by workload.
pub(super) struct Clusters {
    exact: HashMap<u64, usize>,
    clusters: Vec<Cluster>,
    /// From a sentence to the clusters in whose template it is.
    index: HashMap<u64, Vec<usize>>,
}

struct Cluster {
    question: Option<String>,
    excerpt: String,
    calls: u64,
    /// The weight of all sentences of the template.
    weight: f64,
}

/// What is said of a cluster.
pub(super) struct Described {
    pub(super) question: Option<String>,
    pub(super) excerpt: String,
    pub(super) calls: u64,
}

impl Clusters {
    /// Puts prompts that are alike into one cluster, each given by its hash with its calls.
    pub(super) fn of(prompts: HashMap<u64, (Prompt, u64)>) -> Self {
        let mut prompts: Vec<(u64, Prompt, u64)> = prompts
            .into_iter()
            .map(|(hash, (prompt, calls))| (hash, prompt, calls))
            .collect();
        prompts.sort_by(|a, b| {
            b.2.cmp(&a.2)
                .then_with(|| (&a.1.excerpt, a.0).cmp(&(&b.1.excerpt, b.0)))
        });
        // A sentence weighs what it says times how many prompts say it: what stays the same from call to call tells the
        // workload, and a retrieved passage does not.
        let mut holders: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (number, (_, prompt, _)) in prompts.iter().enumerate() {
            for sentence in prompt.sentences.keys() {
                holders.entry(*sentence).or_default().push(number);
            }
        }
        let weight = |sentence: &u64, chars: u32| f64::from(chars) * holders[sentence].len() as f64;
        let mut sets = DisjointSets::new(prompts.len());
        let mut compared = BTreeSet::new();
        for held_by in holders.values() {
            for pair in held_by
                .windows(2)
                .map(|pair| (pair[0], pair[1]))
                .chain(held_by[1..].iter().map(|&later| (held_by[0], later)))
            {
                if !compared.insert(pair) || sets.root(pair.0) == sets.root(pair.1) {
                    continue;
                }
                if are_alike(&prompts[pair.0].1, &prompts[pair.1].1, &weight) {
                    // The root, the smallest number, is the prompt with the most calls.
                    sets.join(pair.0, pair.1);
                }
            }
        }
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for number in 0..prompts.len() {
            members.entry(sets.root(number)).or_default().push(number);
        }
        let mut found = Self {
            exact: HashMap::new(),
            clusters: Vec::new(),
            index: HashMap::new(),
        };
        for (first, members) in members {
            found.add(&prompts, first, &members);
        }
        found
    }

    fn add(&mut self, prompts: &[(u64, Prompt, u64)], first: usize, members: &[usize]) {
        let number = self.clusters.len();
        let mut held: BTreeMap<u64, (u32, usize)> = BTreeMap::new();
        for &member in members {
            let (hash, prompt, _) = &prompts[member];
            self.exact.insert(*hash, number);
            for (&sentence, &chars) in &prompt.sentences {
                held.entry(sentence).or_insert((chars, 0)).1 += 1;
            }
        }
        let mut weight = 0.0;
        for (sentence, (chars, by)) in held {
            if by as f64 >= OF_TEMPLATE * members.len() as f64 {
                weight += f64::from(chars);
                self.index.entry(sentence).or_default().push(number);
            }
        }
        self.clusters.push(Cluster {
            question: prompts[first].1.question.clone(),
            excerpt: prompts[first].1.excerpt.clone(),
            calls: members.iter().map(|&member| prompts[member].2).sum(),
            weight,
        });
    }

    pub(super) fn len(&self) -> usize {
        self.clusters.len()
    }

    pub(super) fn described(&self) -> impl Iterator<Item = Described> + '_ {
        self.clusters.iter().map(|cluster| Described {
            question: cluster.question.clone(),
            excerpt: cluster.excerpt.clone(),
            calls: cluster.calls,
        })
    }

    /// The cluster of a prompt: the one it was surveyed in, or else the one most of whose template it holds.
    pub(super) fn of_prompt(&self, hash: u64, question: Option<&str>, text: &str) -> Option<usize> {
        if let Some(&cluster) = self.exact.get(&hash) {
            return Some(cluster);
        }
        let prompt = Prompt::of(question, text, 0);
        let mut shared: BTreeMap<usize, f64> = BTreeMap::new();
        for (sentence, &chars) in &prompt.sentences {
            for &cluster in self.index.get(sentence).into_iter().flatten() {
                *shared.entry(cluster).or_default() += f64::from(chars);
            }
        }
        let share = |(cluster, shared): (usize, f64)| (cluster, shared / self.clusters[cluster].weight);
        shared
            .into_iter()
            .map(share)
            .filter(|&(cluster, share)| share >= ALIKE && self.clusters[cluster].question == prompt.question)
            // The first of equals.
            .rev()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(cluster, _)| cluster)
    }
}

fn are_alike(a: &Prompt, b: &Prompt, weight: &impl Fn(&u64, u32) -> f64) -> bool {
    if a.question != b.question {
        return false;
    }
    let of = |prompt: &Prompt| -> f64 {
        prompt
            .sentences
            .iter()
            .map(|(sentence, &chars)| weight(sentence, chars))
            .sum()
    };
    let shared: f64 = a
        .sentences
        .iter()
        .filter(|(sentence, _)| b.sentences.contains_key(*sentence))
        .map(|(sentence, &chars)| weight(sentence, chars))
        .sum();
    shared >= ALIKE * (of(a) + of(b) - shared)
}
