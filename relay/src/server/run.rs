//! Runs a relay until it is told to stop, and stops it with care.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::FutureExt;
use relay_contract::admin::DrainRequest;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::accept::accept;
use super::reserve::Borrowed;
use super::{Relay, client};
use crate::admin;
use crate::app::App;
use crate::config::{Problem, Settings};
use crate::hub::sweep_forever;
use crate::logs::LogControl;
use crate::profiles::{dual, outside, stream};
use crate::rate;
use crate::transport::Permits;

/// How often the settings file is looked at.
const POLL: Duration = Duration::from_secs(2);
/// Time after the deadline for the last goodbyes to be written and answered.
const FAREWELLS: Duration = Duration::from_secs(6);
/// How often it is looked whether all have gone.
const LOOK: Duration = Duration::from_millis(50);

/// How a relay stops.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// Connections that end per second.
    pub rate: u32,
    /// Time after which those that are left end at once.
    pub timeout: Duration,
}

/// Serves until `signal`, then drains and returns.
pub async fn run_until(relay: Relay, stop: Stop, signal: impl Future<Output = ()>) {
    let app = relay.app.clone();
    let (shutdown, bus_shutdown) = (relay.shutdown.clone(), relay.bus_shutdown.clone());
    let mut helpers = help(relay);
    signal.await;
    tracing::info!("Stopping");
    drain(&app, stop).await;
    shutdown.cancel();
    app.tasks.close();
    if tokio::time::timeout(FAREWELLS, app.tasks.wait()).await.is_err() {
        tracing::warn!(connections = app.hub.total(), "Stopped with connections that did not end");
    }
    dual::flush(&app).await;
    if let Some(recovery) = &app.recovery {
        recovery.flush().await;
    }
    bus_shutdown.cancel();
    app.bus.closed().await;
    helpers.shutdown().await;
    tracing::info!("Stopped");
}

/// Listens on both ports, and keeps the clockwork going; each in a task of its own, so that a
/// long sweep keeps nobody waiting.
fn help(relay: Relay) -> JoinSet<()> {
    let mut helpers = JoinSet::new();
    let (router, admin_router) =
        (relay.client_routes(), admin::routes(relay.app.clone(), relay.logs.clone()));
    let Relay { app, logs, clients, also_clients, admin, shutdown, .. } = relay;
    let names = app.named_tasks.clone();
    let events = stream::run(app.events.clone(), app.hub.clone(), names.clone(), shutdown.clone());
    names.add("stream-supervisor", app.tasks.spawn(events).abort_handle());
    let mut help = |name: &str, task| names.add(name, helpers.spawn(task));
    // One cap for all addresses.
    let permits = Permits::default();
    for clients in [clients].into_iter().chain(also_clients) {
        let (permits, router) = (permits.clone(), router.clone());
        help(
            "clients",
            listen(app.clone(), clients, permits, router, shutdown.clone(), serve_client).boxed(),
        );
    }
    let admin = listen(app.clone(), admin, Permits::default(), admin_router, shutdown, serve_admin);
    help("admin", admin.boxed());
    let drained = app.clone();
    help("drain", async move { drained.drain.run(&drained.hub, drained.peers.splices()).await }.boxed());
    let known = app.clone();
    help("peers", async move { known.peers.keep().await }.boxed());
    let (paced, beaten) = (app.clone(), app.clone());
    let engineio = app.settings.live().socketio.pace();
    let paces = move || paced.settings.live().paces(engineio);
    help("sweep", sweep_forever(app.hub.clone(), paces, move || beaten.heartbeat.beat()).boxed());
    help("upkeep", dual::run(app.clone()).boxed());
    help("retries", dual::retry(app.clone()).boxed());
    help("sessions", dual::persist(app.clone()).boxed());
    help("workers", outside::run(app.clone()).boxed());
    if let Some(recovery) = app.recovery.clone() {
        help("recovery", async move { recovery.run().await }.boxed());
    }
    let sharing = app.clone();
    help("limits", async move { rate::share(&sharing.limits, &*sharing.bus).await }.boxed());
    help("settings", async move { poll_settings(&app, &logs).await }.boxed());
    helpers
}

/// How one port serves a connection.
type Serve = fn(&Arc<App>, &Permits, TcpStream, Option<Borrowed>, Router, &CancellationToken);

async fn listen(
    app: Arc<App>,
    listener: TcpListener,
    permits: Permits,
    router: Router,
    stop: CancellationToken,
    serve: Serve,
) {
    let each = |stream, spare| serve(&app, &permits, stream, spare, router.clone(), &stop);
    let failed = || app.metrics.accept_errors.inc();
    accept(listener, &stop, failed, Some(app.tcp_keepalive), each).await;
}

fn serve_client(
    app: &Arc<App>,
    permits: &Permits,
    stream: TcpStream,
    spare: Option<Borrowed>,
    router: Router,
    stop: &CancellationToken,
) {
    if let Some(spare) = spare {
        app.metrics.refused.descriptors.inc();
        app.tasks.spawn(async move {
            client::refuse(stream).await;
            drop(spare);
        });
        return;
    }
    let Some(permit) = permits.take(app.settings.live().max_total_connections) else {
        app.metrics.refused.limit.inc();
        app.tasks.spawn(client::refuse(stream));
        return;
    };
    app.tasks.spawn(client::serve(stream, app.clone(), router, permit, stop.clone()));
}

/// Connections of the admin port: enough for probes, scrapes and an operator.
const ADMIN_CONNECTIONS: u64 = 256;

fn serve_admin(
    app: &Arc<App>,
    permits: &Permits,
    stream: TcpStream,
    spare: Option<Borrowed>,
    router: Router,
    stop: &CancellationToken,
) {
    if let Some(permit) = permits.take(ADMIN_CONNECTIONS) {
        let stop = stop.clone();
        // Whoever looks after the relay is served even when it has no descriptors for clients.
        app.tasks.spawn(async move {
            super::http::serve_new(stream, router, permit, &stop).await;
            drop(spare);
        });
    }
}

async fn poll_settings(app: &App, logs: &LogControl) {
    let mut ticks = tokio::time::interval(POLL);
    warn_of_unknown(&app.settings);
    loop {
        ticks.tick().await;
        match app.settings.poll() {
            None => {}
            Some(Ok(())) => {
                tracing::info!("Settings changed");
                warn_of_unknown(&app.settings);
            }
            Some(Err(error)) => tracing::error!(%error, "New settings are bad; the old ones stay"),
        }
        admin::apply_settings(app, logs);
    }
}

/// A name that is none may be of a newer relay: it is told, and stops nobody.
fn warn_of_unknown(settings: &Settings) {
    for Problem { setting, what } in settings.unknown() {
        tracing::warn!(setting, "{what}");
    }
}

/// Ends all connections at the pace, and those that are left at the deadline.
async fn drain(app: &App, stop: Stop) {
    let deadline_seconds = u32::try_from(stop.timeout.as_secs()).unwrap_or(u32::MAX);
    app.drain.stop(DrainRequest { rate: stop.rate, deadline_seconds, reason: "Stopping".to_owned() });
    let gone = async {
        while app.hub.total() > 0 || app.peers.splices().count() > 0 {
            tokio::time::sleep(LOOK).await;
        }
    };
    let _ = tokio::time::timeout(stop.timeout + FAREWELLS, gone).await;
}
