//! What differs between the layers of one model.

use super::{Fields, Rope};
use crate::ConfigError;

/// What a layer's attention sees, and how it knows positions.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerConfig {
    /// The largest distance between a token and one that it sees, in tokens; `None` is no limit.
    pub reach: Option<usize>,
    /// How positions become angles; `None` where they are part of the tokens' states.
    pub rope: Option<Rope>,
}

/// The two kinds of layers that `layer_types` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerKind {
    Full,
    Sliding,
}

impl LayerKind {
    /// Reads `layer_types`, or takes the kind of every layer from its number where there is none.
    pub(super) fn read_all(
        fields: &mut Fields<'_>,
        layers: usize,
        default: impl Fn(usize) -> Self,
    ) -> Result<Vec<Self>, ConfigError> {
        let wrong = || ConfigError::Field {
            field: "layer_types".to_owned(),
            expected: "a list of \"full_attention\" and \"sliding_attention\", one a layer",
        };
        let kinds: Vec<Self> = match fields.get("layer_types") {
            None => (0..layers).map(default).collect(),
            Some(value) => value
                .as_array()
                .into_iter()
                .flatten()
                .map(|kind| match kind.as_str() {
                    Some("full_attention") => Ok(Self::Full),
                    Some("sliding_attention") => Ok(Self::Sliding),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()?,
        };
        (kinds.len() == layers).then_some(kinds).ok_or_else(wrong)
    }

    /// The reaches of such layers in a model whose sliding layers have the given one.
    pub(super) fn reaches(kinds: &[Self], sliding: Option<usize>) -> Result<Vec<Option<usize>>, ConfigError> {
        kinds.iter().map(|kind| kind.reach(sliding)).collect()
    }

    fn reach(self, sliding: Option<usize>) -> Result<Option<usize>, ConfigError> {
        match (self, sliding) {
            (Self::Full, _) => Ok(None),
            (Self::Sliding, Some(reach)) => Ok(Some(reach)),
            (Self::Sliding, None) => Err(ConfigError::Field {
                field: "sliding_window".to_owned(),
                expected: "a whole number, although layer_types names sliding layers",
            }),
        }
    }
}

/// The reach of a causal window of `window` tokens, the token itself among them.
pub(super) fn causal_reach(window: usize) -> usize {
    // Sizes are at least 1.
    window - 1
}
