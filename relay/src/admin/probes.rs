//! Probes, which answer 200 or 503 with one line of why, and the figures.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use relay_contract::admin::BusState;

use super::signals::signals;
use crate::app::App;

/// The media type of the Prometheus text format.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Probes that are on both ports.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/livez", get(alive)).route("/readyz", get(ready)).route("/startupz", get(started))
}

/// The figures in the Prometheus text format.
pub fn prometheus(app: &App) -> Response {
    app.events.update_figures();
    let aliases = &app.settings.live().metrics_aliases;
    app.metrics.observe(&signals(app), app.socketio.figures().fallbacks());
    app.metrics.forwards.sockets(app.peers.splices().count());
    let text = app.metrics.render(app.hub.shared(), &app.bus.status(), &app.bus.counters(), aliases);
    ([(header::CONTENT_TYPE, PROMETHEUS)], text).into_response()
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    prometheus(&app)
}

/// Liveness: never Redis, never load.
async fn alive(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.heartbeat.is_alive() { ok() } else { no("the runtime does not turn\n") }
}

/// Readiness: accepting, and the bus was reached since the start. A drain that the operator asked
/// for changes nothing: a pod leaves the Service by its label.
async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.drain.is_stopping() {
        return no("the process is stopping\n");
    }
    match app.bus.status().state {
        BusState::Connecting => no("the bus was not reached since the start\n"),
        BusState::Ok | BusState::Degraded => ok(),
    }
}

/// Whoever can answer is bound and configured.
async fn started() -> (StatusCode, &'static str) {
    ok()
}

fn ok() -> (StatusCode, &'static str) {
    (StatusCode::OK, "ok\n")
}

fn no(why: &'static str) -> (StatusCode, &'static str) {
    (StatusCode::SERVICE_UNAVAILABLE, why)
}
