//! Fields of a JSON object, read so that none is silently ignored.

use serde_json::{Map, Value};

use crate::ConfigError;

/// Fields that no architecture's forward pass depends on.
const NEUTRAL: &[&str] = &[
    "architectures",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "bos_token_id",
    "cache_implementation",
    "classifier_dropout",
    "cls_token_id",
    "dtype",
    "eos_token_id",
    "finetuning_task",
    "gradient_checkpointing",
    "hidden_dropout_prob",
    "id2label",
    "initializer_range",
    "is_llama_config",
    "label2id",
    "mask_token_id",
    "max_length",
    "model_type",
    "num_labels",
    "pad_token_id",
    "pretraining_tp",
    "problem_type",
    "return_dict",
    "sep_token_id",
    "tokenizer_class",
    "torch_dtype",
    "transformers.js_config",
    "transformers_version",
    "unk_token_id",
    "use_cache",
];

/// The largest size that a config may state: vocabularies, the largest of all, have some hundred thousand tokens.
const LARGEST_SIZE: usize = 1 << 24;

/// The most layers that a config may state: the deepest models have some hundred.
const MOST_LAYERS: usize = 4096;

/// A size: a whole number from 1, and small enough that products of two are numbers too.
pub(crate) fn size_in(value: &Value) -> Option<usize> {
    let size = usize::try_from(value.as_u64()?).ok()?;
    (1..=LARGEST_SIZE).contains(&size).then_some(size)
}

/// A positive finite number.
pub(crate) fn positive_in(value: &Value) -> Option<f64> {
    value.as_f64().filter(|x| x.is_finite() && *x > 0.0)
}

/// Reads fields one after the other and remembers which, so that the rest can be checked.
pub(crate) struct Fields<'a> {
    json: &'a Map<String, Value>,
    architecture: &'static str,
    used: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(json: &'a Map<String, Value>, architecture: &'static str) -> Self {
        Self {
            json,
            architecture,
            used: Vec::new(),
        }
    }

    /// A field, if it is there and not null.
    pub(crate) fn get(&mut self, field: &'static str) -> Option<&'a Value> {
        self.used.push(field);
        self.json.get(field).filter(|value| !value.is_null())
    }

    /// The kind of model or file that the fields are of.
    pub(crate) fn architecture(&self) -> &'static str {
        self.architecture
    }

    /// A field that is an object, if it is there.
    pub(crate) fn object(
        &mut self,
        field: &'static str,
    ) -> Result<Option<&'a Map<String, Value>>, ConfigError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(ConfigError::Field {
                field: field.to_owned(),
                expected: "an object",
            }),
        }
    }

    /// A size, as [`size_in`] reads it.
    pub(crate) fn size(&mut self, field: &'static str) -> Result<usize, ConfigError> {
        self.get(field)
            .and_then(size_in)
            .ok_or_else(|| ConfigError::Field {
                field: field.to_owned(),
                expected: "a whole number from 1 to 16777216",
            })
    }

    /// How many layers there are.
    pub(crate) fn layers(&mut self) -> Result<usize, ConfigError> {
        match self.size("num_hidden_layers")? {
            layers if layers <= MOST_LAYERS => Ok(layers),
            _ => Err(ConfigError::Field {
                field: "num_hidden_layers".to_owned(),
                expected: "a whole number from 1 to 4096",
            }),
        }
    }

    /// A size that may be left out.
    pub(crate) fn size_or(&mut self, field: &'static str, default: usize) -> Result<usize, ConfigError> {
        if self.get(field).is_none() {
            Ok(default)
        } else {
            self.size(field)
        }
    }

    /// A whole number that may be 0 and may be left out.
    pub(crate) fn count_or(&mut self, field: &'static str, default: usize) -> Result<usize, ConfigError> {
        match self.get(field) {
            Some(value) if value.as_u64() == Some(0) => Ok(0),
            Some(_) => self.size(field),
            None => Ok(default),
        }
    }

    /// A size, null, or left out: then what `default` says.
    pub(crate) fn size_or_none(
        &mut self,
        field: &'static str,
        default: Option<usize>,
    ) -> Result<Option<usize>, ConfigError> {
        match self.json.get(field) {
            None => {
                self.used.push(field);
                Ok(default)
            }
            Some(Value::Null) => {
                self.used.push(field);
                Ok(None)
            }
            Some(_) => self.size(field).map(Some),
        }
    }

    /// A positive number that may be left out.
    pub(crate) fn positive_or(&mut self, field: &'static str, default: f64) -> Result<f64, ConfigError> {
        Ok(self.positive_or_none(field)?.unwrap_or(default))
    }

    /// A positive number, or null.
    pub(crate) fn positive_or_none(&mut self, field: &'static str) -> Result<Option<f64>, ConfigError> {
        match self.get(field) {
            None => Ok(None),
            Some(_) => self.positive(field).map(Some),
        }
    }

    /// One of some words that may be left out.
    pub(crate) fn word_or<T: Copy>(
        &mut self,
        field: &'static str,
        words: &[(&str, T)],
        supported: &'static str,
        default: T,
    ) -> Result<T, ConfigError> {
        let Some(found) = self.get(field) else {
            return Ok(default);
        };
        let known = |word: &str| words.iter().find(|(name, _)| *name == word);
        match found.as_str().and_then(known) {
            Some((_, value)) => Ok(*value),
            None => Err(ConfigError::Unsupported {
                field: field.to_owned(),
                found: found.to_string(),
                supported,
            }),
        }
    }

    /// Marks fields as known that change nothing here.
    pub(crate) fn ignore(&mut self, fields: &[&'static str]) {
        self.used.extend(fields);
    }

    /// A positive finite number.
    pub(crate) fn positive(&mut self, field: &'static str) -> Result<f64, ConfigError> {
        self.get(field)
            .and_then(positive_in)
            .ok_or_else(|| ConfigError::Field {
                field: field.to_owned(),
                expected: "a positive number",
            })
    }

    /// A switch that may be left out.
    pub(crate) fn flag_or(&mut self, field: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| ConfigError::Field {
                field: field.to_owned(),
                expected: "true or false",
            }),
        }
    }

    /// A field that may be left out, but otherwise must have the one implemented value.
    pub(crate) fn only(
        &mut self,
        field: &'static str,
        value: &Value,
        shown: &'static str,
    ) -> Result<(), ConfigError> {
        match self.get(field) {
            Some(found) if found != value => Err(ConfigError::Unsupported {
                field: field.to_owned(),
                found: found.to_string(),
                supported: shown,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses every field that was not asked for, is not neutral and is set.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        let unset = |value: &Value| match value {
            Value::Null => true,
            Value::Bool(flag) => !flag,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
        };
        let known =
            |field: &str| field.starts_with('_') || NEUTRAL.contains(&field) || self.used.contains(&field);
        match self
            .json
            .iter()
            .find(|(field, value)| !known(field) && !unset(value))
        {
            Some((field, value)) => Err(ConfigError::Unknown {
                architecture: self.architecture,
                field: field.clone(),
                found: value.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Checks that `dividend` is a multiple of `divisor`.
pub(super) fn divides(
    (dividend_name, dividend): (&'static str, usize),
    (divisor_name, divisor): (&'static str, usize),
) -> Result<(), ConfigError> {
    if dividend.is_multiple_of(divisor) {
        Ok(())
    } else {
        Err(ConfigError::Indivisible {
            dividend_name,
            dividend,
            divisor_name,
            divisor,
        })
    }
}
