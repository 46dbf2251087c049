//! Answers token by token, against computing everything anew for each token.

use base_model::{Adapter, Decoder, Generation, TokenBatch};

use crate::fixtures::{adapters, decoder, decoders, device, rows, values};

/// The most probable token after a row, computed without anything kept.
fn next(decoder: &Decoder, row: &[u32], adapter: Option<&Adapter>) -> u32 {
    let batch = TokenBatch::new(&[row.to_vec()], 0, &device());
    let states = decoder.forward(&batch, adapter);
    let logits = values(
        decoder
            .logits(states, &batch, adapter)
            .narrow(1, row.len() - 1, 1),
    );
    let mut best = 0;
    for (token, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = token;
        }
    }
    best as u32
}

fn anew(decoder: &Decoder, prompt: &[u32], adapter: Option<&Adapter>, generation: &Generation) -> Vec<u32> {
    let mut row = prompt.to_vec();
    while row.len() < prompt.len() + generation.max_new_tokens {
        row.push(next(decoder, &row, adapter));
        if row.last().is_some_and(|last| generation.stop.contains(last)) {
            break;
        }
    }
    row.split_off(prompt.len())
}

#[test]
fn kept_keys_and_values_change_no_token_and_a_batch_is_its_rows() {
    let generation = Generation {
        max_new_tokens: 12,
        stop: vec![],
    };
    let prompts = rows();
    for (name, network) in decoders() {
        let decoder = decoder(&network);
        let expected: Vec<Vec<u32>> = prompts
            .iter()
            .map(|prompt| anew(decoder, prompt, None, &generation))
            .collect();
        let together = decoder.generate(&prompts, None, &generation, &device());
        assert_eq!(together, expected, "{name}");
        for (prompt, expected) in prompts.iter().zip(&expected) {
            let alone = decoder.generate(std::slice::from_ref(prompt), None, &generation, &device());
            assert_eq!(&alone[0], expected, "{name}, {} tokens", prompt.len());
        }
    }
}

#[test]
fn an_adapter_of_any_kind_answers_as_by_computing_anew() {
    let generation = Generation {
        max_new_tokens: 6,
        stop: vec![],
    };
    // The tokens that call the activated adapter of the fixtures: in the middle, at the end, not at all, twice.
    let call = [7_u32, 12, 9];
    let prompts = [
        [&[3, 4], &call[..], &[20, 30, 40]].concat(),
        [&[5, 60, 61, 62, 33], &call[..]].concat(),
        vec![11, 12, 13, 14],
        [&call[..], &[50], &call[..], &[51]].concat(),
    ];
    for (_, network) in decoders() {
        let name = &decoder(&network).config().architecture;
        let folder = match *name {
            "gemma3_text" => "gemma3",
            "llama" => continue,
            other => other,
        };
        for (path, adapter) in adapters(folder, &network) {
            let decoder = decoder(&network);
            // An activated adapter is called by the prompt, and by nothing that it says itself.
            let expected: Vec<Vec<u32>> = prompts
                .iter()
                .map(|prompt| anew(decoder, prompt, Some(&adapter), &generation))
                .collect();
            let found = decoder.generate(&prompts, Some(&adapter), &generation, &device());
            assert_eq!(found, expected, "{path}");
        }
    }
}

#[test]
fn an_answer_ends_at_its_stop_token_and_others_go_on() {
    let prompts = rows();
    let (_, network) = decoders().find(|(name, _)| *name == "llama").unwrap();
    let decoder = decoder(&network);
    let free = Generation {
        max_new_tokens: 10,
        stop: vec![],
    };
    let answers = decoder.generate(&prompts, None, &free, &device());
    // A token that one answer comes to in its middle.
    let stopping = Generation {
        stop: vec![answers[1][3]],
        ..free.clone()
    };
    let stopped = decoder.generate(&prompts, None, &stopping, &device());
    for (stopped, free) in stopped.iter().zip(&answers) {
        let end = free.iter().position(|token| stopping.stop.contains(token));
        let expected = end.map_or(&free[..], |end| &free[..=end]);
        assert_eq!(stopped, expected);
    }
    assert!(stopped.iter().any(|answer| answer.len() < 10));
    let nothing = decoder.generate(&[vec![]], None, &free, &device());
    assert_eq!(nothing, [Vec::<u32>::new()]);
}
