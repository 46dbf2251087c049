//! What a plan calls of near-texts and task-spec, as functions of the engine.
//!
//! Each is known by its name, so that an executor that has them too can run a plan that was made elsewhere. What a
//! function needs beside a row is an argument of its own, as JSON.

mod ballots;
mod reviewed;

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, ListBuilder, StringArray, UInt64Array, UInt64Builder},
        compute::cast,
        datatypes::{DataType, Field},
    },
    error::{DataFusionError, Result},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
    scalar::ScalarValue,
};
use distill_data::{reading_words, unit_draw};
use near_texts::{JoinPlan, normal_text_hash, normalise};
use serde::de::DeserializeOwned;

pub(crate) use ballots::ballot;
pub(crate) use reviewed::{ReviewedCalls, reported, reviewed_ballot};

/// The id of a text in files, of its number in tables.
pub(crate) fn id_of(row: u64) -> String {
    format!("{row:016x}")
}

/// A function of this crate.
#[derive(Debug, Clone)]
struct Function {
    name: &'static str,
    returns: DataType,
    signature: Signature,
    /// The first argument is a column of texts, the others are the same for all rows.
    call: fn(&StringArray, &[ScalarValue]) -> Result<ArrayRef>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// `normal_text(text)`: [`normalise`]; null for a blank text.
pub(crate) fn normal_text() -> ScalarUDF {
    function("normal_text", DataType::Utf8, 1, |texts, _| {
        let normal = texts.iter().map(|text| {
            let text = text.filter(|text| !text.trim().is_empty())?;
            Some(normalise(text))
        });
        Ok(Arc::new(normal.collect::<StringArray>()))
    })
}

/// `text_id(normal_text)`: the number whose 16 hexadecimal digits are the id of distill-data's row.
pub(crate) fn text_id() -> ScalarUDF {
    function("text_id", DataType::UInt64, 1, |texts, _| {
        let ids = texts.iter().map(|text| {
            let hash = normal_text_hash(text?);
            u64::from_str_radix(&hash.as_str()[..16], 16).ok()
        });
        Ok(Arc::new(ids.collect::<UInt64Array>()))
    })
}

/// `join_keys(normal_text, plan, pass, passes)`: the keys of a text that are looked at in a pass.
pub(crate) fn join_keys() -> ScalarUDF {
    let list = DataType::List(Arc::new(Field::new_list_field(DataType::UInt64, true)));
    function("join_keys", list, 4, |texts, constants| {
        let plan: JoinPlan = read(constants.first(), "plan")?;
        let (pass, passes) = (number(constants.get(1))?, number(constants.get(2))?.max(1));
        let mut lists = ListBuilder::new(UInt64Builder::new());
        let mut keys = Vec::new();
        for text in texts.iter() {
            keys.clear();
            if let Some(text) = text {
                let found = plan.keys(text, &mut keys);
                found.map_err(|error| DataFusionError::External(Box::new(error)))?;
            }
            // By the place of a key, so that the rows of one key are in one pass.
            let of_pass = keys.iter().filter(|&&key| (key >> 32) % passes == pass);
            of_pass.for_each(|&key| lists.values().append_value(key));
            lists.append(true);
        }
        Ok(Arc::new(lists.finish()))
    })
}

/// `split_draw(content, seed)`: [`unit_draw`] of a row whose id, label and input are the content, a line each.
pub(crate) fn split_draw() -> ScalarUDF {
    function("split_draw", DataType::Utf8, 2, |contents, constants| {
        let seed = number(constants.first())?;
        let draws = contents.iter().map(|content| {
            let mut lines = content?.splitn(3, '\n');
            let mut line = || lines.next().unwrap_or_default();
            let (id, label, input) = (line(), line(), line());
            Some(unit_draw(seed, id, label, input).as_str().to_owned())
        });
        Ok(Arc::new(draws.collect::<StringArray>()))
    })
}

/// `words(text)`: how many words a person reads of it, [`reading_words`]; 0 of none.
pub(crate) fn words() -> ScalarUDF {
    function("words", DataType::UInt64, 1, |texts, _| {
        let words = texts.iter().map(|text| text.map_or(0, reading_words) as u64);
        Ok(Arc::new(UInt64Array::from_iter_values(words)))
    })
}

/// All of them, for sessions and executors.
pub(crate) fn all() -> Vec<ScalarUDF> {
    vec![
        normal_text(),
        text_id(),
        ballot(),
        reviewed_ballot(),
        reported(),
        join_keys(),
        split_draw(),
        words(),
    ]
}

fn function(
    name: &'static str,
    returns: DataType,
    arguments: usize,
    call: fn(&StringArray, &[ScalarValue]) -> Result<ArrayRef>,
) -> ScalarUDF {
    ScalarUDF::from(Function {
        name,
        returns,
        signature: Signature::any(arguments, Volatility::Immutable),
        call,
    })
}

fn read<T: DeserializeOwned>(constant: Option<&ScalarValue>, name: &str) -> Result<T> {
    let Some(Some(Some(json))) = constant.map(ScalarValue::try_as_str) else {
        return Err(DataFusionError::Plan(format!("the argument {name} is no JSON")));
    };
    serde_json::from_str(json).map_err(|error| DataFusionError::External(Box::new(error)))
}

fn number(constant: Option<&ScalarValue>) -> Result<u64> {
    match constant {
        Some(ScalarValue::UInt64(Some(number))) => Ok(*number),
        _ => Err(DataFusionError::Plan("a pass or a seed is a number".into())),
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut given = arguments.args.into_iter();
        let texts = given
            .next()
            .ok_or_else(|| DataFusionError::Plan(format!("{} needs a text", self.name)))?;
        let texts = cast(&texts.into_array(arguments.number_rows)?, &DataType::Utf8)?;
        let texts = texts.as_any().downcast_ref::<StringArray>();
        let texts = texts.ok_or_else(|| DataFusionError::Plan(format!("{} needs a text", self.name)))?;
        let constants = given.map(|value| match value {
            ColumnarValue::Scalar(value) => Ok(value),
            ColumnarValue::Array(_) => Err(DataFusionError::Plan(format!(
                "only the first argument of {} may differ from row to row",
                self.name
            ))),
        });
        (self.call)(texts, &constants.collect::<Result<Vec<_>>>()?).map(ColumnarValue::Array)
    }
}

#[cfg(test)]
mod tests;
