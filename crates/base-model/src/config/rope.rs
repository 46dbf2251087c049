//! How positions become angles.

use std::f64::consts::TAU;

use serde_json::{Map, Value, json};

use super::Fields;
use crate::ConfigError;

/// Rotary positions (Su et al. 2021, arXiv:2104.09864): the pair `i` of a head turns by
/// `position * theta^(-2 i / d_head)`, where that frequency may be scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rope {
    /// Base of the frequencies.
    pub theta: f64,
    /// What is done to them for contexts longer than those of pretraining.
    pub scaling: RopeScaling,
}

/// What is done to rotary frequencies for long contexts.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RopeScaling {
    /// Nothing.
    None,
    /// Llama 3.1's: slow pairs turn slower by a factor, fast ones as before, those between by a mean of both
    /// (`rope_type` `llama3`; as transformers' `_compute_llama3_parameters` computes it).
    Llama3(Llama3Scaling),
}

/// The numbers of [`RopeScaling::Llama3`], named as in `config.json`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Llama3Scaling {
    /// By how much slow pairs turn slower.
    pub factor: f64,
    /// A pair is slow if it turns fewer times than this within the original context.
    pub low_freq_factor: f64,
    /// A pair is fast if it turns more often than this within the original context; above `low_freq_factor`.
    pub high_freq_factor: f64,
    /// The original context, in tokens.
    pub original_max_position_embeddings: usize,
}

impl Rope {
    /// Unscaled frequencies.
    #[must_use]
    pub fn new(theta: f64) -> Self {
        Self {
            theta,
            scaling: RopeScaling::None,
        }
    }

    /// Radians a token of each of the `d_head / 2` pairs.
    pub(crate) fn frequencies(&self, d_head: usize) -> Vec<f64> {
        (0..d_head / 2)
            .map(|i| self.theta.powf(-2.0 * i as f64 / d_head as f64))
            .map(|frequency| match &self.scaling {
                RopeScaling::None => frequency,
                RopeScaling::Llama3(scaling) => scaling.scaled(frequency),
            })
            .collect()
    }

    /// Reads `rope_parameters`, as transformers 5 writes it, or `rope_theta` and `rope_scaling` before it.
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, ConfigError> {
        let (parameters, scaling) = (fields.object("rope_parameters")?, fields.object("rope_scaling")?);
        let Some(parameters) = parameters else {
            return Ok(Self {
                theta: fields.positive("rope_theta")?,
                scaling: match scaling {
                    None => RopeScaling::None,
                    Some(scaling) => RopeScaling::read(Fields::new(scaling, "llama"))?,
                },
            });
        };
        // Both: transformers goes by the newer one and leaves the older as it was.
        fields.get("rope_theta");
        let mut inner = Fields::new(parameters, "llama");
        let theta = inner.positive("rope_theta")?;
        Ok(Self {
            theta,
            scaling: RopeScaling::read(inner)?,
        })
    }

    /// The fields of `config.json`: `rope_theta`, and `rope_parameters` where frequencies are scaled.
    pub(super) fn write(&self, json: &mut Map<String, Value>) {
        json.insert("rope_theta".to_owned(), json!(self.theta));
        if let RopeScaling::Llama3(scaling) = &self.scaling {
            let parameters = json!({
                "rope_type": "llama3",
                "rope_theta": self.theta,
                "factor": scaling.factor,
                "low_freq_factor": scaling.low_freq_factor,
                "high_freq_factor": scaling.high_freq_factor,
                "original_max_position_embeddings": scaling.original_max_position_embeddings,
            });
            json.insert("rope_parameters".to_owned(), parameters);
        }
    }
}

impl RopeScaling {
    fn read(mut fields: Fields<'_>) -> Result<Self, ConfigError> {
        // Older files say `type`.
        let kind = fields.get("rope_type").or(fields.get("type"));
        let scaling = match kind.and_then(Value::as_str) {
            Some("llama3") => Self::Llama3(Llama3Scaling::read(&mut fields)?),
            Some("default") => Self::None,
            None if kind.is_none() => Self::None,
            _ => {
                return Err(ConfigError::Unsupported {
                    field: "rope_type".to_owned(),
                    found: kind.map_or_else(String::new, Value::to_string),
                    supported: "\"default\" and \"llama3\"",
                });
            }
        };
        fields.finish()?;
        Ok(scaling)
    }
}

impl Llama3Scaling {
    fn read(fields: &mut Fields<'_>) -> Result<Self, ConfigError> {
        let scaling = Self {
            factor: fields.positive("factor")?,
            low_freq_factor: fields.positive("low_freq_factor")?,
            high_freq_factor: fields.positive("high_freq_factor")?,
            original_max_position_embeddings: fields.size("original_max_position_embeddings")?,
        };
        if scaling.high_freq_factor <= scaling.low_freq_factor {
            return Err(ConfigError::Field {
                field: "high_freq_factor".to_owned(),
                expected: "more than low_freq_factor",
            });
        }
        Ok(scaling)
    }

    fn scaled(&self, frequency: f64) -> f64 {
        let turns = self.original_max_position_embeddings as f64 * frequency / TAU;
        let slowed = frequency / self.factor;
        let fast = (turns - self.low_freq_factor) / (self.high_freq_factor - self.low_freq_factor);
        match fast {
            _ if fast <= 0.0 => slowed,
            _ if fast >= 1.0 => frequency,
            _ => (1.0 - fast) * slowed + fast * frequency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: `inv_freq` of transformers 5.23.0 in f32, by `tests/oracle/rope.py`; the tolerance is that of f32.
    #[test]
    fn frequencies_match_transformers() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../../tests/oracle/rope.json")).unwrap();
        assert!(cases.len() >= 4);
        for case in &cases {
            let config = case["config"].as_object().unwrap();
            let rope = Rope::read(&mut Fields::new(config, "llama")).unwrap();
            let d_head = case["head_dim"].as_u64().unwrap() as usize;
            let expected = case["inv_freq"].as_array().unwrap();
            let found = rope.frequencies(d_head);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                let expected = expected.as_f64().unwrap();
                assert!(
                    (found / expected - 1.0).abs() < 1e-6,
                    "{found} and {expected} in {case}"
                );
            }
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for scaling in [
            RopeScaling::None,
            RopeScaling::Llama3(Llama3Scaling {
                factor: 32.0,
                low_freq_factor: 1.0,
                high_freq_factor: 4.0,
                original_max_position_embeddings: 8192,
            }),
        ] {
            let rope = Rope { theta: 5e5, scaling };
            let mut json = Map::new();
            rope.write(&mut json);
            assert_eq!(Rope::read(&mut Fields::new(&json, "llama")), Ok(rope));
        }
    }

    #[test]
    fn other_scalings_are_named() {
        let read = |scaling: Value| {
            let json = json!({"rope_theta": 1e4, "rope_scaling": scaling});
            Rope::read(&mut Fields::new(json.as_object().unwrap(), "llama"))
                .unwrap_err()
                .to_string()
        };
        assert!(read(json!({"rope_type": "yarn", "factor": 4.0})).contains("yarn"));
        assert!(read(json!({"type": "linear", "factor": 4.0})).contains("linear"));
        assert!(read(json!({"rope_type": "default", "factor": 4.0})).contains("factor"));
        assert!(read(json!("linear")).contains("rope_scaling"));
        let equal = json!({
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64
        });
        assert!(read(equal).contains("high_freq_factor"));
    }
}
