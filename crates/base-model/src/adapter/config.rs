//! `adapter_config.json`, as PEFT writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{AdapterError, patterns::Patterns};
use crate::{
    ConfigError, Slot,
    config::{Fields, positive_in, size_in},
};

/// What an adapter is for, in PEFT's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskType {
    /// A label head on an encoder.
    SeqCls,
    /// Next tokens of a decoder.
    CausalLm,
}

impl TaskType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SeqCls => "SEQ_CLS",
            Self::CausalLm => "CAUSAL_LM",
        }
    }
}

/// Which projections are adapted, and how wide the update is (Hu et al. 2021, arXiv:2106.09685).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterConfig {
    /// Name or path of the base model, for people; the base is identified by content elsewhere.
    pub base_model_name_or_path: String,
    /// What the adapter is for.
    pub task_type: TaskType,
    /// Rank of the update; at least 1.
    pub r: usize,
    /// Numerator of the scale: the update counts `lora_alpha / r`, or `lora_alpha / sqrt(r)` if
    /// rank-stabilised.
    pub lora_alpha: f64,
    /// Whether the scale is rank-stabilised (Kalajdzievski 2023, arXiv:2312.03732).
    pub use_rslora: bool,
    /// Ranks of projections that have another than `r`, by pattern; see [`AdapterConfig::alpha_pattern`].
    #[serde(default)]
    pub rank_pattern: BTreeMap<String, usize>,
    /// Numerators of projections that have another than `lora_alpha`, by pattern: a regular expression for the end of
    /// a projection's path from where a part begins, as PEFT's `get_pattern_key` matches it.
    #[serde(default)]
    pub alpha_pattern: BTreeMap<String, f64>,
    /// Names of the projections: a target matches a path that equals it or ends in `.` and it. The list
    /// `["all-linear"]` matches every projection.
    pub target_modules: Vec<String>,
    /// Modules that are trained and saved whole; the label head's name.
    pub modules_to_save: Vec<String>,
}

impl AdapterConfig {
    /// An adapter of rank 16 and alpha 32 on every projection.
    #[must_use]
    pub fn new(base_model_name_or_path: impl Into<String>, task_type: TaskType) -> Self {
        let modules_to_save = match task_type {
            TaskType::SeqCls => vec!["classifier".to_owned(), "score".to_owned()],
            TaskType::CausalLm => Vec::new(),
        };
        Self {
            base_model_name_or_path: base_model_name_or_path.into(),
            task_type,
            r: 16,
            lora_alpha: 32.0,
            use_rslora: false,
            rank_pattern: BTreeMap::new(),
            alpha_pattern: BTreeMap::new(),
            target_modules: vec!["all-linear".to_owned()],
            modules_to_save,
        }
    }

    /// The update of every slot, `None` for those that are no targets; `prefix` stands before the slots' paths in the
    /// task model.
    ///
    /// # Errors
    ///
    /// [`AdapterError::NoTarget`] if a pattern matches no slot, [`AdapterError::Config`] if a rank is 0 or a pattern
    /// cannot be used.
    pub(super) fn updates(&self, slots: &[Slot], prefix: &str) -> Result<Vec<Option<Update>>, AdapterError> {
        let targets = self.targets(slots)?;
        let (mut ranks, mut alphas) = (
            Patterns::new("rank_pattern", &self.rank_pattern)?,
            Patterns::new("alpha_pattern", &self.alpha_pattern)?,
        );
        let updates = slots
            .iter()
            .zip(targets)
            .map(|(slot, is_target)| {
                if !is_target {
                    return Ok(None);
                }
                let path = format!("{prefix}{}", slot.path);
                let rank = ranks.value(&path)?.unwrap_or(self.r);
                let alpha = alphas.value(&path)?.unwrap_or(self.lora_alpha);
                let divisor = if self.use_rslora {
                    (rank as f64).sqrt()
                } else {
                    rank as f64
                };
                Ok(Some(Update {
                    rank,
                    scale: alpha / divisor,
                }))
            })
            .collect::<Result<_, AdapterError>>()?;
        ranks.all_matched()?;
        alphas.all_matched()?;
        Ok(updates)
    }

    /// Which slots are targets.
    fn targets(&self, slots: &[Slot]) -> Result<Vec<bool>, AdapterError> {
        if self.r == 0 {
            let field = ConfigError::Field {
                field: "r".to_owned(),
                expected: "a positive whole number",
            };
            return Err(AdapterError::Config(field));
        }
        let matches = |target: &str, path: &str| {
            target == "all-linear"
                || path
                    .strip_suffix(target)
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        for target in &self.target_modules {
            if !slots.iter().any(|slot| matches(target, &slot.path)) {
                return Err(AdapterError::NoTarget {
                    pattern: target.clone(),
                });
            }
        }
        if self.target_modules.is_empty() {
            return Err(AdapterError::NoTarget {
                pattern: String::new(),
            });
        }
        let is_target = |slot: &Slot| {
            self.target_modules
                .iter()
                .any(|target| matches(target, &slot.path))
        };
        Ok(slots.iter().map(is_target).collect())
    }

    /// Reads what PEFT wrote; a field that would change the output and is not implemented is an error.
    pub(super) fn from_json(json: &Map<String, Value>) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(json, "a LoRA adapter");
        fields.only("peft_type", &json!("LORA"), "\"LORA\"")?;
        fields.only("bias", &json!("none"), "\"none\"")?;
        for neutral in [
            "inference_mode",
            "init_lora_weights",
            "lora_dropout",
            "megatron_core",
            "peft_version",
            "qalora_group_size",
            "revision",
            "layers_pattern",
            "auto_mapping",
            "ensure_weight_tying",
        ] {
            fields.get(neutral);
        }
        let names = |value: Option<&Value>| -> Option<Vec<String>> {
            match value? {
                Value::String(name) if name == "all-linear" => Some(vec![name.clone()]),
                Value::Array(items) => items
                    .iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect(),
                _ => None,
            }
        };
        let targets = names(fields.get("target_modules")).ok_or(ConfigError::Field {
            field: "target_modules".to_owned(),
            expected: "a list of module names or \"all-linear\"",
        })?;
        let modules_to_save = match fields.get("modules_to_save") {
            None => Vec::new(),
            some => names(some).ok_or(ConfigError::Field {
                field: "modules_to_save".to_owned(),
                expected: "a list of module names",
            })?,
        };
        let task_type = fields
            .get("task_type")
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .ok_or(ConfigError::Field {
                field: "task_type".to_owned(),
                expected: "\"SEQ_CLS\" or \"CAUSAL_LM\"",
            })?;
        let name = fields
            .get("base_model_name_or_path")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let config = Self {
            base_model_name_or_path: name.to_owned(),
            task_type,
            r: fields.size("r")?,
            lora_alpha: fields.positive("lora_alpha")?,
            use_rslora: fields.flag_or("use_rslora", false)?,
            rank_pattern: by_pattern(&mut fields, "rank_pattern", size_in)?,
            alpha_pattern: by_pattern(&mut fields, "alpha_pattern", positive_in)?,
            target_modules: targets,
            modules_to_save,
        };
        fields.finish()?;
        Ok(config)
    }

    /// The fields that PEFT needs to load the adapter.
    pub(super) fn to_json(&self) -> Value {
        let alphas: Map<String, Value> = self
            .alpha_pattern
            .iter()
            .map(|(pattern, &alpha)| (pattern.clone(), number(alpha)))
            .collect();
        let targets = match self.target_modules.as_slice() {
            [all] if all == "all-linear" => json!(all),
            names => json!(names),
        };
        let saved = (!self.modules_to_save.is_empty()).then_some(&self.modules_to_save);
        json!({
            "base_model_name_or_path": self.base_model_name_or_path,
            "bias": "none",
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "alpha_pattern": alphas,
            "lora_alpha": number(self.lora_alpha),
            "lora_dropout": 0.0,
            "modules_to_save": saved,
            "peft_type": "LORA",
            "r": self.r,
            "rank_pattern": self.rank_pattern,
            "target_modules": targets,
            "task_type": self.task_type.name(),
            "use_dora": false,
            "use_rslora": self.use_rslora,
        })
    }
}

/// The update of one projection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Update {
    pub(super) rank: usize,
    /// What the product of the factors is multiplied with.
    pub(super) scale: f64,
}

/// A field that maps patterns to values, if it is there.
fn by_pattern<T>(
    fields: &mut Fields<'_>,
    field: &'static str,
    value: impl Fn(&Value) -> Option<T>,
) -> Result<BTreeMap<String, T>, ConfigError> {
    let wrong = || ConfigError::Field {
        field: field.to_owned(),
        expected: "an object of positive numbers",
    };
    fields
        .object(field)?
        .into_iter()
        .flatten()
        .map(|(pattern, found)| Ok((pattern.clone(), value(found).ok_or_else(wrong)?)))
        .collect()
}

/// A number, without a point where it is whole, as PEFT writes it.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}
