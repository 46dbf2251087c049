//! The forward pass against transformers, and laws that need no oracle.

use base_model::{Network, TokenBatch, TokenTree};
use burn::tensor::activation;

use crate::fixtures::{
    ALL, decoder, decoders, device, largest_difference, open, padded, rows, states, values,
};

/// Tolerance of f32 against another order of summation, over three layers.
const TOLERANCE: f32 = 1e-4;

#[test]
fn states_and_logits_match_transformers() {
    for name in ALL {
        let fixture = open(name);
        for (what, found, expected) in fixture.results().unwrap() {
            let worst = largest_difference(&found, &expected, &fixture.kept);
            assert!(worst < TOLERANCE, "{name}, {what}: largest difference {worst}");
        }
    }
}

/// The states of one row in a forward pass over a batch.
fn row_states(network: &Network, batch: &TokenBatch, row: usize, length: usize) -> Vec<f32> {
    values(
        states(network, batch, None)
            .narrow(0, row, 1)
            .narrow(1, 0, length),
    )
}

#[test]
fn a_row_in_a_batch_equals_the_row_alone() {
    for name in ALL {
        let network = open(name).network;
        let rows = rows();
        let batch = TokenBatch::new(&rows, 0, &device());
        for (index, row) in rows.iter().enumerate() {
            let alone = TokenBatch::new(std::slice::from_ref(row), 0, &device());
            let together = row_states(&network, &batch, index, row.len());
            let single = row_states(&network, &alone, 0, row.len());
            let worst = largest_difference(&together, &single, &vec![true; row.len()]);
            assert!(worst < 1e-5, "{name}, row {index}: largest difference {worst}");
        }
    }
}

#[test]
fn padding_and_its_value_change_nothing_on_either_side() {
    for name in ALL {
        let network = open(name).network;
        let row = rows().swap_remove(3);
        let plain = TokenBatch::new(std::slice::from_ref(&row), 0, &device());
        let expected = row_states(&network, &plain, 0, row.len());
        for (before, after) in [(0, 4), (3, 0), (2, 5)] {
            let padded = padded(&row, before, after);
            let all = row_states(&network, &padded, 0, before + row.len() + after);
            let width = network.hidden_size();
            let found = &all[before * width..(before + row.len()) * width];
            let worst = largest_difference(found, &expected, &vec![true; row.len()]);
            assert!(
                worst < 1e-5,
                "{name} with {before} before and {after} after: {worst}"
            );
        }
    }
}

#[test]
fn every_branch_of_a_tree_equals_the_branch_alone() {
    // Prompt, then: 5 -> 6 -> 7, 5 -> 8, and 9.
    let tree = TokenTree {
        tokens: vec![5, 6, 7, 8, 9],
        parents: vec![None, Some(0), Some(1), Some(0), None],
    };
    let branches: [(&[u32], usize); 3] = [(&[5, 6, 7], 2), (&[5, 8], 3), (&[9], 4)];
    let prompts = rows();
    for (name, network) in decoders() {
        let batch = TokenBatch::with_trees(&prompts, &[&tree], &device());
        let all = states(&network, &batch, None);
        for (row, prompt) in prompts.iter().enumerate() {
            for (branch, node) in branches {
                let alone = [prompt.as_slice(), branch].concat();
                let batch = TokenBatch::new(std::slice::from_ref(&alone), 0, &device());
                let expected = values(states(&network, &batch, None).narrow(1, alone.len() - 1, 1));
                let at = prompt.len() + node;
                let found = values(all.clone().narrow(0, row, 1).narrow(1, at, 1));
                let worst = largest_difference(&found, &expected, &[true]);
                assert!(
                    worst < 1e-5,
                    "{name}, row {row}, branch {branch:?}: largest difference {worst}"
                );
            }
        }
    }
}

#[test]
fn a_pass_after_a_prefix_and_at_some_places_is_the_pass_over_whole_rows() {
    let beginning = vec![9_u32, 4, 17, 33];
    let rows = rows();
    let whole: Vec<Vec<u32>> = rows
        .iter()
        .map(|row| [beginning.as_slice(), row].concat())
        .collect();
    let places: Vec<Vec<usize>> = rows
        .iter()
        .map(|row| vec![row.len() - 1, 0, row.len() / 2])
        .collect();
    for (name, network) in decoders() {
        let decoder = decoder(&network);
        let batch = TokenBatch::new(&whole, 0, &device());
        let logits = decoder.logits(decoder.forward(&batch, None), &batch, None);
        let all = activation::log_softmax(logits, 2);
        let prefix = decoder.prefix(&beginning, None, &device());
        assert_eq!(prefix.tokens(), beginning.len());
        let batch = TokenBatch::new(&rows, 0, &device());
        let found = values(decoder.log_probabilities_at(batch, Some(&prefix), &places, None));
        let mut expected = Vec::new();
        for (row, places) in places.iter().enumerate() {
            for place in places {
                let of_row = all.clone().narrow(0, row, 1);
                expected.extend(values(of_row.narrow(1, beginning.len() + place, 1)));
            }
        }
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(&expected) {
            assert!((a - b).abs() < TOLERANCE, "{name}: {a} and {b}");
        }
    }
}

#[test]
fn rows_without_tokens_are_rows_all_the_same() {
    for name in ALL {
        let network = open(name).network;
        for kept in [[false, false], [false, true]] {
            let masks = kept.map(|kept| vec![kept; 3]).to_vec();
            let batch = TokenBatch::with_mask(&[vec![1, 2, 3], vec![4, 5, 6]], masks, &device());
            let states = states(&network, &batch, None);
            assert_eq!(states.dims(), [2, 3, network.hidden_size()], "{name}, {kept:?}");
        }
    }
}
