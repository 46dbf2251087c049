//! The scheduler and the executors of a cluster.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use ballista_core::{
    config::TaskSchedulingPolicy,
    error::BallistaError,
    extension::SessionConfigExt,
    registry::BallistaFunctionRegistry,
    utils::{default_config_producer, default_session_builder},
};
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::{
    cluster::BallistaCluster,
    config::SchedulerConfig,
    scheduler_process::{create_scheduler, start_grpc_service},
};
use datafusion::prelude::SessionContext;

use super::{ScaleCodec, losses::Losses, noticing};
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
    /// An address that others cannot use.
    #[error("{field} is {found:?}: {expected}")]
    Address {
        /// The setting.
        field: &'static str,
        /// What it is.
        found: String,
        /// What it has to be.
        expected: &'static str,
    },
}

/// How a scheduler is started.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// Where it listens. `127.0.0.1` is for executors of this machine; for others, `0.0.0.0` or the machine's own
    /// address. Whoever reaches it may have plans carried out: there are no passwords, and nothing is encrypted.
    pub address: SocketAddr,
    /// After how many seconds without a sign of life an executor is given up, at least 10; what it was doing is then
    /// done again by others.
    pub executor_timeout_seconds: u64,
}

/// How an executor is started.
#[derive(Debug, Clone)]
pub struct Executor {
    /// The scheduler, `HOST:PORT`.
    pub scheduler: String,
    /// The name or address by which the other executors and the client reach this machine.
    pub host: String,
    /// The address of this machine that it listens at; [`Executor::new`] has `127.0.0.1`, which other machines do not
    /// reach, and `0.0.0.0` is all of them. Whoever reaches it may read what it has.
    pub bind: IpAddr,
    /// Where others fetch its results.
    pub port: u16,
    /// How many parts it works on at a time.
    pub cores: usize,
    /// Bytes that the engine may hold at a time, all parts together, before it writes to disk.
    pub memory: u64,
    /// Where it writes what others fetch and what it cannot hold.
    pub folder: PathBuf,
}

impl Executor {
    /// An executor of one core and 1 GiB for clients and executors of this machine alone.
    #[must_use]
    pub fn new(scheduler: impl Into<String>, port: u16, folder: impl Into<PathBuf>) -> Self {
        Self {
            scheduler: scheduler.into(),
            host: Ipv4Addr::LOCALHOST.to_string(),
            bind: Ipv4Addr::LOCALHOST.into(),
            port,
            cores: 1,
            memory: 1 << 30,
            folder: folder.into(),
        }
    }

    /// The scheduler's host and port, if the addresses can be used.
    fn check(&self) -> Result<(&str, u16), ClusterError> {
        let bad = |field, found: &str, expected| ClusterError::Address {
            field,
            found: found.to_owned(),
            expected,
        };
        let is_any = |host: &str| host.parse().is_ok_and(|address: IpAddr| address.is_unspecified());
        if self.host.trim().is_empty() || is_any(&self.host) {
            let expected = "write the name or address by which other machines reach this one";
            return Err(bad("host", &self.host, expected));
        }
        let scheduler = self.scheduler.rsplit_once(':');
        let scheduler = scheduler.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        match scheduler {
            Some((host, port)) if !host.is_empty() && !is_any(host) => Ok((host, port)),
            _ => Err(bad(
                "scheduler",
                &self.scheduler,
                "write HOST:PORT, as executors reach it",
            )),
        }
    }
}

/// How often a busy executor gives a sign of life at least: Ballista's `HEARTBEAT_POLL_INTERVAL`.
const HEARTBEAT_SECONDS: u64 = 5;

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
        // What `losses.rs` is about: executors ask for tasks, and a job that has lost something ends.
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        stage_max_failures: 1,
        executor_timeout_seconds: timeout,
        expire_dead_executor_interval_seconds: 1,
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
        let losses = Arc::new(Losses::new(cluster.cluster_state(), cluster.job_state()));
        let cluster = BallistaCluster::new(Arc::<Losses>::clone(&losses), cluster.job_state());
        let server = create_scheduler(cluster, Arc::new(config)).await?;
        losses.tell(server.clone());
        tokio::spawn(losses.cancel_jobs_without_executors(Duration::from_secs(timeout)));
        start_grpc_service(scheduler.address, server).await
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
/// [`ClusterError::Address`] or [`ClusterError::Executor`].
pub async fn serve_executor(executor: &Executor) -> Result<(), ClusterError> {
    let (scheduler_host, scheduler_port) = executor.check()?;
    let mut registry = BallistaFunctionRegistry::default();
    for function in functions::all() {
        registry
            .scalar_functions
            .insert(function.name().to_owned(), Arc::new(function));
    }
    let config = ExecutorProcessConfig {
        port: executor.port,
        bind_host: executor.bind.to_string(),
        external_host: Some(executor.host.clone()),
        scheduler_host: scheduler_host.to_owned(),
        scheduler_port,
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        scheduler_connect_timeout_seconds: 30,
        vcores: executor.cores.max(1),
        memory_pool_size: Some(executor.memory),
        work_dir: Some(executor.folder.display().to_string()),
        override_config_producer: Some(Arc::new(|| {
            default_config_producer().with_ballista_override_create_grpc_client_endpoint(Arc::new(noticing))
        })),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_others_cannot_use_are_named() {
        let good = Executor::new("10.0.0.7:50050", 50060, "folder");
        assert_eq!(good.check().unwrap(), ("10.0.0.7", 50050));
        let field = |change: fn(&mut Executor)| {
            let mut executor = good.clone();
            change(&mut executor);
            match executor.check().unwrap_err() {
                ClusterError::Address { field, .. } => field,
                other => panic!("{other}"),
            }
        };
        assert_eq!(field(|executor| executor.host = " ".into()), "host");
        assert_eq!(field(|executor| executor.host = "0.0.0.0".into()), "host");
        for scheduler in [
            "10.0.0.7",
            ":50050",
            "10.0.0.7:port",
            "0.0.0.0:50050",
            "10.0.0.7:99999",
        ] {
            let executor = Executor::new(scheduler, 50060, "folder");
            assert!(executor.check().is_err(), "{scheduler}");
        }
    }
}
