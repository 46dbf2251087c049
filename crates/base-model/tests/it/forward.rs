//! The forward pass against transformers, and laws that need no oracle.

use base_model::{Network, TokenBatch, TokenTree};
use burn::tensor::activation;

use crate::fixtures::{device, largest_difference, open, values};

/// Tolerance of f32 against another order of summation, over three layers.
const TOLERANCE: f32 = 1e-4;

#[test]
fn bert_states_match_transformers() {
    let fixture = open("bert");
    let Network::Encoder(encoder) = &fixture.network else {
        panic!("not an encoder")
    };
    let states = values(encoder.forward(&fixture.batch, None));
    let expected = fixture.reference.read("last_hidden_state").unwrap().values;
    let worst = largest_difference(&states, &expected, &fixture.kept);
    assert!(worst < TOLERANCE, "largest difference {worst}");
}

#[test]
fn llama_states_and_logits_match_transformers() {
    let fixture = open("llama");
    let Network::Decoder(decoder) = &fixture.network else {
        panic!("not a decoder")
    };
    let states = decoder.forward(&fixture.batch, None);
    let logits = values(decoder.logits(states.clone(), &fixture.batch, None));
    for (name, found) in [("last_hidden_state", values(states)), ("logits", logits)] {
        let expected = fixture.reference.read(name).unwrap().values;
        let worst = largest_difference(&found, &expected, &fixture.kept);
        assert!(worst < TOLERANCE, "{name}: largest difference {worst}");
    }
}

fn rows() -> Vec<Vec<u32>> {
    // Ramps, because constant rows hide mistakes.
    [5_usize, 11, 1, 8]
        .iter()
        .map(|&n| (0..n).map(|i| ((i * 37 + n * 11) % 300 + 3) as u32).collect())
        .collect()
}

/// The states of one row in a forward pass over a batch.
fn row_states(network: &Network, batch: &TokenBatch, row: usize, length: usize) -> Vec<f32> {
    let states = match network {
        Network::Encoder(encoder) => encoder.forward(batch, None),
        Network::Decoder(decoder) => decoder.forward(batch, None),
        _ => panic!("another kind of network"),
    };
    values(states.narrow(0, row, 1).narrow(1, 0, length))
}

#[test]
fn a_row_in_a_batch_equals_the_row_alone() {
    for name in ["bert", "llama"] {
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
    for name in ["bert", "llama"] {
        let network = open(name).network;
        let row = rows().swap_remove(3);
        let plain = TokenBatch::new(std::slice::from_ref(&row), 0, &device());
        let expected = row_states(&network, &plain, 0, row.len());
        for (before, after) in [(0, 4), (3, 0), (2, 5)] {
            let ids: Vec<u32> = [vec![7; before], row.clone(), vec![9; after]].concat();
            let kept = [vec![false; before], vec![true; row.len()], vec![false; after]].concat();
            let padded = TokenBatch::with_mask(&[ids], vec![kept], &device());
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
    let Network::Decoder(decoder) = open("llama").network else {
        panic!("not a decoder")
    };
    // Prompt, then: 5 -> 6 -> 7, 5 -> 8, and 9.
    let tree = TokenTree {
        tokens: vec![5, 6, 7, 8, 9],
        parents: vec![None, Some(0), Some(1), Some(0), None],
    };
    let branches: [(&[u32], usize); 3] = [(&[5, 6, 7], 2), (&[5, 8], 3), (&[9], 4)];
    let prompts = rows();
    let states = decoder.forward(&TokenBatch::with_tree(&prompts, &tree, &device()), None);
    for (row, prompt) in prompts.iter().enumerate() {
        for (branch, node) in branches {
            let alone = [prompt.as_slice(), branch].concat();
            let batch = TokenBatch::new(std::slice::from_ref(&alone), 0, &device());
            let expected = values(decoder.forward(&batch, None).narrow(1, alone.len() - 1, 1));
            let at = prompt.len() + node;
            let found = values(states.clone().narrow(0, row, 1).narrow(1, at, 1));
            let worst = largest_difference(&found, &expected, &[true]);
            assert!(
                worst < 1e-5,
                "row {row}, branch {branch:?}: largest difference {worst}"
            );
        }
    }
}

#[test]
fn a_pass_after_a_prefix_and_at_some_places_is_the_pass_over_whole_rows() {
    let fixture = open("llama");
    let Network::Decoder(decoder) = &fixture.network else {
        panic!("not a decoder")
    };
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

    let batch = TokenBatch::new(&whole, 0, &device());
    let logits = decoder.logits(decoder.forward(&batch, None), &batch, None);
    let all = activation::log_softmax(logits, 2);
    let prefix = decoder.prefix(&beginning, None, &device());
    assert_eq!(prefix.tokens(), beginning.len());
    let found = values(decoder.log_probabilities_at(
        TokenBatch::new(&rows, 0, &device()),
        Some(&prefix),
        &places,
        None,
    ));
    let mut expected = Vec::new();
    for (row, places) in places.iter().enumerate() {
        for place in places {
            expected.extend(values(all.clone().narrow(0, row, 1).narrow(
                1,
                beginning.len() + place,
                1,
            )));
        }
    }
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(&expected) {
        assert!((a - b).abs() < TOLERANCE, "{a} and {b}");
    }
}
