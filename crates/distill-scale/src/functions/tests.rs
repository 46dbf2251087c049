use std::collections::BTreeMap;

use datafusion::{
    arrow::array::{AsArray, RecordBatch},
    arrow::datatypes::{DataType as Kind, UInt64Type},
    prelude::{DataFrame, Expr, col, lit},
};
use near_texts::{JaccardThreshold, shingle_count, text_hash};

use super::*;

fn texts(texts: &[Option<&str>]) -> DataFrame {
    let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    DataFrame::from_columns(vec![("text", column)]).unwrap()
}

fn computed(table: DataFrame, of: Expr) -> datafusion::error::Result<RecordBatch> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let table = table.select(vec![of.alias("found")])?;
        let schema = Arc::clone(table.schema().inner());
        Ok(datafusion::arrow::compute::concat_batches(
            &schema,
            &table.collect().await?,
        )?)
    })
}

#[test]
fn texts_are_normalised_and_blank_ones_are_none() {
    let table = texts(&[Some(" Top-up FAILED!"), Some("  \t"), None, Some("?!")]);
    let found = computed(table, normal_text().call(vec![col("text")])).unwrap();
    let found: Vec<_> = found.column(0).as_string::<i32>().iter().collect();
    assert_eq!(found, [Some("top up failed"), None, None, Some("?!")]);
}

#[test]
fn an_id_is_the_one_that_distill_data_makes() {
    let found = computed(
        texts(&[Some("top up failed"), None]),
        text_id().call(vec![col("text")]),
    )
    .unwrap();
    let found = found.column(0).as_primitive::<UInt64Type>();
    let expected = text_hash("Top up failed!").as_str()[..16].to_owned();
    assert_eq!(format!("{:016x}", found.value(0)), expected);
    assert!(found.is_null(1));
}

#[test]
fn every_key_is_in_exactly_one_pass() {
    let text = "where is my new card and why has it not come";
    let plan = JoinPlan::of(
        &BTreeMap::from([(shingle_count(text), 1_000_000)]),
        &[text],
        JaccardThreshold::default(),
    );
    let mut keys = Vec::new();
    plan.keys(text, &mut keys).unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    let mut found = Vec::new();
    for pass in 0..3_u64 {
        let call = join_keys().call(vec![col("text"), lit(json.clone()), lit(pass), lit(3_u64)]);
        let lists = computed(texts(&[Some(text)]), call).unwrap();
        let list = lists.column(0).as_list::<i32>().value(0);
        assert_eq!(list.data_type(), &Kind::UInt64);
        found.extend_from_slice(list.as_primitive::<UInt64Type>().values());
    }
    found.sort_unstable();
    keys.sort_unstable();
    assert!(keys.len() > 3);
    assert_eq!(found, keys);
}

#[test]
fn arguments_that_make_no_sense_are_errors() {
    for call in [
        ballot().call(vec![col("text")]),
        join_keys().call(vec![col("text"), lit("{}"), lit(0_u64), lit(1_u64)]),
        normal_text().call(vec![col("text"), col("text")]),
    ] {
        assert!(computed(texts(&[Some("a")]), call.clone()).is_err(), "{call}");
    }
}
