//! The scheduler and the executors of a cluster.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use ballista_core::{
    error::BallistaError, registry::BallistaFunctionRegistry, utils::default_session_builder,
};
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::{
    cluster::BallistaCluster, config::SchedulerConfig, scheduler_process::start_server,
};
use datafusion::prelude::SessionContext;

use super::ScaleCodec;
use crate::{engine::with_functions, functions};

/// Why a process of a cluster could not be started or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The scheduler.
    #[error("the scheduler at {address} cannot go on")]
    Scheduler {
        /// Where it listens.
        address: SocketAddr,
        /// What Ballista says.
        source: BallistaError,
    },
    /// An executor.
    #[error("the executor at port {port} cannot go on")]
    Executor {
        /// Where it listens.
        port: u16,
        /// What Ballista says.
        source: BallistaError,
    },
}

/// How a scheduler is started.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// Where it listens.
    pub address: SocketAddr,
    /// After how many seconds without a sign of life an executor is given up; what it was doing is then done by others.
    pub executor_timeout_seconds: u64,
}

/// How an executor is started.
#[derive(Debug, Clone)]
pub struct Executor {
    /// The scheduler.
    pub scheduler: SocketAddr,
    /// Where others fetch its results; the port above it is for its orders.
    pub port: u16,
    /// How many parts it works on at a time.
    pub cores: usize,
    /// Bytes that the engine may hold at a time, all parts together, before it writes to disk.
    pub memory: u64,
    /// Where it writes what others fetch and what it cannot hold.
    pub folder: PathBuf,
}

/// How often executors give a sign of life.
const HEARTBEAT_SECONDS: u64 = 3;

/// Runs a scheduler until the process ends. There is one in a cluster, and nothing of a run survives it.
///
/// # Errors
///
/// [`ClusterError::Scheduler`].
pub async fn serve_scheduler(scheduler: &Scheduler) -> Result<(), ClusterError> {
    let timeout = scheduler.executor_timeout_seconds.max(2 * HEARTBEAT_SECONDS);
    let config = SchedulerConfig {
        bind_host: scheduler.address.ip().to_string(),
        bind_port: scheduler.address.port(),
        external_host: scheduler.address.ip().to_string(),
        executor_timeout_seconds: timeout,
        expire_dead_executor_interval_seconds: HEARTBEAT_SECONDS,
        no_executors_grace_period_seconds: timeout,
        override_physical_codec: Some(Arc::new(ScaleCodec::default())),
        override_session_builder: Some(Arc::new(|config| {
            let context = SessionContext::new_with_state(default_session_builder(config)?);
            Ok(with_functions(context).state())
        })),
        ..SchedulerConfig::default()
    };
    let serve = async {
        let cluster = BallistaCluster::new_from_config(&config).await?;
        start_server(cluster, scheduler.address, Arc::new(config.clone())).await
    };
    serve.await.map_err(|source| ClusterError::Scheduler {
        address: scheduler.address,
        source,
    })
}

/// Runs an executor until the process is told to end.
///
/// # Errors
///
/// [`ClusterError::Executor`].
pub async fn serve_executor(executor: &Executor) -> Result<(), ClusterError> {
    let mut registry = BallistaFunctionRegistry::default();
    for function in functions::all() {
        registry
            .scalar_functions
            .insert(function.name().to_owned(), Arc::new(function));
    }
    let config = ExecutorProcessConfig {
        port: executor.port,
        grpc_port: executor.port + 1,
        external_host: Some("127.0.0.1".to_owned()),
        scheduler_host: executor.scheduler.ip().to_string(),
        scheduler_port: executor.scheduler.port(),
        scheduler_connect_timeout_seconds: 30,
        vcores: executor.cores.max(1),
        memory_pool_size: Some(executor.memory),
        work_dir: Some(executor.folder.display().to_string()),
        executor_heartbeat_interval_seconds: HEARTBEAT_SECONDS,
        override_function_registry: Some(Arc::new(registry)),
        override_physical_codec: Some(Arc::new(ScaleCodec::default())),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config))
        .await
        .map_err(|source| ClusterError::Executor {
            port: executor.port,
            source,
        })
}
