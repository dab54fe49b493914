//! `/health` and `/metrics` on the clients' port (requirements 000-08, 000-09, conflicts ).

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use relay_contract::admin::{Bus, BusKind, BusState};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::admin::probes;
use crate::app::App;
use crate::metrics::{VERSION, drops};
use crate::profiles::ApiError;

/// The name that the push guide's server gives itself.
const SERVICE: &str = "websocket-sse-server";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(health))
        .route("/api/health", get(health))
        .route("/health/detailed", get(health))
        .route("/metrics", get(metrics))
        .merge(probes::routes())
}

/// One object for all guides: able to serve is 200.
async fn health(State(app): State<Arc<App>>) -> (StatusCode, Json<Value>) {
    let counts = app.hub.counts();
    let bus = app.bus.status();
    let (status, word) = match bus.state {
        _ if app.drain.is_stopping() => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        BusState::Ok => (StatusCode::OK, "healthy"),
        BusState::Connecting | BusState::Degraded => (StatusCode::OK, "degraded"),
    };
    let body = json!({
        "status": word,
        "service": SERVICE,
        "version": VERSION,
        "node": app.node,
        // Always of one length: `ab` takes answers that are not for failed ones (requirement 000-25).
        "timestamp": format!("{:.3}", jiff::Timestamp::now()),
        "uptime": app.started.elapsed().as_secs(),
        "connections": counts.total,
        "active_connections": counts.total,
        "websocket": websocket(&app, counts.websocket),
        "sse": { "connected": counts.sse },
        "components": components(&app, &bus),
    });
    (status, Json(body))
}

/// What the guide of the `socketio` profile looks at, by `jq .websocket` (requirement 002-09).
fn websocket(app: &App, plain: u64) -> Value {
    let figures = app.socketio.figures();
    json!({
        "connected": plain + figures.websocket(),
        "transports": { "websocket": figures.websocket(), "polling": figures.polling() },
        "upgrades": figures.upgrades(),
        "errors": figures.errors(),
    })
}

/// The parts (requirement 001-04); `redis` is `disabled` where the bus is memory.
fn components(app: &App, bus: &Bus) -> Value {
    let (buffer, processor) = app.events.health();
    let redis = match (bus.kind, bus.state) {
        (BusKind::Memory, _) => "disabled",
        (BusKind::Redis, BusState::Ok) => "healthy",
        (BusKind::Redis, BusState::Connecting | BusState::Degraded) => "unhealthy",
    };
    json!({ "bus": bus, "buffer": buffer, "processor": processor, "redis": redis, "sessions": sessions(app) })
}

/// Where sessions outlive the process; `disabled` where they do not.
fn sessions(app: &App) -> &'static str {
    match &app.persistence {
        None => "disabled",
        Some(persistence) if persistence.is_up() => "healthy",
        Some(_) => "unhealthy",
    }
}

#[derive(Deserialize)]
struct Wanted {
    format: Option<String>,
}

async fn metrics(State(app): State<Arc<App>>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Response {
    if !app.settings.live().metrics {
        return ApiError::NotFound.into_response();
    }
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let by_accept = accept.is_some_and(|accept| accept.contains("application/json"));
    if wanted.format.as_deref() == Some("json") || (wanted.format.is_none() && by_accept) {
        let counts = app.hub.counts();
        let body = json!({
            "active_connections": counts.total,
            "service": SERVICE,
            "version": VERSION,
            "connections": counts,
            "drops": drops(&app.hub.shared().counts, &app.bus.counters()),
        });
        return Json(body).into_response();
    }
    probes::prometheus(&app)
}
