//! Runs a relay until it is told to stop, and stops it with care.

use std::sync::Arc;
use std::time::Duration;

use relay_contract::admin::DrainRequest;
use tokio_util::sync::CancellationToken;

use super::accept::accept;
use super::permit::Permits;
use super::{Relay, client};
use crate::admin;
use crate::app::App;
use crate::hub::sweep_forever;
use crate::logs::LogControl;

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
    let helpers = tokio::spawn(help(relay));
    signal.await;
    tracing::info!("Stopping");
    drain(&app, stop).await;
    shutdown.cancel();
    app.tasks.close();
    if tokio::time::timeout(FAREWELLS, app.tasks.wait()).await.is_err() {
        tracing::warn!(connections = app.hub.total(), "Stopped with connections that did not end");
    }
    bus_shutdown.cancel();
    app.bus.closed().await;
    helpers.abort();
    tracing::info!("Stopped");
}

/// Listens on both ports, and keeps the clockwork going.
async fn help(relay: Relay) {
    let app = &relay.app;
    let pace = || app.settings.live().pace;
    let admin_router = admin::routes(app.clone(), relay.logs.clone());
    let client_router = relay.client_routes();
    let (admin_permits, client_permits) = (Permits::default(), Permits::default());
    let admin = accept(relay.admin, &relay.shutdown, &app.metrics, |stream| {
        serve_admin(app, &admin_permits, stream, admin_router.clone(), &relay.shutdown);
    });
    let clients = accept(relay.clients, &relay.shutdown, &app.metrics, |stream| {
        serve_client(app, &client_permits, stream, client_router.clone(), &relay.shutdown);
    });
    tokio::join!(
        admin,
        clients,
        app.drain.run(&app.hub),
        sweep_forever(app.hub.clone(), pace, || app.heartbeat.beat()),
        poll_settings(app, &relay.logs),
    );
}

fn serve_client(
    app: &Arc<App>,
    permits: &Permits,
    stream: tokio::net::TcpStream,
    router: axum::Router,
    stop: &CancellationToken,
) {
    let Some(permit) = permits.take(app.settings.live().max_total_connections) else {
        app.metrics.refused.inc();
        app.tasks.spawn(client::refuse(stream));
        return;
    };
    app.tasks.spawn(client::serve(stream, app.clone(), router, permit, stop.clone()));
}

/// Connections of the admin port: enough for probes, scrapes and an operator.
const ADMIN_CONNECTIONS: u64 = 256;

fn serve_admin(
    app: &App,
    permits: &Permits,
    stream: tokio::net::TcpStream,
    router: axum::Router,
    stop: &CancellationToken,
) {
    if let Some(permit) = permits.take(ADMIN_CONNECTIONS) {
        let stop = stop.clone();
        let stream = crate::transport::rewind::Rewind::new(bytes::Bytes::new(), stream);
        app.tasks.spawn(async move { super::http::serve(stream, router, permit, &stop).await });
    }
}

async fn poll_settings(app: &App, logs: &LogControl) {
    let mut ticks = tokio::time::interval(POLL);
    loop {
        ticks.tick().await;
        match app.settings.poll() {
            None => {}
            Some(Ok(())) => tracing::info!("Settings changed"),
            Some(Err(error)) => tracing::error!(%error, "New settings are bad; the old ones stay"),
        }
        admin::apply_settings(app, logs);
    }
}

/// Ends all connections at the pace, and those that are left at the deadline.
async fn drain(app: &App, stop: Stop) {
    let deadline_seconds = u32::try_from(stop.timeout.as_secs()).unwrap_or(u32::MAX);
    app.drain.stop(DrainRequest { rate: stop.rate, deadline_seconds, reason: "Stopping".to_owned() });
    let gone = async {
        while app.hub.total() > 0 {
            tokio::time::sleep(LOOK).await;
        }
    };
    let _ = tokio::time::timeout(stop.timeout + FAREWELLS, gone).await;
}
