//! The fold as an operator of the engine, whose results are files.

use std::{fmt, path::PathBuf, sync::Arc};

use datafusion::{
    arrow::{
        array::{RecordBatch, UInt64Array},
        compute::SortOptions,
        datatypes::{DataType, SchemaRef},
    },
    common::tree_node::TreeNodeRecursion,
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr},
    physical_plan::{
        ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
        execution_plan::{Boundedness, EmissionType},
        expressions::col,
        repartition::RepartitionExec,
        sorts::sort::SortExec,
        stream::RecordBatchStreamAdapter,
    },
};
use futures::StreamExt;

use super::{BATCH_ROWS, Reduction, columns::table};
use crate::table_file::TableFile;

/// Folds each partition of its input and writes what comes of it as a file; hands on how many rows that were.
///
/// A file is named after the first key in it. As each key is in one partition, no two partitions have one name, and a
/// partition that is computed again after an executor was lost replaces what the first attempt may have left. Numbers of
/// partitions would not do: an executor sees only some of them and counts from 0.
#[derive(Debug, Clone)]
pub(crate) struct ReduceExec {
    pub(crate) input: Arc<dyn ExecutionPlan>,
    pub(crate) reduction: Reduction,
    pub(crate) folder: PathBuf,
    properties: Arc<PlanProperties>,
}

impl ReduceExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, reduction: Reduction, folder: PathBuf) -> Self {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(written_schema()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self {
            input,
            reduction,
            folder,
            properties: Arc::new(properties),
        }
    }

    /// The fold of a table: its rows are dealt out by its first column, which is a number, and sorted by these columns,
    /// the first among them; `false` is descending. Missing values come first.
    pub(crate) fn of_sorted(
        table: Arc<dyn ExecutionPlan>,
        order: &[(&str, bool)],
        partitions: usize,
        reduction: Reduction,
        folder: PathBuf,
    ) -> Result<Self> {
        let schema = table.schema();
        let sorts = order.iter().map(|&(name, is_ascending)| {
            let options = SortOptions {
                descending: !is_ascending,
                nulls_first: true,
            };
            Ok(PhysicalSortExpr::new(col(name, &schema)?, options))
        });
        let sorts: Vec<PhysicalSortExpr> = sorts.collect::<Result<_>>()?;
        let Some(ordering) = LexOrdering::new(sorts) else {
            return Err(DataFusionError::Plan("a fold needs an order".into()));
        };
        let key = Arc::clone(&ordering.first().expr);
        let dealt = RepartitionExec::try_new(table, Partitioning::Hash(vec![key], partitions))?;
        let sorted = SortExec::new(ordering, Arc::new(dealt)).with_preserve_partitioning(true);
        Ok(Self::new(Arc::new(sorted), reduction, folder))
    }
}

/// How many rows a partition has written.
fn written_schema() -> SchemaRef {
    table(&[("written", DataType::UInt64, false)])
}

impl DisplayAs for ReduceExec {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ReduceExec: {} into {}",
            self.reduction.name(),
            self.folder.display()
        )
    }
}

impl ExecutionPlan for ReduceExec {
    fn name(&self) -> &'static str {
        "ReduceExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) if children.is_empty() => Ok(Arc::new(Self::new(
                input,
                self.reduction.clone(),
                self.folder.clone(),
            ))),
            _ => Err(DataFusionError::Plan("a fold has one input".into())),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(
            children,
            ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute),
        )
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let written = written(input, self.reduction.clone(), self.folder.clone());
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            written_schema(),
            futures::stream::once(written),
        )))
    }
}

/// Folds a partition and writes the outcome.
async fn written(
    mut input: SendableRecordBatchStream,
    reduction: Reduction,
    folder: PathBuf,
) -> Result<RecordBatch> {
    let mut reducer = reduction.start();
    let mut file = None;
    let mut rows = 0;
    while let Some(batch) = input.next().await {
        let batch = batch?;
        if file.is_none() && batch.num_rows() > 0 {
            let name = format!("part-{:016x}.parquet", first_key(&batch)?);
            file = Some(TableFile::create(&folder.join(name), reduction.schema())?);
        }
        reducer.push(&batch)?;
        if let (Some(file), Some(done)) = (&mut file, reducer.take(BATCH_ROWS)?) {
            rows += done.num_rows() as u64;
            file.write(&done)?;
        }
    }
    reducer.finish()?;
    if let Some(mut file) = file {
        if let Some(done) = reducer.take(1)? {
            rows += done.num_rows() as u64;
            file.write(&done)?;
        }
        file.finish()?;
    }
    Ok(RecordBatch::try_new(
        written_schema(),
        vec![Arc::new(UInt64Array::from(vec![rows]))],
    )?)
}

fn first_key(batch: &RecordBatch) -> Result<u64> {
    let keys = batch.column(0).as_any().downcast_ref::<UInt64Array>();
    let keys = keys.ok_or_else(|| DataFusionError::Plan("a fold's first column is its key".into()))?;
    Ok(keys.value(0))
}
