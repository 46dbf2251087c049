//! The labels of a task as a tree of tokens.

use std::collections::BTreeMap;

use base_model::TokenTree;

/// One step along a label: from a node (or the prompt) to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Where the step starts: 0 for the end of the prompt, `n + 1` for node `n` of the tree.
    pub(crate) from: usize,
    /// The token that is stepped to.
    pub(crate) token: u32,
}

/// All labels' token sequences, each with the token that ends an answer, merged where they begin alike.
///
/// The terminator is part of every sequence: without it `bill` would be a beginning of `billing` and no path
/// of its own, and its score would hold that of all longer labels.
#[derive(Debug, Clone)]
pub(crate) struct LabelTrie {
    /// The tokens that must be fed to the model: every token of every label but the terminators.
    pub(crate) tree: TokenTree,
    /// The steps, each once.
    pub(crate) edges: Vec<Edge>,
    /// For every label, which edges its path takes.
    pub(crate) paths: Vec<Vec<usize>>,
}

impl LabelTrie {
    /// Merges the sequences; `Err` holds two labels whose sequences are equal.
    pub(crate) fn new(sequences: &[Vec<u32>]) -> Result<Self, (usize, usize)> {
        let mut trie = Self {
            tree: TokenTree::default(),
            edges: Vec::new(),
            paths: Vec::new(),
        };
        // From a place and a token to the edge and, if the token is fed, to the node behind it.
        let mut known: BTreeMap<(usize, u32), (usize, Option<usize>)> = BTreeMap::new();
        let mut ends: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for (label, sequence) in sequences.iter().enumerate() {
            let mut from = 0;
            let mut path = Vec::with_capacity(sequence.len());
            for (index, &token) in sequence.iter().enumerate() {
                let is_last = index + 1 == sequence.len();
                let (edge, node) = known.entry((from, token)).or_insert_with(|| {
                    trie.edges.push(Edge { from, token });
                    (trie.edges.len() - 1, None)
                });
                path.push(*edge);
                if !is_last {
                    from = *node.get_or_insert_with(|| {
                        trie.tree.tokens.push(token);
                        trie.tree.parents.push(from.checked_sub(1));
                        trie.tree.tokens.len()
                    });
                }
            }
            if let Some(&first) = ends.get(&path) {
                return Err((first, label));
            }
            ends.insert(path.clone(), label);
            trie.paths.push(path);
        }
        Ok(trie)
    }
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
        assert_eq!(trie.edges[1], Edge { from: 1, token: END });
        assert_eq!(trie.edges[3], Edge { from: 2, token: END });
        assert_eq!(trie.edges[4], Edge { from: 0, token: 7 });
    }

    #[test]
    fn labels_of_the_same_tokens_are_named() {
        assert_eq!(
            LabelTrie::new(&[vec![1, END], vec![2, END], vec![1, END]]).unwrap_err(),
            (0, 2)
        );
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
                let spelled: Vec<u32> = path.iter().map(|&edge| trie.edges[edge].token).collect();
                proptest::prop_assert_eq!(sequence, &spelled);
            }
            for (node, parent) in trie.tree.parents.iter().enumerate() {
                proptest::prop_assert!(parent.is_none_or(|parent| parent < node));
            }
        }
    }
}
