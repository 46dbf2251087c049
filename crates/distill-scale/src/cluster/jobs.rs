//! A plan as a job of the scheduler: sent, waited for, fetched, and cancelled where it takes too long.
//!
//! Ballista's own function for this (`execute_physical_plan`) does not say which job it has begun, so that nobody could
//! cancel it, and hands on every failure as a text.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use ballista_core::{
    client::BallistaClient,
    extension::{BallistaConfigGrpcEndpoint, SessionConfigExt},
    ids::new_instance_id,
    serde::protobuf::{
        CancelJobParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, PartitionLocation,
        execute_query_params::Query, execute_query_result, job_status::Status,
        scheduler_grpc_client::SchedulerGrpcClient,
    },
    utils::{GrpcClientConfig, create_grpc_client_endpoint},
    version::insert_version_header,
};
use datafusion::{
    error::{DataFusionError, Result},
    execution::SendableRecordBatchStream,
    physical_plan::{ExecutionPlan, stream::RecordBatchStreamAdapter},
};
use datafusion_proto::{physical_plan::AsExecutionPlan, protobuf::PhysicalPlanNode};
use futures::{StreamExt, TryStreamExt, stream};
use tonic::transport::Channel;

use super::{Cluster, noticing};

/// How often a job is asked after.
const ASKING: Duration = Duration::from_millis(50);

/// How long the scheduler may not know a job that it has taken, before it is one that was started anew.
const UNKNOWN: Duration = Duration::from_secs(30);

/// Why a job on a cluster came to nothing. It reaches the caller inside of the engine's error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// Nobody listens at the scheduler's address.
    #[error("no scheduler answers at {url}: start one there, or correct the address")]
    NoScheduler {
        /// The address.
        url: String,
        /// What the connection failed with.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The scheduler cannot read the plan, or is another version of this program.
    #[error("the scheduler has refused a plan: {reason}")]
    Refused {
        /// What the scheduler says.
        reason: String,
    },
    /// The plan fails on these data, wherever it is carried out. It is not tried again.
    #[error("the job {job} failed: {reason}")]
    Failed {
        /// The job.
        job: String,
        /// What the scheduler says.
        reason: String,
    },
    /// An executor was lost that had a part of the job. The same job may come to its end on those that are left.
    #[error("the job {job} has lost an executor, or what one had for it: {reason}")]
    Lost {
        /// The job.
        job: String,
        /// What the scheduler says, or why the outcome could not be fetched.
        reason: String,
    },
    /// The job did not end in time, and was cancelled.
    #[error(
        "the job {job} took more than {seconds} s: see what its executors do, or raise the limit of a stage"
    )]
    Limit {
        /// The job.
        job: String,
        /// The limit.
        seconds: u64,
    },
}

impl From<JobError> for DataFusionError {
    fn from(error: JobError) -> Self {
        Self::External(Box::new(error))
    }
}

impl JobError {
    /// What a failure of a job is, by the scheduler's words for it, of which Ballista 55 has no types.
    fn of(job: &str, reason: &str) -> Self {
        // Of `losses.rs`.
        const CANCELLED: &str = "Cancelled";
        // Of the data or the plan: neither is another on another executor.
        const FINAL: [&str; 2] = ["Task failed due to runtime execution error", "Error planning job"];
        // A connection that ends within a part is an error of execution for Ballista.
        const CONNECTION: [&str; 6] = [
            "FlightError",
            "Tonic error",
            "Grpc",
            "transport error",
            "h2 protocol error",
            "from connection",
        ];
        let (job, reason) = (job.to_owned(), reason.trim_end().to_owned());
        let says = |words: &[&str]| words.iter().any(|words| reason.contains(words));
        if reason == CANCELLED {
            let reason =
                "the scheduler has cancelled it, for an executor is gone, or there is none".to_owned();
            Self::Lost { job, reason }
        } else if says(&FINAL) && !says(&CONNECTION) {
            Self::Failed { job, reason }
        } else {
            Self::Lost { job, reason }
        }
    }
}

/// Whether what failed so may come to its end if it is done again.
pub(crate) fn is_worth_another_try(error: &DataFusionError) -> bool {
    let DataFusionError::External(inner) = error.find_root() else {
        return false;
    };
    let error = inner.downcast_ref::<JobError>();
    matches!(error, Some(JobError::Lost { .. } | JobError::Limit { .. }))
}

impl Cluster {
    /// Has a plan carried out and hands on what comes of it, which lies with the executors until it is read.
    pub(crate) async fn stream(&self, plan: Arc<dyn ExecutionPlan>) -> Result<SendableRecordBatchStream> {
        let schema = plan.schema();
        let mut scheduler = self.scheduler().await?;
        let job = self.begin(&mut scheduler, plan).await?;
        let parts = self.end_of(&mut scheduler, &job).await?;
        let most = self.config.ballista_config().grpc_client_max_message_size();
        let parts = parts
            .into_iter()
            .map(move |part| stream::once(fetch(part, most)).try_flatten());
        let lost = move |error: DataFusionError| {
            DataFusionError::from(JobError::Lost {
                job: job.clone(),
                reason: error.to_string(),
            })
        };
        let batches = stream::iter(parts).flatten().map_err(lost);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    async fn scheduler(&self) -> Result<SchedulerGrpcClient<Channel>, JobError> {
        let none = |source: tonic::transport::Error| JobError::NoScheduler {
            url: self.url.clone(),
            source: Box::new(source),
        };
        let settings = self.config.ballista_config();
        let endpoint =
            create_grpc_client_endpoint(self.url.clone(), Some(&GrpcClientConfig::from(&settings)));
        let channel = endpoint.map_err(none)?.connect().await.map_err(none)?;
        let most = settings.grpc_client_max_message_size();
        let client = SchedulerGrpcClient::new(channel);
        Ok(client
            .max_encoding_message_size(most)
            .max_decoding_message_size(most))
    }

    /// Sends a plan; the job's name.
    async fn begin(
        &self,
        scheduler: &mut SchedulerGrpcClient<Channel>,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<String> {
        let codec = self.config.ballista_physical_extension_codec();
        let mut bytes = Vec::new();
        PhysicalPlanNode::try_from_physical_plan(plan, codec.as_ref())?.try_encode(&mut bytes)?;
        let settings = self.config.options().entries().into_iter();
        let mut request = tonic::Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(bytes)),
            settings: settings
                .map(|entry| KeyValuePair {
                    key: entry.key,
                    value: entry.value,
                })
                .collect(),
            session_id: new_instance_id(),
            operation_id: new_instance_id(),
        });
        insert_version_header(request.metadata_mut());
        let refused = |reason: String| JobError::Refused { reason };
        let answer = scheduler.execute_query(request).await;
        let answer = answer.map_err(|status| refused(status.message().to_owned()))?;
        match answer.into_inner().result {
            Some(execute_query_result::Result::Success(begun)) => Ok(begun.job_id),
            other => Err(refused(format!("{other:?}")).into()),
        }
    }

    /// Waits for the end of a job; where its parts lie.
    async fn end_of(
        &self,
        scheduler: &mut SchedulerGrpcClient<Channel>,
        job: &str,
    ) -> Result<Vec<PartitionLocation>, JobError> {
        let job_id = || job.to_owned();
        let lost = |reason: &str| JobError::Lost {
            job: job_id(),
            reason: reason.to_owned(),
        };
        let begin = Instant::now();
        let mut known = begin;
        loop {
            let answer = scheduler
                .get_job_status(GetJobStatusParams { job_id: job_id() })
                .await;
            let answer = answer.map_err(|status| lost(status.message()))?;
            match answer.into_inner().status.and_then(|job| job.status) {
                Some(Status::Successful(done)) => return Ok(done.partition_location),
                Some(Status::Failed(failed)) => return Err(JobError::of(job, &failed.error)),
                Some(_) => known = Instant::now(),
                None if known.elapsed() > UNKNOWN => return Err(lost("the scheduler does not know it")),
                None => {}
            }
            if begin.elapsed() > self.stage_limit {
                if let Err(status) = scheduler.cancel_job(CancelJobParams { job_id: job_id() }).await {
                    log::warn!("the job {job} could not be cancelled: {}", status.message());
                }
                return Err(JobError::Limit {
                    job: job_id(),
                    seconds: self.stage_limit.as_secs(),
                });
            }
            tokio::time::sleep(ASKING).await;
        }
    }
}

/// Reads a part of a job's outcome from the executor that has it.
async fn fetch(part: PartitionLocation, most: usize) -> Result<SendableRecordBatchStream> {
    let layout = part.layout();
    let (Some(executor), Some(id)) = (part.executor_meta, part.partition_id) else {
        return Err(DataFusionError::Internal("a part lies with no executor".into()));
    };
    let port = u16::try_from(executor.port).map_err(|error| DataFusionError::External(Box::new(error)))?;
    // One try: what lies with an executor that is gone does not come back. (With none, Ballista 55 panics.)
    let endpoint = Arc::new(BallistaConfigGrpcEndpoint::new(Arc::new(noticing)));
    let client = BallistaClient::try_new(&executor.host, port, most, false, Some(endpoint), 1, 0, 0, 0).await;
    let mut client = client.map_err(|error| DataFusionError::External(Box::new(error)))?;
    let batches = client
        .fetch_partition(&executor.id, &id.into(), part.file_id, layout, true)
        .await;
    batches.map_err(|error| DataFusionError::External(Box::new(error)))
}

#[cfg(test)]
mod tests;
