//! What tokens cost.

use serde::{Deserialize, Serialize};

use crate::TokenCounts;

/// The prices of a model that is paid for by the token.
///
/// Providers bill tokens of a request that they had cached at a lower price; here they cost as much as the others, so that a
/// cost is never told too low.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPrices {
    /// US dollars for a million tokens of requests.
    pub input_usd_per_million: f64,
    /// US dollars for a million tokens of answers.
    pub output_usd_per_million: f64,
}

impl TokenPrices {
    /// What so many tokens cost, in US dollars.
    #[must_use]
    pub fn cost_usd(&self, tokens: TokenCounts) -> f64 {
        let input = tokens.input as f64 * self.input_usd_per_million;
        let output = tokens.output as f64 * self.output_usd_per_million;
        (input + output) / 1e6
    }

    /// Each price with the name of its setting.
    pub(super) fn named(&self) -> [(&'static str, f64); 2] {
        [
            ("prices.input_usd_per_million", self.input_usd_per_million),
            ("prices.output_usd_per_million", self.output_usd_per_million),
        ]
    }
}
