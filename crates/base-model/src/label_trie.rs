//! The labels of a task as a tree of tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{TokenTree, TokenizerError};

/// One step along a label: from a node (or the prompt) to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrieStep {
    /// Where the step starts: 0 for the end of the prompt, `n + 1` for node `n` of the tree.
    pub from: usize,
    /// The token that is stepped to.
    pub token: u32,
}

/// Over what a decoder's next tokens are normalised when it is asked for a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LabelScoring {
    /// The whole vocabulary: a label's probability is that of writing it, and what is missing to 1 over all labels is the
    /// probability of writing something else.
    #[default]
    OverVocabulary,
    /// The tokens with which some label goes on: probabilities over all labels add up to 1, and nothing is computed for
    /// tokens that no answer may hold.
    OverLabels,
}

/// Two labels are the same tokens, so that no score can tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("labels number {first} and {second} are the same tokens to this model")]
pub struct SameTokens {
    /// The number of the one, from 0.
    pub first: usize,
    /// The number of the other.
    pub second: usize,
}

/// Why a task's labels make no trie.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelTrieError {
    /// A label could not be turned into ids.
    #[error("a label cannot be encoded")]
    Encode(#[from] TokenizerError),
    /// Two labels are the same tokens, so that no score can tell them apart.
    #[error("labels {first:?} and {second:?} are the same tokens to this model: rename one of them")]
    SameTokens {
        /// One label.
        first: String,
        /// The other.
        second: String,
    },
}

/// All labels' token sequences, each with the token that ends an answer, merged where they begin alike.
///
/// The terminator is part of every sequence: without it `bill` would be a beginning of `billing` and no path
/// of its own, and its score would hold that of all longer labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelTrie {
    /// The tokens that must be fed to the model: every token of every label but the terminators.
    tree: TokenTree,
    /// The steps, each once.
    steps: Vec<TrieStep>,
    /// For every label, which steps its path takes.
    paths: Vec<Vec<usize>>,
}

impl LabelTrie {
    /// Merges the labels' sequences, each with its terminator.
    ///
    /// # Errors
    ///
    /// [`SameTokens`] if two sequences are equal.
    pub fn new(sequences: &[Vec<u32>]) -> Result<Self, SameTokens> {
        let mut trie = Self::default();
        // From a place and a token to the step and, if the token is fed, to the node behind it.
        let mut known: BTreeMap<(usize, u32), (usize, Option<usize>)> = BTreeMap::new();
        let mut ends: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for (label, sequence) in sequences.iter().enumerate() {
            let mut from = 0;
            let mut path = Vec::with_capacity(sequence.len());
            for (index, &token) in sequence.iter().enumerate() {
                let is_last = index + 1 == sequence.len();
                let (step, node) = known.entry((from, token)).or_insert_with(|| {
                    trie.steps.push(TrieStep { from, token });
                    (trie.steps.len() - 1, None)
                });
                path.push(*step);
                if !is_last {
                    from = *node.get_or_insert_with(|| {
                        trie.tree.tokens.push(token);
                        trie.tree.parents.push(from.checked_sub(1));
                        trie.tree.tokens.len()
                    });
                }
            }
            if let Some(&first) = ends.get(&path) {
                return Err(SameTokens { first, second: label });
            }
            ends.insert(path.clone(), label);
            trie.paths.push(path);
        }
        Ok(trie)
    }

    /// The tokens that must be fed to the model after a prompt.
    #[must_use]
    pub fn tree(&self) -> &TokenTree {
        &self.tree
    }

    /// Every step of every label, each once.
    #[must_use]
    pub fn steps(&self) -> &[TrieStep] {
        &self.steps
    }

    /// For every label, in their order, which steps its path takes.
    #[must_use]
    pub fn paths(&self) -> &[Vec<usize>] {
        &self.paths
    }

    /// How many places steps start from: the end of the prompt and every node of the tree.
    #[must_use]
    pub fn places(&self) -> usize {
        self.tree.tokens.len() + 1
    }

    /// The tokens of all steps, each once, in ascending order.
    #[must_use]
    pub fn tokens(&self) -> Vec<u32> {
        let tokens: BTreeSet<u32> = self.steps.iter().map(|step| step.token).collect();
        tokens.into_iter().collect()
    }

    /// The part of the trie that some labels' paths go along, with the number that each of its places has in the whole,
    /// and the number of each of its steps; `labels` holds none twice.
    ///
    /// # Panics
    ///
    /// If a label has a number that the trie does not have.
    #[must_use]
    pub fn part(&self, labels: &[usize]) -> TriePart {
        let taken: BTreeSet<usize> = labels
            .iter()
            .flat_map(|&label| self.paths[label].iter().copied())
            .collect();
        let mut part = TriePart::default();
        // A step's place comes after that of the step before it, as nodes do after their parents.
        let mut places: BTreeSet<usize> = taken.iter().map(|&step| self.steps[step].from).collect();
        places.insert(0);
        part.places = places.into_iter().collect();
        let number = |place: usize| {
            part.places
                .binary_search(&place)
                .expect("every step starts at a place")
        };
        for &place in &part.places[1..] {
            let node = place - 1;
            part.tree.tokens.push(self.tree.tokens[node]);
            let parent = self.tree.parents[node].map_or(0, |parent| number(parent + 1));
            part.tree.parents.push(parent.checked_sub(1));
        }
        part.steps = taken
            .into_iter()
            .map(|step| {
                let TrieStep { from, token } = self.steps[step];
                let from = number(from);
                (step, TrieStep { from, token })
            })
            .collect();
        part
    }
}

/// The part of a [`LabelTrie`] that some labels' paths go along.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TriePart {
    /// The tokens to be fed.
    pub tree: TokenTree,
    /// For each of its places, the end of the prompt and the nodes, the number in the whole trie.
    pub places: Vec<usize>,
    /// Its steps, each with its number in the whole trie.
    pub steps: Vec<(usize, TrieStep)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: u32 = 0;

    #[test]
    fn beginnings_are_shared_and_the_terminator_parts_a_prefix_from_its_extension() {
        let trie = LabelTrie::new(&[vec![5, END], vec![5, 6, END], vec![7, END]]).unwrap();
        assert_eq!(trie.tree.tokens, [5, 6, 7]);
        assert_eq!(trie.tree.parents, [None, Some(0), None]);
        // 5, then the end; 5, 6, the end; 7, the end: the first step is shared.
        assert_eq!(trie.paths, [vec![0, 1], vec![0, 2, 3], vec![4, 5]]);
        assert_eq!(trie.steps[1], TrieStep { from: 1, token: END });
        assert_eq!(trie.steps[3], TrieStep { from: 2, token: END });
        assert_eq!(trie.steps[4], TrieStep { from: 0, token: 7 });
    }

    #[test]
    fn labels_of_the_same_tokens_are_named() {
        assert_eq!(
            LabelTrie::new(&[vec![1, END], vec![2, END], vec![1, END]]).unwrap_err(),
            SameTokens { first: 0, second: 2 }
        );
    }

    #[test]
    fn a_part_holds_the_paths_of_its_labels_and_nothing_else() {
        let trie = LabelTrie::new(&[vec![5, END], vec![5, 6, END], vec![7, 8, END]]).unwrap();
        let part = trie.part(&[2]);
        assert_eq!(
            (part.tree.tokens, part.tree.parents),
            (vec![7, 8], vec![None, Some(0)])
        );
        assert_eq!(part.places, [0, 3, 4]);
        let part = trie.part(&[0, 1]);
        assert_eq!(
            (part.tree.tokens, part.tree.parents),
            (vec![5, 6], vec![None, Some(0)])
        );
        let steps: Vec<(usize, u32)> = part
            .steps
            .iter()
            .map(|(_, step)| (step.from, step.token))
            .collect();
        assert_eq!(steps, [(0, 5), (1, END), (1, 6), (2, END)]);
        assert_eq!(trie.part(&[0, 1, 2]).tree, trie.tree);
    }

    proptest::proptest! {
        /// Every path spells its label, and the tree's parents come before their children.
        #[test]
        fn every_path_spells_its_label(
            labels in proptest::collection::hash_set(proptest::collection::vec(1_u32..5, 1..6), 1..40)
        ) {
            let sequences: Vec<Vec<u32>> =
                labels.into_iter().map(|mut label| { label.push(END); label }).collect();
            let trie = LabelTrie::new(&sequences).unwrap();
            for (sequence, path) in sequences.iter().zip(&trie.paths) {
                let spelled: Vec<u32> = path.iter().map(|&step| trie.steps[step].token).collect();
                proptest::prop_assert_eq!(sequence, &spelled);
            }
            for (node, parent) in trie.tree.parents.iter().enumerate() {
                proptest::prop_assert!(parent.is_none_or(|parent| parent < node));
            }
        }
    }
}
