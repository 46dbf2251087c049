use datafusion::{
    arrow::array::AsArray, arrow::datatypes::UInt64Type,
    parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
    physical_plan::stream::RecordBatchStreamAdapter,
};

use super::*;

/// Pairs as `centre-weaker`, by falling strength of the centre; rows that went, as `row>centre`.
fn went(pairs: &[&str]) -> Vec<String> {
    let pairs: Vec<(u64, u64)> = pairs
        .iter()
        .map(|pair| pair.split_once('-').unwrap())
        .map(|(centre, weaker)| (centre.parse().unwrap(), weaker.parse().unwrap()))
        .collect();
    let schema = table(&[
        ("centre", DataType::UInt64, false),
        ("weaker", DataType::UInt64, false),
        ("jaccard", DataType::Float64, false),
        ("weaker_calls", DataType::UInt64, false),
        ("weaker_first_call", DataType::Int64, true),
    ]);
    // One pair a batch: what has gone is remembered across batches.
    let batches: Vec<Result<RecordBatch>> = pairs
        .iter()
        .map(|&(centre, weaker)| {
            Ok(RecordBatch::try_new(
                Arc::clone(&schema),
                vec![
                    Arc::new(UInt64Array::from(vec![centre])),
                    Arc::new(UInt64Array::from(vec![weaker])),
                    Arc::new(Float64Array::from(vec![0.9])),
                    Arc::new(UInt64Array::from(vec![1])),
                    Arc::new(Int64Array::from(vec![None])),
                ],
            )?)
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("merged.parquet");
    let stream = RecordBatchStreamAdapter::new(schema, futures::stream::iter(batches));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let count = runtime.block_on(write_merged(Box::pin(stream), &path)).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let mut found = Vec::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap()
    {
        let batch = batch.unwrap();
        let column = |index: usize| batch.column(index).as_primitive::<UInt64Type>().clone();
        let (rows, into) = (column(0), column(1));
        found.extend(
            (0..batch.num_rows()).map(|index| format!("{}>{}", rows.value(index), into.value(index))),
        );
    }
    assert_eq!(found.len() as u64, count);
    found
}

#[test]
fn a_row_that_has_gone_takes_none_along() {
    assert_eq!(went(&["1-2", "2-3"]), ["2>1"]);
    assert_eq!(went(&["1-2", "2-3", "3-4"]), ["2>1", "4>3"]);
}

#[test]
fn a_row_goes_behind_the_strongest_that_stays() {
    assert_eq!(went(&["1-3", "2-3"]), ["3>1"]);
    assert_eq!(went(&["1-2", "2-4", "3-4"]), ["2>1", "4>3"]);
}

#[test]
fn without_pairs_nothing_goes() {
    assert!(went(&[]).is_empty());
}
