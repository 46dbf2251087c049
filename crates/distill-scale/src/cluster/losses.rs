//! What the scheduler does when it gives an executor up: jobs that had anything there end, and are done again whole.
//!
//! Ballista would rather mend such a job: it sets the lost tasks back and rolls back the stages that read from them.
//! In Ballista 55 that does not hold. A scheduler that deals out tasks itself (`PushStaged`) forgets the cores of tasks
//! that are under way in such a stage (`task_vcores` knows none), so that the executors that are left may be given
//! nothing any more, of new jobs either. And a stage that was rolled back has all its tasks done anew, while what its
//! first attempt had told the next stage stays there (`StageOutput::add_partition`), so that rows may be read twice. So
//! executors ask for tasks here (`PullStaged`), where nothing is counted, and no job outlives an executor that it needs.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use ballista_core::{
    JobId,
    error::Result,
    serde::{
        protobuf::{ExecutorHeartbeat, job_status::Status},
        scheduler::{ExecutorData, ExecutorMetadata},
    },
    utils::get_current_time,
};
use ballista_scheduler::{
    cluster::{BoundTask, ClusterState, ClusterStateEventStream, ExecutorSlot, JobState},
    config::TaskDistributionPolicy,
    scheduler_server::SchedulerServer,
    state::task_manager::JobInfoCache,
};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};

/// An executor asks for tasks within this time after its sign of life, milliseconds: both are one request.
const ONE_REQUEST_MS: u64 = 1000;

/// The executors of a cluster; when one is removed, the jobs that it may have had tasks of are cancelled first.
pub(crate) struct Losses {
    executors: Arc<dyn ClusterState>,
    jobs: Arc<dyn JobState>,
    /// When each executor gave its last sign of life, in milliseconds since 1970.
    seen: Mutex<HashMap<String, u64>>,
    /// Set once the scheduler is there, which needs this to be made.
    scheduler: OnceLock<SchedulerServer<LogicalPlanNode, PhysicalPlanNode>>,
}

impl fmt::Debug for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Losses")
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl Losses {
    pub(crate) fn new(executors: Arc<dyn ClusterState>, jobs: Arc<dyn JobState>) -> Self {
        Self {
            executors,
            jobs,
            seen: Mutex::default(),
            scheduler: OnceLock::new(),
        }
    }

    /// Says who cancels jobs.
    pub(crate) fn tell(&self, scheduler: SchedulerServer<LogicalPlanNode, PhysicalPlanNode>) {
        // A second scheduler would be a second cluster.
        self.scheduler.set(scheduler).ok();
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancels what began before an executor was last seen. What began later has no task there, for tasks are handed
    /// out with signs of life.
    async fn cancel_jobs_of(&self, executor: &str) -> Result<()> {
        let seen = self.seen().remove(executor);
        let (Some(seen), Some(scheduler)) = (seen, self.scheduler.get()) else {
            return Ok(());
        };
        for job in self.jobs_of_before(seen + ONE_REQUEST_MS).await? {
            log::warn!("the executor {executor} is lost, and the job {job} with it");
            scheduler.cancel_job(job).await?;
        }
        Ok(())
    }

    /// Cancels jobs that have waited for so long while there was no executor at all. Does not end.
    pub(crate) async fn cancel_jobs_without_executors(self: Arc<Self>, patience: Duration) {
        let patience_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let mut last_executor = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if !self.executors.executor_heartbeats().is_empty() {
                last_executor = Instant::now();
            }
            let Some(scheduler) = self
                .scheduler
                .get()
                .filter(|_| last_executor.elapsed() > patience)
            else {
                continue;
            };
            let waiting = self.jobs_of_before(now().saturating_sub(patience_ms)).await;
            for job in waiting.unwrap_or_default() {
                log::warn!("there is no executor for the job {job}");
                if let Err(error) = scheduler.cancel_job(job).await {
                    log::warn!("a job could not be cancelled: {error}");
                }
            }
        }
    }

    /// The jobs at work that were before a time in milliseconds since 1970.
    async fn jobs_of_before(&self, time: u64) -> Result<Vec<JobId>> {
        let mut found = Vec::new();
        for job in self.jobs.get_all_jobs().await? {
            let status = self.jobs.get_job_status(&job).await?.and_then(|job| job.status);
            if matches!(status, Some(Status::Running(running)) if running.started_at <= time) {
                found.push(job);
            }
        }
        Ok(found)
    }
}

/// By the scheduler's clock, which says when jobs began, in milliseconds since 1970.
fn now() -> u64 {
    u64::try_from(get_current_time()).unwrap_or(u64::MAX)
}

#[async_trait]
impl ClusterState for Losses {
    async fn remove_executor(&self, executor_id: &str) -> Result<()> {
        // The scheduler sets back an executor's tasks only after this, and takes one event after the other: by then the
        // jobs are gone.
        self.cancel_jobs_of(executor_id).await?;
        self.executors.remove_executor(executor_id).await
    }

    async fn save_executor_heartbeat(&self, heartbeat: ExecutorHeartbeat) -> Result<()> {
        self.executors.save_executor_heartbeat(heartbeat).await
    }

    async fn save_executor_metadata(&self, metadata: ExecutorMetadata) -> Result<()> {
        // With every request for tasks.
        self.seen().insert(metadata.id.clone(), now());
        self.executors.save_executor_metadata(metadata).await
    }

    async fn init(&self) -> Result<()> {
        self.executors.init().await
    }

    async fn bind_schedulable_tasks(
        &self,
        distribution: TaskDistributionPolicy,
        active_jobs: Arc<HashMap<JobId, JobInfoCache>>,
        executors: Option<HashSet<String>>,
    ) -> Result<Vec<BoundTask>> {
        self.executors
            .bind_schedulable_tasks(distribution, active_jobs, executors)
            .await
    }

    async fn unbind_tasks(&self, executor_slots: Vec<ExecutorSlot>) -> Result<()> {
        self.executors.unbind_tasks(executor_slots).await
    }

    async fn register_executor(&self, metadata: ExecutorMetadata, spec: ExecutorData) -> Result<()> {
        self.executors.register_executor(metadata, spec).await
    }

    async fn get_executor_metadata(&self, executor_id: &str) -> Result<ExecutorMetadata> {
        self.executors.get_executor_metadata(executor_id).await
    }

    async fn registered_executor_metadata(&self) -> Vec<ExecutorMetadata> {
        self.executors.registered_executor_metadata().await
    }

    fn executor_heartbeats(&self) -> HashMap<String, ExecutorHeartbeat> {
        self.executors.executor_heartbeats()
    }

    fn get_executor_heartbeat(&self, executor_id: &str) -> Option<ExecutorHeartbeat> {
        self.executors.get_executor_heartbeat(executor_id)
    }

    async fn cluster_state_events(&self) -> Result<ClusterStateEventStream> {
        self.executors.cluster_state_events().await
    }
}
