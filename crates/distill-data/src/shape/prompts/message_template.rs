//! Messages without instructions that begin or end with the same words: a prompt that was put around the question.

use std::{collections::BTreeMap, fmt};

/// The fewest words that make a template; people begin messages alike by chance with fewer.
const LEAST_WORDS: usize = 5;
/// The fewest sampled messages of a template, and their share of the sample.
const LEAST_MESSAGES: usize = 20;
const LEAST_SHARE: f64 = 0.02;
/// The share of the messages that go on with the same word as long as the template goes on.
const GOES_ON: f64 = 0.9;

/// The words with which messages begin or end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shape) struct MessageTemplate {
    /// In reading order.
    words: Vec<String>,
    at_end: bool,
}

impl MessageTemplate {
    /// The message without these words; `None` if it does not have them.
    pub(super) fn rest<'m>(&self, message: &'m str) -> Option<&'m str> {
        let mut rest = message;
        if self.at_end {
            for word in self.words.iter().rev() {
                rest = before_word(rest, word)?;
            }
        } else {
            for word in &self.words {
                rest = after_word(rest, word)?;
            }
        }
        Some(rest.trim())
    }
}

fn after_word<'m>(text: &'m str, word: &str) -> Option<&'m str> {
    let rest = text.trim_start().strip_prefix(word)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

fn before_word<'m>(text: &'m str, word: &str) -> Option<&'m str> {
    let rest = text.trim_end().strip_suffix(word)?;
    (rest.is_empty() || rest.ends_with(char::is_whitespace)).then_some(rest)
}

impl fmt::Display for MessageTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.words.join(" ");
        match self.at_end {
            true => write!(f, "… {words}"),
            false => write!(f, "{words} …"),
        }
    }
}

/// The templates of a sample of distinct messages, and how many of them have each. Those at the beginning come first: a
/// message is of the first that it has.
pub(super) fn find_templates(messages: &[&str]) -> (Vec<MessageTemplate>, Vec<usize>) {
    let least = LEAST_MESSAGES.max((LEAST_SHARE * messages.len() as f64).ceil() as usize);
    let split = |message: &&str| message.split_whitespace().map(str::to_owned).collect();
    let mut rest: Vec<Vec<String>> = messages.iter().map(split).collect();
    let (mut templates, mut sampled) = (Vec::new(), Vec::new());
    for at_end in [false, true] {
        if at_end {
            rest.iter_mut().for_each(|words| words.reverse());
        }
        let mut found = Vec::new();
        grow(&rest.iter().collect::<Vec<_>>(), 0, least, &mut found);
        // Longer ones first, so that one that goes on from another is tried before it.
        found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        for words in &found {
            let before = rest.len();
            rest.retain(|message| !message.starts_with(words));
            sampled.push(before - rest.len());
            let mut words = words.clone();
            if at_end {
                words.reverse();
            }
            templates.push(MessageTemplate { words, at_end });
        }
    }
    (templates, sampled)
}

/// Finds the templates among messages that have their first `depth` words in common.
fn grow(messages: &[&Vec<String>], mut depth: usize, least: usize, found: &mut Vec<Vec<String>>) {
    let mut messages = messages.to_vec();
    let next = loop {
        let mut next: BTreeMap<&str, Vec<&Vec<String>>> = BTreeMap::new();
        for &message in &messages {
            if let Some(word) = message.get(depth) {
                next.entry(word).or_default().push(message);
            }
        }
        let goes_on = |group: &Vec<_>| group.len() as f64 >= GOES_ON * messages.len() as f64;
        match next
            .into_iter()
            .partition::<BTreeMap<_, _>, _>(|(_, group)| goes_on(group))
        {
            (mut same, _) if !same.is_empty() => messages = same.pop_first().unwrap_or_default().1,
            (_, next) => break next,
        }
        depth += 1;
    };
    let is_template = depth >= LEAST_WORDS && messages.len() >= least;
    let before = found.len();
    for group in next.values().filter(|group| group.len() >= least) {
        // After a template, only what is a longer one by as many words again is another.
        let mut longer = Vec::new();
        grow(group, depth + 1, least, &mut longer);
        let far_enough = |words: &Vec<String>| !is_template || words.len() >= depth + LEAST_WORDS;
        found.extend(longer.into_iter().filter(far_enough));
    }
    let covered = |words: &[Vec<String>]| {
        let is_covered = |message: &&&Vec<String>| words.iter().any(|words| message.starts_with(words));
        messages.iter().filter(is_covered).count()
    };
    if is_template && messages.len() - covered(&found[before..]) >= least {
        found.push(messages[0][..depth].to_vec());
    }
}
