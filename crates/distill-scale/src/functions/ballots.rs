//! What a call of a table says about the label, as the key of a [`Ballot`]: bytes that the engine sorts by.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, BinaryArray, Float64Array, StringArray, UInt64Array},
        compute::cast,
        datatypes::DataType,
    },
    error::{DataFusionError, Result},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};
use distill_data::{Ballot, Confidence, ConfidenceKind};
use serde::de::DeserializeOwned;
use task_spec::LabelSet;

/// `ballot(answer, confidence, confidence_kind, votes, asked, probabilities, labels)`: the key of the ballot, null where no
/// answer is a label.
pub(crate) fn ballot() -> ScalarUDF {
    ScalarUDF::from(BallotFunction {
        signature: Signature::any(7, Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BallotFunction {
    signature: Signature,
}

/// What a line of a table has beside the question.
#[derive(Debug, Clone, Copy, Default)]
struct Said<'c> {
    answer: Option<&'c str>,
    confidence: Option<f64>,
    kind: Option<&'c str>,
    votes: Option<&'c str>,
    asked: Option<u64>,
    probabilities: Option<&'c str>,
}

impl Said<'_> {
    /// Of what is no probability nothing is known; an answer that is no label votes for nothing.
    fn ballot(&self, labels: &LabelSet) -> Result<Option<Ballot>> {
        let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
        match self.votes {
            Some(json) => {
                for (name, count) in parsed::<BTreeMap<String, u32>>(json, "votes")? {
                    if let Some(label) = labels.resolve(&name) {
                        *votes.entry(label).or_default() += count as usize;
                    }
                }
                votes.retain(|_, count| *count > 0);
            }
            None => {
                let label = self.answer.and_then(|answer| labels.resolve(answer));
                votes.extend(label.map(|label| (label, 1)));
            }
        }
        let counted: usize = votes.values().sum();
        if counted == 0 {
            return Ok(None);
        }
        let kind = match self.kind {
            Some(name) => parsed(&serde_json::Value::from(name).to_string(), "confidence_kind")?,
            None => ConfidenceKind::SelfReported,
        };
        let is_probability = |value: &f64| (0.0..=1.0).contains(value);
        let mut ballot = Ballot::of_label(0, None);
        ballot.votes = votes;
        let asked = self.asked.and_then(|asked| usize::try_from(asked).ok());
        ballot.asked = asked.unwrap_or(counted).max(counted);
        ballot.confidence = self.confidence.filter(is_probability).map(|value| Confidence {
            value: value.abs(),
            kind,
        });
        if let Some(json) = self.probabilities {
            let named: BTreeMap<String, f64> = parsed(json, "probabilities")?;
            if named.values().all(is_probability) {
                for (name, probability) in named {
                    if let Some(label) = labels.resolve(&name) {
                        *ballot.distribution.entry(label).or_default() += probability;
                    }
                }
            }
        }
        Ok(Some(ballot))
    }
}

fn parsed<T: DeserializeOwned>(json: &str, column: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| {
        DataFusionError::Execution(format!("the column {column} of a call holds {json:?}: {error}"))
    })
}

impl ScalarUDFImpl for BallotFunction {
    fn name(&self) -> &'static str {
        "ballot"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let mut given = arguments.args.into_iter();
        let mut column = |kind: &DataType| -> Result<ArrayRef> {
            let column = given.next().ok_or_else(|| missing("a column"))?;
            Ok(cast(&column.into_array(rows)?, kind)?)
        };
        let columns = [
            column(&DataType::Utf8)?,
            column(&DataType::Float64)?,
            column(&DataType::Utf8)?,
            column(&DataType::Utf8)?,
            column(&DataType::UInt64)?,
            column(&DataType::Utf8)?,
        ];
        let Some(ColumnarValue::Scalar(labels)) = given.next() else {
            return Err(missing("labels that are the same for all calls"));
        };
        let labels: LabelSet = super::read(Some(&labels), "labels")?;
        let (answers, kinds) = (
            typed::<StringArray>(&columns[0])?,
            typed::<StringArray>(&columns[2])?,
        );
        let (votes, probabilities) = (
            typed::<StringArray>(&columns[3])?,
            typed::<StringArray>(&columns[5])?,
        );
        let confidences = typed::<Float64Array>(&columns[1])?;
        let asked = typed::<UInt64Array>(&columns[4])?;
        let keys = (0..rows).map(|row| {
            let said = Said {
                answer: text(answers, row),
                confidence: confidences.is_valid(row).then(|| confidences.value(row)),
                kind: text(kinds, row),
                votes: text(votes, row),
                asked: asked.is_valid(row).then(|| asked.value(row)),
                probabilities: text(probabilities, row),
            };
            Ok(said.ballot(&labels)?.map(|ballot| ballot.key()))
        });
        let keys = keys.collect::<Result<Vec<_>>>()?;
        Ok(ColumnarValue::Array(Arc::new(
            keys.into_iter().collect::<BinaryArray>(),
        )))
    }
}

fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

fn typed<A: Array + 'static>(column: &ArrayRef) -> Result<&A> {
    column
        .as_any()
        .downcast_ref()
        .ok_or_else(|| missing("a column of its type"))
}

fn missing(what: &str) -> DataFusionError {
    DataFusionError::Plan(format!("ballot lacks {what}"))
}

#[cfg(test)]
mod tests;
