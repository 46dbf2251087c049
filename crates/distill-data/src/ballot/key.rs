//! A ballot as bytes that sort: what one memory and an engine that sorts on disk both compare.

use std::collections::BTreeMap;

use super::Ballot;
use crate::confidence::{Confidence, ConfidenceKind};

/// Of confidences, by their place in a key.
const KINDS: [ConfidenceKind; 5] = [
    ConfidenceKind::Distribution,
    ConfidenceKind::TokenLogprobs,
    ConfidenceKind::Votes,
    ConfidenceKind::SelfReported,
    ConfidenceKind::Repeats,
];
/// What stands in the place of a kind where nothing is known.
const UNKNOWN: u8 = u8::MAX;

impl Ballot {
    /// The ballot as bytes, from which [`from_key`](Self::from_key) makes it again. Sorted by them, the surest ballots come
    /// first and those of unknown confidence last; equal bytes are equal ballots.
    ///
    /// Sums over the calls of a text have the same bits wherever they are made in the order of these keys.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(24 + 8 * self.votes.len() + 12 * self.distribution.len());
        // As the bits of a float that is not negative rise with it, their complement falls.
        let sure = self.confidence.map_or(0, |found| found.value.abs().to_bits());
        key.extend((!sure).to_be_bytes());
        key.push(self.confidence.map_or(UNKNOWN, |found| {
            let place = KINDS.iter().position(|&kind| kind == found.kind);
            place.map_or(UNKNOWN, |place| place as u8)
        }));
        let mut number = |number: usize| key.extend(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
        number(self.asked);
        number(self.votes.len());
        for (&label, &votes) in &self.votes {
            number(label);
            number(votes);
        }
        for (&label, &probability) in &self.distribution {
            key.extend(u32::try_from(label).unwrap_or(u32::MAX).to_be_bytes());
            key.extend(probability.abs().to_bits().to_be_bytes());
        }
        key
    }

    /// The ballot of a [`key`](Self::key); `None` of bytes that are none.
    #[must_use]
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let mut rest = key;
        let value = f64::from_bits(!u64::from_be_bytes(taken(&mut rest)?));
        let [kind] = taken(&mut rest)?;
        let kind = match kind {
            UNKNOWN => None,
            place => Some(*KINDS.get(usize::from(place))?),
        };
        let asked = number(&mut rest)?;
        let mut votes = BTreeMap::new();
        for _ in 0..number(&mut rest)? {
            votes.insert(number(&mut rest)?, number(&mut rest)?);
        }
        let mut distribution = BTreeMap::new();
        while !rest.is_empty() {
            let label = number(&mut rest)?;
            distribution.insert(label, f64::from_bits(u64::from_be_bytes(taken(&mut rest)?)));
        }
        Some(Self {
            votes,
            asked,
            confidence: kind.map(|kind| Confidence { value, kind }),
            distribution,
            has_odd_confidence: false,
        })
    }
}

/// The next bytes.
fn taken<const COUNT: usize>(rest: &mut &[u8]) -> Option<[u8; COUNT]> {
    let (bytes, after) = rest.split_first_chunk::<COUNT>()?;
    *rest = after;
    Some(*bytes)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(taken(rest)?)).ok()
}

#[cfg(test)]
mod tests;
