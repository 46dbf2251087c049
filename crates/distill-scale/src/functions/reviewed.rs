//! What persons have said of some texts, brought to the ballots of all calls.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, BinaryArray, BinaryBuilder, UInt64Array},
        compute::cast,
        datatypes::DataType,
    },
    error::{DataFusionError, Result},
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};
use distill_data::{Ballot, Calibration};
use serde::{Deserialize, Serialize};

/// What reviewed rows come to, as it is sent to every task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewedCalls {
    /// For the confidence of every call.
    pub(crate) calibration: Calibration,
    /// By the id of the text, the label that overrides the teacher's.
    pub(crate) labels: BTreeMap<u64, usize>,
}

impl ReviewedCalls {
    fn apply(&self, row: u64, ballot: &mut Ballot) {
        ballot.confidence = ballot
            .confidence
            .map(|confidence| self.calibration.apply(confidence));
        if let Some(&label) = self.labels.get(&row) {
            ballot.override_with(label);
        }
    }
}

/// `reviewed_ballot(ballot, row, reviewed)`: the key of the ballot of a call of this row, with its confidence calibrated and, where
/// a person has spoken, the person's label.
pub(crate) fn reviewed_ballot() -> ScalarUDF {
    of_ballots(What::Reviewed)
}

/// `reported(ballot)`: the key of a ballot that says of all that the given one says how sure it is, and no more.
pub(crate) fn reported() -> ScalarUDF {
    of_ballots(What::Reported)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Reviewed,
    Reported,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfBallots {
    what: What,
    signature: Signature,
}

fn of_ballots(what: What) -> ScalarUDF {
    let arguments = match what {
        What::Reviewed => 3,
        What::Reported => 1,
    };
    ScalarUDF::from(OfBallots {
        what,
        signature: Signature::any(arguments, Volatility::Immutable),
    })
}

impl ScalarUDFImpl for OfBallots {
    fn name(&self) -> &'static str {
        match self.what {
            What::Reviewed => "reviewed_ballot",
            What::Reported => "reported",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let lacks = |what: &str| DataFusionError::Plan(format!("{} needs {what}", self.name()));
        let rows = arguments.number_rows;
        let mut given = arguments.args.into_iter();
        let mut column = |kind: &DataType| -> Result<ArrayRef> {
            let column = given.next().ok_or_else(|| lacks("a column"))?;
            Ok(cast(&column.into_array(rows)?, kind)?)
        };
        let keys = column(&DataType::Binary)?;
        let keys = keys.as_any().downcast_ref::<BinaryArray>();
        let keys = keys.ok_or_else(|| lacks("ballots"))?;
        if self.what == What::Reported {
            let reported = |_, ballot: Ballot| Ballot::of_label(0, ballot.confidence);
            return each(keys, reported).map(ColumnarValue::Array);
        }
        let ids = column(&DataType::UInt64)?;
        let ids = ids.as_any().downcast_ref::<UInt64Array>();
        let ids = ids.ok_or_else(|| lacks("ids"))?;
        let Some(ColumnarValue::Scalar(constant)) = given.next() else {
            return Err(lacks("answers that are the same for all calls"));
        };
        let answers: ReviewedCalls = super::read(Some(&constant), "reviewed")?;
        let reviewed = |index, mut ballot: Ballot| {
            answers.apply(ids.value(index), &mut ballot);
            ballot
        };
        each(keys, reviewed).map(ColumnarValue::Array)
    }
}

/// The keys of what becomes of each ballot; null stays null.
fn each(keys: &BinaryArray, mut change: impl FnMut(usize, Ballot) -> Ballot) -> Result<ArrayRef> {
    let mut changed = BinaryBuilder::with_capacity(keys.len(), keys.value_data().len());
    for (index, key) in keys.iter().enumerate() {
        let Some(key) = key else {
            changed.append_null();
            continue;
        };
        let ballot = Ballot::from_key(key);
        let ballot = ballot.ok_or_else(|| DataFusionError::Execution("a ballot cannot be read".into()))?;
        changed.append_value(change(index, ballot).key());
    }
    Ok(Arc::new(changed.finish()))
}
