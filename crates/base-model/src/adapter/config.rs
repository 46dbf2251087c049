//! `adapter_config.json`, as PEFT writes it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stage_files::read_json;

use super::{AdapterError, ByPattern, Targets, patterns::Patterns, targets::Role};
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
    /// Ranks of modules that have another than `r`, by pattern; see [`AdapterConfig::alpha_pattern`].
    #[serde(default)]
    pub rank_pattern: ByPattern<usize>,
    /// Numerators of modules that have another than `lora_alpha`, by pattern: a regular expression for the end of
    /// a module's path from where a part begins, as PEFT's `get_pattern_key` matches it. Of several that match, the first
    /// counts.
    #[serde(default)]
    pub alpha_pattern: ByPattern<f64>,
    /// The modules with a low-rank change.
    pub target_modules: Targets,
    /// Targets that are left out after all.
    #[serde(default)]
    pub exclude_modules: Option<Targets>,
    /// The layers, from 0, in which targets are; `None` is all.
    #[serde(default)]
    pub layers_to_transform: Option<Vec<usize>>,
    /// The names of the lists whose numbers `layers_to_transform` speaks of; the first list in a path if there are none.
    #[serde(default)]
    pub layers_pattern: Vec<String>,
    /// Modules that are trained and saved whole, the label head among them: a name stands for every module whose path
    /// ends in it.
    pub modules_to_save: Vec<String>,
    /// Whether the length of the changed weight's rows is trained apart from their direction (DoRA, Liu et al. 2024,
    /// arXiv:2402.09353).
    #[serde(default)]
    pub use_dora: bool,
    /// The tokens from whose last occurrence on the adapter is active (activated LoRA, Greenewald et al. 2025,
    /// arXiv:2504.12397); `None` is everywhere. A row without them is the base model's.
    #[serde(default)]
    pub alora_invocation_tokens: Option<Vec<u32>>,
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
            rank_pattern: ByPattern::new(),
            alpha_pattern: ByPattern::new(),
            target_modules: Targets::AllLinear,
            exclude_modules: None,
            layers_to_transform: None,
            layers_pattern: Vec::new(),
            modules_to_save,
            use_dora: false,
            alora_invocation_tokens: None,
        }
    }

    /// What is done with every slot; `paths` are the slots' paths in the task model.
    ///
    /// # Errors
    ///
    /// As [`AdapterConfig::roles`]; [`AdapterError::Config`] if a rank is 0 or fields contradict one another.
    pub(super) fn changes(
        &self,
        slots: &[Slot],
        paths: &[String],
        is_strict: bool,
    ) -> Result<Vec<Change>, AdapterError> {
        self.check()?;
        let roles = self.roles(slots, paths, is_strict)?;
        let (mut ranks, mut alphas) = (
            Patterns::new("rank_pattern", &self.rank_pattern)?,
            Patterns::new("alpha_pattern", &self.alpha_pattern)?,
        );
        let changes = roles
            .into_iter()
            .zip(paths)
            .map(|(role, path)| match role {
                Role::Frozen => Change::None,
                Role::Saved => Change::Saved,
                Role::Target => {
                    let rank = ranks.value(path).unwrap_or(self.r);
                    let alpha = alphas.value(path).unwrap_or(self.lora_alpha);
                    let divisor = if self.use_rslora {
                        (rank as f64).sqrt()
                    } else {
                        rank as f64
                    };
                    Change::LowRank {
                        rank,
                        scale: alpha / divisor,
                    }
                }
            })
            .collect();
        ranks.all_matched()?;
        alphas.all_matched()?;
        Ok(changes)
    }

    /// The first field in which another config asks for another computation, with both values as JSON, this one's first.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<(String, String, String)> {
        let fields = |config: &Self| serde_json::to_value(config.written()).ok();
        let (Value::Object(own), Value::Object(others)) = (fields(self)?, fields(other)?) else {
            return None;
        };
        // A name for people, and what an encoder without a head of its own adds to.
        let counts = |field: &str| !["base_model_name_or_path", "modules_to_save"].contains(&field);
        own.into_iter()
            .filter(|(field, _)| counts(field))
            .find_map(|(field, own)| {
                let found = others.get(&field).unwrap_or(&Value::Null);
                (*found != own).then(|| (field, own.to_string(), found.to_string()))
            })
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |field: &str, expected| {
            Err(ConfigError::Field {
                field: field.to_owned(),
                expected,
            })
        };
        if self.r == 0 || self.rank_pattern.iter().any(|(_, &rank)| rank == 0) {
            return wrong("r", "a positive whole number");
        }
        match &self.alora_invocation_tokens {
            Some(tokens) if tokens.is_empty() => wrong("alora_invocation_tokens", "one token or more"),
            Some(_) if self.use_dora => wrong("use_dora", "false, as alora_invocation_tokens is set"),
            Some(_) if self.task_type == TaskType::SeqCls => wrong(
                "alora_invocation_tokens",
                "null, as only a decoder can be called in the middle of a text",
            ),
            _ => Ok(()),
        }
    }

    /// Reads what PEFT wrote.
    pub(super) fn read(path: &Path) -> Result<Self, AdapterError> {
        /// The fields in which the order counts, which a map of all fields does not keep.
        #[derive(Deserialize)]
        struct InOrder {
            rank_pattern: Option<ByPattern<Value>>,
            alpha_pattern: Option<ByPattern<Value>>,
        }
        let json: Map<String, Value> = read_json(path)?;
        let mut config = Self::from_json(&json)?;
        let order: InOrder = read_json(path)?;
        config.rank_pattern = config.rank_pattern.in_order_of(order.rank_pattern);
        config.alpha_pattern = config.alpha_pattern.in_order_of(order.alpha_pattern);
        Ok(config)
    }

    /// Takes the fields of the file; a field that would change the output and is not implemented is an error.
    pub(super) fn from_json(json: &Map<String, Value>) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(json, "a LoRA adapter");
        fields.only("peft_type", &json!("LORA"), "\"LORA\"")?;
        fields.only("bias", &json!("none"), "\"none\"")?;
        for neutral in [
            "inference_mode",
            "lora_dropout",
            "megatron_core",
            "peft_version",
            "qalora_group_size",
            "revision",
            "auto_mapping",
        ] {
            fields.get(neutral);
        }
        starts_on_the_base(&mut fields)?;
        let target_modules = targets(&mut fields, "target_modules")?.ok_or(ConfigError::Field {
            field: "target_modules".to_owned(),
            expected: "a list of module names, a regular expression or \"all-linear\"",
        })?;
        let exclude_modules = targets(&mut fields, "exclude_modules")?;
        let layers_to_transform = one_or_more(
            &mut fields,
            "layers_to_transform",
            "a list of layer numbers",
            |value| value.as_u64().and_then(|layer| usize::try_from(layer).ok()),
        )?;
        let layers_pattern = one_or_more(&mut fields, "layers_pattern", "a list of names", name_in)?;
        let modules_to_save = one_or_more(&mut fields, "modules_to_save", "a list of module names", name_in)?;
        let invocation = one_or_more(
            &mut fields,
            "alora_invocation_tokens",
            "a list of token ids",
            |value| value.as_u64().and_then(|id| u32::try_from(id).ok()),
        )?;
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
            target_modules,
            exclude_modules,
            layers_to_transform,
            layers_pattern: layers_pattern.unwrap_or_default(),
            modules_to_save: modules_to_save.unwrap_or_default(),
            use_dora: fields.flag_or("use_dora", false)?,
            alora_invocation_tokens: invocation,
        };
        fields.finish()?;
        Ok(config)
    }

    /// The fields that PEFT needs to load the adapter.
    pub(super) fn written(&self) -> Written<'_> {
        let named = |names: &'_ Vec<String>| (!names.is_empty()).then_some(names.clone());
        Written {
            alora_invocation_tokens: self.alora_invocation_tokens.as_deref(),
            alpha_pattern: self
                .alpha_pattern
                .iter()
                .map(|(pattern, &alpha)| (pattern.to_owned(), number(alpha)))
                .collect(),
            base_model_name_or_path: &self.base_model_name_or_path,
            bias: "none",
            exclude_modules: self.exclude_modules.as_ref(),
            fan_in_fan_out: false,
            inference_mode: true,
            init_lora_weights: true,
            layers_pattern: named(&self.layers_pattern),
            layers_to_transform: self.layers_to_transform.as_deref(),
            lora_alpha: number(self.lora_alpha),
            lora_dropout: 0.0,
            modules_to_save: named(&self.modules_to_save),
            peft_type: "LORA",
            r: self.r,
            rank_pattern: &self.rank_pattern,
            target_modules: &self.target_modules,
            task_type: self.task_type,
            use_dora: self.use_dora,
            use_rslora: self.use_rslora,
        }
    }
}

/// `adapter_config.json`, with patterns in their order.
#[derive(Serialize)]
pub(super) struct Written<'a> {
    alora_invocation_tokens: Option<&'a [u32]>,
    alpha_pattern: ByPattern<Value>,
    base_model_name_or_path: &'a str,
    bias: &'static str,
    exclude_modules: Option<&'a Targets>,
    fan_in_fan_out: bool,
    inference_mode: bool,
    init_lora_weights: bool,
    layers_pattern: Option<Vec<String>>,
    layers_to_transform: Option<&'a [usize]>,
    lora_alpha: Value,
    lora_dropout: f64,
    modules_to_save: Option<Vec<String>>,
    peft_type: &'static str,
    r: usize,
    rank_pattern: &'a ByPattern<usize>,
    target_modules: &'a Targets,
    task_type: TaskType,
    use_dora: bool,
    use_rslora: bool,
}

/// What is done with one module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    /// Nothing.
    None,
    /// It is replaced.
    Saved,
    /// A product of factors is added.
    LowRank {
        rank: usize,
        /// What the product is multiplied with.
        scale: f64,
    },
}

/// Refuses adapters whose beginning changed the base: on the base as it is they would mean something else.
fn starts_on_the_base(fields: &mut Fields<'_>) -> Result<(), ConfigError> {
    match fields.get("init_lora_weights") {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(Value::String(way)) if ["gaussian", "eva", "orthogonal"].contains(&way.as_str()) => Ok(()),
        Some(found) => Err(ConfigError::Unsupported {
            field: "init_lora_weights".to_owned(),
            found: found.to_string(),
            supported: "true, false, \"gaussian\", \"eva\" and \"orthogonal\" (convert others to LoRA when saving in PEFT)",
        }),
    }
}

/// A field with targets, if it is there.
fn targets(fields: &mut Fields<'_>, field: &'static str) -> Result<Option<Targets>, ConfigError> {
    let wrong = || ConfigError::Field {
        field: field.to_owned(),
        expected: "a list of module names, a regular expression or \"all-linear\"",
    };
    match fields.get(field) {
        None => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|_| wrong()),
    }
}

/// A field that holds one value or a list of them, if it is there.
fn one_or_more<T>(
    fields: &mut Fields<'_>,
    field: &'static str,
    expected: &'static str,
    value: impl Fn(&Value) -> Option<T>,
) -> Result<Option<Vec<T>>, ConfigError> {
    let found: Option<Vec<T>> = match fields.get(field) {
        None => return Ok(None),
        Some(Value::Array(items)) => items.iter().map(value).collect(),
        Some(one) => value(one).map(|one| vec![one]),
    };
    found.map(Some).ok_or_else(|| ConfigError::Field {
        field: field.to_owned(),
        expected,
    })
}

fn name_in(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A field that maps patterns to values, if it is there.
fn by_pattern<T>(
    fields: &mut Fields<'_>,
    field: &'static str,
    value: impl Fn(&Value) -> Option<T>,
) -> Result<ByPattern<T>, ConfigError> {
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
