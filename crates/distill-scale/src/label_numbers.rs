//! The numbers of labels.

use std::collections::{BTreeMap, HashMap};

use datafusion::error::{DataFusionError, Result};
use task_spec::LabelSet;

/// The number of a task's label, by its name.
pub(crate) fn number_of(labels: &LabelSet, name: &str) -> Result<usize> {
    let number = labels.index_of(name);
    number.ok_or_else(|| DataFusionError::Plan(format!("{name:?} is no label of the task")))
}

/// The numbers of the labels that some rows have, in the order of their names.
#[derive(Debug)]
pub(crate) struct CountedLabels(HashMap<String, usize>);

impl CountedLabels {
    /// Of labels with how many rows have them.
    pub(crate) fn of(rows_of_label: &BTreeMap<String, usize>) -> Self {
        Self(rows_of_label.keys().cloned().zip(0..).collect())
    }

    pub(crate) fn number(&self, name: &str) -> Result<usize> {
        let number = self.0.get(name).copied();
        number.ok_or_else(|| DataFusionError::Plan(format!("no row was counted of label {name}")))
    }
}
