//! One process of the operator, from its start to its end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use k8s_controller::LeaderElection;
use kube::Client;
use tokio_util::sync::CancellationToken;

use crate::controller::{self, Pods};
use crate::fleet::{Engine, Fleet, redis};
use crate::http;
use crate::metrics::Metrics;
use crate::options::{LEASE_NAME, Leader, Options};
use crate::reconcile::Context;

/// Time between two looks at the lease, and up to half as much again: who waits for a lease that was
/// released has it within 1.5 s.
const LEASE_RETRY: Duration = Duration::from_secs(1);

/// How long a lease is good that is not renewed: whose holder died is replaced within this time and two
/// looks, which leaves some of 20 s for the work.
const LEASE_DURATION: Duration = Duration::from_secs(12);

/// How long a leader that cannot renew the lease goes on.
const LEASE_DEADLINE: Duration = Duration::from_secs(8);

/// Runs the operator until `shutdown`.
///
/// # Errors
/// The port cannot be bound, or the lease was lost: the process must end then, because another
/// one may be writing.
pub async fn run(client: Client, options: Options, shutdown: CancellationToken) -> anyhow::Result<()> {
    let metrics = Metrics::new()?;
    let served = serve(options.listen, metrics.clone());
    let options = Arc::new(options);
    let work = lead(options.leader.clone(), metrics.clone(), shutdown.clone(), || {
        control(client, Arc::clone(&options), metrics, shutdown)
    });
    tokio::select! {
        error = served => error,
        result = work => result,
    }
}

/// The operator's own port; for ever, when there is none.
async fn serve(listen: Option<SocketAddr>, metrics: Metrics) -> anyhow::Result<()> {
    match listen {
        Some(address) => http::serve(address, metrics).await.with_context(|| format!("serving on {address}")),
        None => std::future::pending().await,
    }
}

/// Does the work as the leader, or at once when there is no election. The lease is released when
/// the process is told to end, so that another takes over at once.
async fn lead<F>(
    leader: Option<Leader>,
    metrics: Metrics,
    shutdown: CancellationToken,
    work: impl FnOnce() -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let Some(Leader { client, namespace, identity }) = leader else {
        metrics.lead(true);
        return work().await;
    };
    let election = LeaderElection::new(client, &namespace, LEASE_NAME, &identity)
        .with_lease_duration(LEASE_DURATION)
        .with_renew_deadline(LEASE_DEADLINE)
        .with_retry_period(LEASE_RETRY);
    let led = election.with_lease(async {
        metrics.lead(true);
        work().await
    });
    tokio::select! {
        result = led => {
            metrics.lead(false);
            result.unwrap_or_else(|| Err(anyhow::anyhow!("the lease {namespace}/{LEASE_NAME} was lost")))
        }
        () = stop_waiting(&shutdown) => {
            election.release().await;
            Ok(())
        }
    }
}

/// The controller gets a moment to end by itself; then it is dropped.
async fn stop_waiting(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// The controller and the probe engine, until the one ends.
async fn control(
    client: Client,
    options: Arc<Options>,
    metrics: Metrics,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let (fleet, changes) = Fleet::new(options.probe_every.mul_f64(2.4));
    metrics.ages_from(fleet.clone());
    let pods = Pods::default();
    let engine = Engine::new(
        fleet.clone(),
        pods.store.clone(),
        metrics.clone(),
        options.admin_port,
        options.probe_every,
    )
    .context("making an HTTP client for the relays")?;
    let context = Context::new(client, options, fleet, metrics, pods.store.clone());
    let servers = redis::Engine::new(
        context.servers.clone(),
        context.fleet.clone(),
        pods.store.clone(),
        context.metrics.clone(),
        context.options.probe_every,
    );
    tokio::select! {
        () = engine.run() => Ok(()),
        () = servers.run() => Ok(()),
        () = controller::run(context, pods, changes, shutdown) => Ok(()),
    }
}
