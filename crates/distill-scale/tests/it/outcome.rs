//! The outcome of a run, read back from its files.

use std::{collections::BTreeMap, path::Path};

use datafusion::{
    arrow::{
        array::{Array, AsArray},
        datatypes::{Float64Type, UInt64Type},
    },
    prelude::{ParquetReadOptions, SessionConfig, SessionContext},
};

/// A row of `fates`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) input: String,
    pub(crate) label: String,
    pub(crate) calls: u64,
    pub(crate) confidence: Option<f64>,
    pub(crate) by_person: bool,
    pub(crate) fate: String,
    pub(crate) other: Option<String>,
    pub(crate) jaccard: Option<f64>,
    pub(crate) own_share: Option<f64>,
    /// Confidence before calibration.
    pub(crate) reported: Option<f64>,
    pub(crate) suggested: Option<String>,
    /// That of the suggestion, that of the label, and the chance that the label is wrong.
    pub(crate) suspicion: Option<[f64; 3]>,
}

/// All rows by id.
pub(crate) async fn read(out: &Path) -> BTreeMap<String, Row> {
    // A stage of which nothing came has written no file.
    if std::fs::read_dir(out.join("fates")).unwrap().next().is_none() {
        return BTreeMap::new();
    }
    let config = SessionConfig::new().set_bool("datafusion.execution.parquet.schema_force_view_types", false);
    let context = SessionContext::new_with_config(config);
    let folder = out.join("fates").display().to_string();
    let table = context
        .read_parquet(folder, ParquetReadOptions::default())
        .await
        .unwrap();
    let mut rows = BTreeMap::new();
    for batch in table.collect().await.unwrap() {
        let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
        let number = |name: &str| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_primitive::<Float64Type>()
                .clone()
        };
        let calls = batch
            .column_by_name("calls")
            .unwrap()
            .as_primitive::<UInt64Type>()
            .clone();
        let persons = batch.column_by_name("by_person").unwrap().as_boolean().clone();
        let [suggestions, givens, chances] =
            ["suggested_probability", "given_probability", "chance_wrong"].map(number);
        let (reported, suggested) = (number("reported"), text("suggested"));
        let (ids, inputs, labels, fates, others) = (
            text("id"),
            text("input"),
            text("label"),
            text("fate"),
            text("other"),
        );
        let (confidences, jaccards, shares) = (number("confidence"), number("jaccard"), number("own_share"));
        for index in 0..batch.num_rows() {
            let value =
                |of: &datafusion::arrow::array::Float64Array| of.is_valid(index).then(|| of.value(index));
            let row = Row {
                input: inputs.value(index).to_owned(),
                label: labels.value(index).to_owned(),
                calls: calls.value(index),
                confidence: value(&confidences),
                by_person: persons.value(index),
                fate: fates.value(index).to_owned(),
                other: others.is_valid(index).then(|| others.value(index).to_owned()),
                jaccard: value(&jaccards),
                own_share: value(&shares),
                reported: value(&reported),
                suggested: suggested
                    .is_valid(index)
                    .then(|| suggested.value(index).to_owned()),
                suspicion: value(&suggestions)
                    .map(|one| [one, value(&givens).unwrap(), value(&chances).unwrap()]),
            };
            assert!(
                rows.insert(ids.value(index).to_owned(), row).is_none(),
                "an id twice"
            );
        }
    }
    rows
}
