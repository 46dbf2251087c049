//! Ballista: the same plans, carried out by processes on several machines.
//!
//! A Ballista executor knows the functions that its binary was built with, and neither the functions nor the operator of
//! this crate are in Ballista's own. So the scheduler and the executors are started from here ([`serve_scheduler`],
//! [`serve_executor`], or the binary's commands of the same names), and plans are sent to the scheduler as they would run
//! here: what is planned on a cluster is what is planned in one process.
//!
//! A plan whose executor is lost is done again as a whole, by the engine and not by the scheduler; `losses.rs` says why.

mod codec;
mod jobs;
mod losses;
mod processes;

use std::{error::Error, fmt, sync::Arc, time::Duration};

use ballista_core::extension::SessionConfigExt;
use datafusion::{
    execution::SessionStateBuilder,
    prelude::{SessionConfig, SessionContext},
};
use tonic::transport::Endpoint;

use crate::{
    Engine, ScaleError,
    engine::{runtime, spilling},
};

pub(crate) use codec::ScaleCodec;
pub use jobs::JobError;
pub(crate) use jobs::is_worth_another_try;
pub use processes::{ClusterError, Executor, Scheduler, serve_executor, serve_scheduler};

/// A cluster's scheduler, and how plans are to be carried out.
pub(crate) struct Cluster {
    url: String,
    config: SessionConfig,
    pub(crate) stage_limit: Duration,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// The cluster of a scheduler, `http://HOST:PORT`, that was started by [`serve_scheduler`]. Its executors must see the
    /// input and the folder of the outcome under the paths that are given here: a shared file system, or one machine.
    ///
    /// Tables are dealt into so many parts, each of which one core of an executor works on: some times as many as there are
    /// cores, so that little is lost with an executor.
    ///
    /// # Errors
    ///
    /// [`ScaleError::Address`]; [`ScaleError::Engine`] if this process cannot make plans. Whether there is a scheduler shows with the first plan.
    pub fn on_cluster(url: &str, partitions: usize) -> std::result::Result<Self, ScaleError> {
        let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let is_address = address.is_some_and(|address| {
            let port = address
                .rsplit_once(':')
                .map(|(host, port)| (!host.is_empty(), port.parse::<u16>()));
            matches!(port, Some((true, Ok(_))))
        });
        if !is_address {
            return Err(ScaleError::Address { url: url.to_owned() });
        }
        let config = spilling(SessionConfig::new_with_ballista())
            .with_target_partitions(partitions.max(1))
            .with_ballista_adaptive_query_planner(false)
            .with_ballista_physical_extension_codec(Arc::new(ScaleCodec::default()))
            .set_u64("ballista.scheduler.max_partitions_per_task", 1);
        let runtime = runtime().build_arc().map_err(|source| ScaleError::Engine {
            stage: "begin",
            source: Box::new(source),
        })?;
        let state = SessionStateBuilder::new()
            .with_default_features()
            .with_config(config.clone())
            .with_runtime_env(runtime)
            .build();
        let mut engine = Self::of(SessionContext::new_with_state(state), partitions.max(1));
        engine.cluster = Some(Cluster {
            url: url.trim_end_matches('/').to_owned(),
            config,
            stage_limit: Duration::from_secs(3600),
        });
        Ok(engine)
    }

    /// How long a stage may take on a cluster before it is cancelled and tried again; one hour unless said otherwise.
    /// In this process there is no such limit.
    #[must_use]
    pub fn with_stage_limit(mut self, limit: Duration) -> Self {
        if let Some(cluster) = &mut self.cluster {
            cluster.stage_limit = limit;
        }
        self
    }
}

/// A connection that notices when the other machine is gone without a word, as one that lost its power is; Ballista's
/// own waits without end for what an executor has.
fn noticing(endpoint: Endpoint) -> Result<Endpoint, Box<dyn Error + Send + Sync>> {
    const PATIENCE: Duration = Duration::from_secs(20);
    Ok(endpoint
        .connect_timeout(PATIENCE)
        .http2_keep_alive_interval(PATIENCE)
        .keep_alive_timeout(PATIENCE)
        .keep_alive_while_idle(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_schedulers_address_is_refused() {
        for url in [
            "localhost:50050",
            "http://localhost",
            "http://:50050",
            "df://localhost:1",
            "http://host:port",
        ] {
            let refused = Engine::on_cluster(url, 4);
            assert!(matches!(refused, Err(ScaleError::Address { .. })), "{url}");
        }
        assert!(Engine::on_cluster("http://localhost:50050", 4).is_ok());
        assert!(Engine::on_cluster("http://10.0.0.7:50050/", 4).is_ok());
    }
}
