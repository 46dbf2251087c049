//! Where plans run: in this process, or on a cluster.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use datafusion::{
    arrow::array::RecordBatch,
    error::{DataFusionError, Result},
    execution::{
        SendableRecordBatchStream, SessionStateBuilder, memory_pool::FairSpillPool,
        runtime_env::RuntimeEnvBuilder,
    },
    physical_plan::{ExecutionPlan, execute_stream},
    prelude::{SessionConfig, SessionContext},
};

use futures::TryStreamExt;

use crate::{Limits, functions};

/// How often a plan is tried on a cluster.
#[cfg(feature = "ballista")]
const TRIES: usize = 3;

/// What carries out the plans of a curation.
pub struct Engine {
    pub(crate) context: SessionContext,
    pub(crate) partitions: usize,
    tries: AtomicU64,
    repeats: AtomicU64,
    #[cfg(feature = "ballista")]
    pub(crate) cluster: Option<crate::cluster::Cluster>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// This process, within limits.
    ///
    /// # Errors
    ///
    /// If the folder for what it cannot hold cannot be used.
    pub fn here(limits: &Limits) -> Result<Self> {
        let runtime = runtime()
            .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory)))
            .with_temp_file_path(&limits.scratch)
            .build_arc()?;
        let partitions = limits.partitions.max(1);
        // What a sort sets aside for merging; the engine's own amount is more than some limits have in all.
        let for_merging = (limits.memory / partitions / 8).min(10 << 20);
        let config = spilling(SessionConfig::new())
            .with_target_partitions(partitions)
            .with_sort_spill_reservation_bytes(for_merging);
        let state = SessionStateBuilder::new()
            .with_default_features()
            .with_config(config)
            .with_runtime_env(runtime)
            .build();
        Ok(Self::of(SessionContext::new_with_state(state), partitions))
    }

    pub(crate) fn of(context: SessionContext, partitions: usize) -> Self {
        Self {
            context: with_functions(context),
            partitions,
            tries: AtomicU64::new(0),
            repeats: AtomicU64::new(0),
            #[cfg(feature = "ballista")]
            cluster: None,
        }
    }

    /// How many tries came to nothing so far, because an executor was lost or the time was over, and were made again.
    pub(crate) fn repeats(&self) -> u64 {
        self.repeats.load(Ordering::Relaxed)
    }

    /// Does some work, on a cluster again as a whole where an executor was lost with a part of it. The work is told a
    /// number that no other try has.
    ///
    /// What is wrong with the data is wrong on every executor, and is not tried again.
    pub(crate) async fn tried<T, F: Future<Output = Result<T>>>(&self, work: impl Fn(u64) -> F) -> Result<T> {
        #[cfg(feature = "ballista")]
        if self.cluster.is_some() {
            for again in 1..TRIES {
                match work(self.tries.fetch_add(1, Ordering::Relaxed)).await {
                    Err(error) if crate::cluster::is_worth_another_try(&error) => {
                        log::warn!("{error}; it is done again ({again} of {})", TRIES - 1);
                        self.repeats.fetch_add(1, Ordering::Relaxed);
                    }
                    done => return done,
                }
            }
        }
        work(self.tries.fetch_add(1, Ordering::Relaxed)).await
    }

    /// All that comes of a plan.
    pub(crate) async fn collect(&self, plan: Arc<dyn ExecutionPlan>) -> Result<Vec<RecordBatch>> {
        self.tried(|_| async { self.stream(Arc::clone(&plan)).await?.try_collect().await })
            .await
    }

    /// Starts a plan and hands on what comes of it.
    pub(crate) async fn stream(&self, plan: Arc<dyn ExecutionPlan>) -> Result<SendableRecordBatchStream> {
        #[cfg(feature = "ballista")]
        if let Some(cluster) = &self.cluster {
            return cluster.stream(plan).await;
        }
        execute_stream(plan, self.context.task_ctx())
    }
}

/// What a session runs in: one that remembers no listing of a folder, for a folder of a run gets its files one by one, and may be
/// another run's when it is asked for again.
pub(crate) fn runtime() -> RuntimeEnvBuilder {
    RuntimeEnvBuilder::new().with_object_list_cache_limit(0)
}

/// A session that knows this crate's functions.
pub(crate) fn with_functions(context: SessionContext) -> SessionContext {
    for function in functions::all() {
        context.register_udf(function);
    }
    context
}

/// Settings with which every step that may outgrow memory can write to disk instead.
pub(crate) fn spilling(config: SessionConfig) -> SessionConfig {
    // A hash join holds one side and cannot be written out; one of sorted tables can.
    config
        .set_bool("datafusion.optimizer.prefer_hash_join", false)
        .set_u64("datafusion.optimizer.hash_join_single_partition_threshold", 0)
        .set_u64(
            "datafusion.optimizer.hash_join_single_partition_threshold_rows",
            0,
        )
        .set_bool("datafusion.optimizer.enable_dynamic_filter_pushdown", false)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
        .set_str("datafusion.execution.spill_compression", "lz4_frame")
}

/// A path as the engine takes it.
pub(crate) fn as_text(path: &Path) -> Result<&str> {
    path.to_str()
        .ok_or_else(|| DataFusionError::Plan(format!("{} is not UTF-8", path.display())))
}

/// What is computed for minutes, beside this thread, which may have an executor's signs of life to listen to.
pub(crate) async fn computed<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let computed = tokio::task::spawn_blocking(compute).await;
    computed.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))
}
