//! How positions become angles.

use std::f64::consts::TAU;

use serde_json::{Map, Value};

use super::{Fields, LayerConfig, layer::LayerKind};
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

/// What is done to rotary frequencies for long contexts; `rope_type` in `config.json`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum RopeScaling {
    /// Nothing.
    None,
    /// All pairs turn slower by this factor.
    Linear(f64),
    /// The base of the frequencies grows with a text that is longer than `max_position_embeddings`, as transformers'
    /// `_compute_dynamic_ntk_parameters` computes it: beyond that length, and only there, the rows of a batch depend on
    /// the longest.
    Dynamic {
        /// How fast the base grows.
        factor: f64,
        /// The length up to which nothing is changed, in tokens.
        max_position_embeddings: usize,
    },
    /// Llama 3.1's: slow pairs turn slower by a factor, fast ones as before, those between by a mean of both
    /// (as transformers' `_compute_llama3_parameters` computes it).
    Llama3(Llama3Scaling),
    /// YaRN (Peng et al. 2023, arXiv:2309.00071, section 3): the same with another ramp, and sharper attention.
    Yarn(YarnScaling),
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

/// The numbers of [`RopeScaling::Yarn`], named as in `config.json`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YarnScaling {
    /// By how much slow pairs turn slower.
    pub factor: f64,
    /// A pair is fast if it turns more often than this within the original context.
    pub beta_fast: f64,
    /// A pair is slow if it turns fewer times than this within the original context.
    pub beta_slow: f64,
    /// The original context, in tokens.
    pub original_max_position_embeddings: usize,
    /// Whether the ramp between fast and slow begins and ends at whole pairs.
    pub truncate: bool,
    /// What turned queries and keys are multiplied with.
    pub attention_factor: f64,
}

/// The base of the frequencies where a config names none, as in transformers.
const DEFAULT_THETA: f64 = 10_000.0;

impl Rope {
    /// Radians a token of each of the `d_head / 2` pairs, for texts of up to `length` tokens.
    pub(crate) fn frequencies(&self, d_head: usize, length: usize) -> Vec<f64> {
        let theta = match self.scaling {
            RopeScaling::Dynamic {
                factor,
                max_position_embeddings: most,
            } if length > most => {
                let growth = factor * length as f64 / most as f64 - (factor - 1.0);
                self.theta * growth.powf(d_head as f64 / (d_head as f64 - 2.0))
            }
            _ => self.theta,
        };
        (0..d_head / 2)
            .map(|pair| {
                let frequency = theta.powf(-2.0 * pair as f64 / d_head as f64);
                match &self.scaling {
                    RopeScaling::None | RopeScaling::Dynamic { .. } => frequency,
                    RopeScaling::Linear(factor) => frequency / factor,
                    RopeScaling::Llama3(scaling) => scaling.scaled(frequency),
                    RopeScaling::Yarn(scaling) => scaling.scaled(frequency, pair, self.theta, d_head),
                }
            })
            .collect()
    }

    /// What turned queries and keys are multiplied with.
    pub(crate) fn magnitude(&self) -> f64 {
        match &self.scaling {
            RopeScaling::Yarn(scaling) => scaling.attention_factor,
            _ => 1.0,
        }
    }

    /// Reads `rope_parameters`, as transformers 5 writes it, or `rope_theta` and `rope_scaling` before it.
    pub(super) fn read(fields: &mut Fields<'_>, max_positions: usize) -> Result<Self, ConfigError> {
        let (parameters, scaling) = (fields.object("rope_parameters")?, fields.object("rope_scaling")?);
        let outer = fields.positive_or("rope_theta", DEFAULT_THETA)?;
        // Both: transformers goes by the older name.
        match scaling.filter(|scaling| !scaling.is_empty()).or(parameters) {
            Some(parameters) => Self::of(&[parameters], outer, max_positions),
            None => Ok(Self {
                theta: outer,
                scaling: RopeScaling::None,
            }),
        }
    }

    /// Reads the parameters of one rotation; what comes first counts.
    fn of(parameters: &[&Map<String, Value>], theta: f64, max_positions: usize) -> Result<Self, ConfigError> {
        let mut all = Map::new();
        for (field, value) in parameters.iter().copied().flatten() {
            all.entry(field.clone()).or_insert_with(|| value.clone());
        }
        let mut fields = Fields::new(&all, "a rotation");
        Ok(Self {
            theta: fields.positive_or("rope_theta", theta)?,
            scaling: RopeScaling::read(fields, max_positions)?,
        })
    }
}

/// The rotations of a model whose sliding layers have their own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ropes {
    full: Rope,
    sliding: Rope,
}

impl Ropes {
    /// Layers of these kinds, where the sliding ones have the given reach.
    pub(super) fn layers(
        &self,
        kinds: &[LayerKind],
        sliding: Option<usize>,
    ) -> Result<Vec<LayerConfig>, ConfigError> {
        let reaches = LayerKind::reaches(kinds, sliding)?;
        let layers = kinds.iter().zip(reaches).map(|(kind, reach)| {
            let rope = match kind {
                LayerKind::Full => self.full,
                LayerKind::Sliding => self.sliding,
            };
            LayerConfig {
                reach,
                rope: Some(rope),
            }
        });
        Ok(layers.collect())
    }
}

/// How such a model's config names its rotations: `rope_parameters` by kind of layer, or before transformers 5 the two
/// bases in fields of their own, with their defaults.
pub(super) struct ByKind {
    pub(super) full: (&'static str, f64),
    pub(super) sliding: (&'static str, f64),
    /// Whether `rope_scaling` is for the sliding layers too.
    pub(super) scales_sliding: bool,
}

impl ByKind {
    pub(super) fn read(&self, fields: &mut Fields<'_>, max_positions: usize) -> Result<Ropes, ConfigError> {
        let (parameters, scaling) = (fields.object("rope_parameters")?, fields.object("rope_scaling")?);
        let none = Map::new();
        let mut inner = Fields::new(parameters.unwrap_or(&none), "rope_parameters");
        let mut rope = |kind, (outer, default), is_scaled: bool| {
            let own = inner.object(kind)?;
            // What is scaled counts before what the parameters say, as transformers updates the latter.
            let both: Vec<&Map<String, Value>> =
                scaling.filter(|_| is_scaled).into_iter().chain(own).collect();
            Rope::of(&both, fields.positive_or(outer, default)?, max_positions)
        };
        let ropes = Ropes {
            full: rope("full_attention", self.full, true)?,
            sliding: rope("sliding_attention", self.sliding, self.scales_sliding)?,
        };
        inner.finish()?;
        Ok(ropes)
    }
}

impl RopeScaling {
    fn read(mut fields: Fields<'_>, max_positions: usize) -> Result<Self, ConfigError> {
        // Older files say `type`.
        let (kind, older) = (fields.get("rope_type"), fields.get("type"));
        let kind = kind.or(older);
        let scaling = match kind.and_then(Value::as_str) {
            Some("llama3") => Self::Llama3(Llama3Scaling::read(&mut fields, max_positions)?),
            Some("yarn") => Self::Yarn(YarnScaling::read(&mut fields, max_positions)?),
            Some("linear") => Self::Linear(fields.positive("factor")?),
            Some("dynamic") => Self::Dynamic {
                factor: fields.positive("factor")?,
                max_position_embeddings: max_positions,
            },
            Some("default") => Self::None,
            None if kind.is_none() => Self::None,
            _ => {
                return Err(ConfigError::Unsupported {
                    field: "rope_type".to_owned(),
                    found: kind.map_or_else(String::new, Value::to_string),
                    supported: "\"default\", \"linear\", \"dynamic\", \"llama3\" and \"yarn\"",
                });
            }
        };
        if matches!(scaling, Self::None | Self::Linear(_) | Self::Dynamic { .. }) {
            // transformers writes it beside rotations that do not use it.
            fields.ignore(&["original_max_position_embeddings"]);
        }
        fields.only("partial_rotary_factor", &Value::from(1.0), "1.0")?;
        fields.finish()?;
        Ok(scaling)
    }
}

impl Llama3Scaling {
    fn read(fields: &mut Fields<'_>, max_positions: usize) -> Result<Self, ConfigError> {
        let scaling = Self {
            factor: fields.positive("factor")?,
            low_freq_factor: fields.positive("low_freq_factor")?,
            high_freq_factor: fields.positive("high_freq_factor")?,
            original_max_position_embeddings: fields
                .size_or("original_max_position_embeddings", max_positions)?,
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
        let fast = (turns - self.low_freq_factor) / (self.high_freq_factor - self.low_freq_factor);
        mean(frequency, self.factor, fast)
    }
}

impl YarnScaling {
    fn read(fields: &mut Fields<'_>, max_positions: usize) -> Result<Self, ConfigError> {
        let original = fields.size_or("original_max_position_embeddings", max_positions)?;
        let factor = match fields.positive_or_none("factor")? {
            Some(factor) => factor,
            None => max_positions as f64 / original as f64,
        };
        let (mscale, mscale_all_dim) = (
            fields.positive_or_none("mscale")?,
            fields.positive_or_none("mscale_all_dim")?,
        );
        // Section 3.4, and how DeepSeek's configs split it in two.
        let sharpness = |scale: f64| match factor <= 1.0 {
            true => 1.0,
            false => 0.1 * scale * factor.ln() + 1.0,
        };
        let inferred = match (mscale, mscale_all_dim) {
            (Some(above), Some(below)) => sharpness(above) / sharpness(below),
            _ => sharpness(1.0),
        };
        Ok(Self {
            factor,
            beta_fast: fields.positive_or("beta_fast", 32.0)?,
            beta_slow: fields.positive_or("beta_slow", 1.0)?,
            original_max_position_embeddings: original,
            truncate: fields.flag_or("truncate", true)?,
            attention_factor: fields.positive_or("attention_factor", inferred)?,
        })
    }

    fn scaled(&self, frequency: f64, pair: usize, theta: f64, d_head: usize) -> f64 {
        // The pair, as a fraction, that turns so many times within the original context.
        let pair_of = |turns: f64| {
            let context = self.original_max_position_embeddings as f64;
            d_head as f64 * (context / (turns * TAU)).ln() / (2.0 * theta.ln())
        };
        let (mut low, mut high) = (pair_of(self.beta_fast), pair_of(self.beta_slow));
        if self.truncate {
            (low, high) = (low.floor(), high.ceil());
        }
        (low, high) = (low.max(0.0), high.min((d_head - 1) as f64));
        if low == high {
            high += 0.001;
        }
        mean(frequency, self.factor, 1.0 - (pair as f64 - low) / (high - low))
    }
}

/// Between a frequency, of weight `fast` in 0..1, and the one that is slower by `factor`.
fn mean(frequency: f64, factor: f64, fast: f64) -> f64 {
    let slowed = frequency / factor;
    match fast {
        _ if fast <= 0.0 => slowed,
        _ if fast >= 1.0 => frequency,
        _ => (1.0 - fast) * slowed + fast * frequency,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Oracle: `inv_freq` of transformers 5.23.0 in f32, by `tests/oracle/rope.py`; the tolerance is that of f32.
    #[test]
    fn frequencies_match_transformers() {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../../tests/oracle/rope.json")).unwrap();
        assert!(cases.len() >= 4);
        for case in &cases {
            let config = case["config"].as_object().unwrap();
            let rope = Rope::read(&mut Fields::new(config, "llama"), 131_072).unwrap();
            let d_head = case["head_dim"].as_u64().unwrap() as usize;
            let expected = case["inv_freq"].as_array().unwrap();
            let found = rope.frequencies(d_head, 1);
            assert_eq!(found.len(), expected.len());
            let expected_magnitude = case["attention_scaling"].as_f64().unwrap();
            assert!((rope.magnitude() - expected_magnitude).abs() < 1e-9, "{case}");
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
    fn other_scalings_are_named() {
        let read = |scaling: Value| {
            let json = json!({"rope_theta": 1e4, "rope_scaling": scaling});
            Rope::read(&mut Fields::new(json.as_object().unwrap(), "llama"), 4096)
                .unwrap_err()
                .to_string()
        };
        assert!(read(json!({"rope_type": "longrope", "factor": 4.0})).contains("longrope"));
        assert!(read(json!({"type": "linear"})).contains("factor"));
        assert!(
            read(json!({"rope_type": "linear", "factor": 4.0, "partial_rotary_factor": 0.5}))
                .contains("partial")
        );
        assert!(read(json!({"rope_type": "default", "factor": 4.0})).contains("factor"));
        assert!(read(json!("linear")).contains("rope_scaling"));
        let equal = json!({
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64
        });
        assert!(read(equal).contains("high_freq_factor"));
    }
}
