//! How sure the teacher was, and how that is known.

use serde::{Deserialize, Serialize};

/// Where a confidence comes from. A log's best source is used, in the order of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ConfidenceKind {
    /// The answer's part of the whole distribution over what could be answered, as decision models give it: calibrated by
    /// who sells them, on other people's labels.
    Distribution,
    /// The product of the probabilities of the answer's own tokens: the model's probability of what it wrote.
    TokenLogprobs,
    /// Agreement of the `n` choices of one call, by the rule of succession: (agreeing + 1) / (n + 2), so
    /// that a few unanimous votes are no certainty.
    Votes,
    /// What the teacher wrote about itself. Over-confident until it is calibrated on reviewed rows.
    SelfReported,
    /// Agreement of at least three calls with the same text, by the rule of succession. The weakest source:
    /// a teacher at temperature 0 agrees with itself.
    Repeats,
}

impl ConfidenceKind {
    /// The name in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Distribution => "distribution",
            Self::TokenLogprobs => "token-logprobs",
            Self::Votes => "votes",
            Self::SelfReported => "self-reported",
            Self::Repeats => "repeats",
        }
    }

    /// Where it comes from, in words.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Distribution => "the probabilities of all labels",
            Self::TokenLogprobs => "the probability of the words that were written",
            Self::Votes => "the agreement of several answers to one call",
            Self::SelfReported => "what the teacher said of itself",
            Self::Repeats => "the agreement of calls of one text",
        }
    }
}

/// A confidence and its kind. A log that holds none has `None`, never a 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// A probability in 0..1.
    pub value: f64,
    /// Where it comes from.
    pub kind: ConfidenceKind,
}

/// The fewest calls of one text whose agreement is taken for a confidence.
pub(crate) const LEAST_REPEATS: usize = 3;

/// Laplace's rule of succession: the mean of the probability of agreement under a flat prior.
pub(crate) fn succession(agreeing: usize, asked: usize) -> f64 {
    (agreeing as f64 + 1.0) / (asked as f64 + 2.0)
}
