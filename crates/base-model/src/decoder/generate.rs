//! Answers token by token.

use burn::tensor::{Device, Int, Tensor};

use super::{Decoder, Wanted, past::Past};
use crate::{Adapter, TokenBatch, adapter::Tuning, batch::pick};

/// How far an answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// The most tokens of an answer.
    pub max_new_tokens: usize,
    /// Tokens that end an answer, and are its last.
    pub stop: Vec<u32>,
}

impl Decoder {
    /// The most probable next token again and again, for every prompt (greedy decoding); of equals, the one of the lowest
    /// id.
    ///
    /// Keys and values of what has been computed are kept, so that every token is computed once. A prompt is answered as
    /// it would be alone, and as by computing everything anew for each token, to rounding. An answer to a prompt of no
    /// tokens is empty.
    #[must_use]
    pub fn generate(
        &self,
        prompts: &[Vec<u32>],
        adapter: Option<&Adapter>,
        generation: &Generation,
        device: &Device,
    ) -> Vec<Vec<u32>> {
        self.generate_each(prompts, adapter, generation, device, |_, _| {})
    }

    /// The same, telling `each` token as soon as it is known, with its prompt's number.
    #[must_use]
    pub fn generate_each(
        &self,
        prompts: &[Vec<u32>],
        adapter: Option<&Adapter>,
        generation: &Generation,
        device: &Device,
        mut each: impl FnMut(usize, u32),
    ) -> Vec<Vec<u32>> {
        let mut answers = vec![Vec::new(); prompts.len()];
        // Rows that are still being answered, by their prompt's number.
        let mut open: Vec<usize> = (0..prompts.len())
            .filter(|&row| !prompts[row].is_empty())
            .collect();
        if open.is_empty() || generation.max_new_tokens == 0 {
            return answers;
        }
        let rows: Vec<Vec<u32>> = open.iter().map(|&row| prompts[row].clone()).collect();
        let mut batch = TokenBatch::new(&rows, 0, device);
        let mut past = Past::none(adapter);
        // Called or not, row by row: what comes after a call is under the adapter.
        let mut called = vec![false; open.len()];
        loop {
            let places: Vec<Vec<usize>> = batch.last_places();
            let tuning = adapter.map(|adapter| Tuning::after(adapter, &batch, &called));
            let states = self.extend(&mut past, &batch, Wanted::At(&places), tuning.as_ref());
            let next = match states {
                Some(states) => {
                    let tuning = tuning
                        .as_ref()
                        .map(|tuning| tuning.at(|active| pick(active, &places)));
                    highest(self.head(states, tuning.as_ref()))
                }
                None => return answers,
            };
            if let Some(tuning) = &tuning {
                called = tuning.called(&batch, &called);
            }
            let mut going = Vec::new();
            for (index, &token) in next.iter().enumerate() {
                let answer = &mut answers[open[index]];
                answer.push(token);
                each(open[index], token);
                if answer.len() < generation.max_new_tokens && !generation.stop.contains(&token) {
                    going.push(index);
                }
            }
            if going.is_empty() {
                return answers;
            }
            if going.len() < open.len() {
                past.keep(&going, device);
                called = going.iter().map(|&index| called[index]).collect();
                open = going.iter().map(|&index| open[index]).collect();
            }
            let rows: Vec<Vec<u32>> = going.iter().map(|&index| vec![next[index]]).collect();
            batch = TokenBatch::new(&rows, 0, device).after(&past.tokens.lengths());
        }
    }
}

/// The token of the highest score in each row, `[batch, 1, vocab]`.
fn highest(logits: Tensor<3>) -> Vec<u32> {
    let ids: Tensor<3, Int> = logits.argmax(2);
    ids.into_data().iter::<i64>().map(|id| id as u32).collect()
}
