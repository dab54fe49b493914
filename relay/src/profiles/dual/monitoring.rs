//! `/monitoring/…` (requirements 004-08 to 004-11). Figures are those of the node that answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::SCOPE;
use super::census::{Census, health};
use crate::app::App;
use crate::debug::{Insight, Memory};
use crate::hub::Transport;
use crate::profiles::ApiError;

/// `GET /monitoring/dual-connections`
pub(super) async fn connections(_: Insight, State(app): State<Arc<App>>) -> Json<Value> {
    let census = Census::take(&app);
    let sessions = app.players.sessions.total();
    let in_session =
        |player: &str| app.players.sessions.get(player).is_some_and(|known| known.session.is_some());
    let connected = census.players.keys().filter(|player| in_session(player)).count();
    let connections: u64 = census.players.values().map(|(websocket, sse)| websocket + sse).sum();
    Json(json!({
        "node": app.node,
        "scope": SCOPE,
        "connection_distribution": census.distribution(),
        "connection_health": census.health(),
        "session_analytics": {
            "total_sessions": sessions,
            "sessions_with_connections": connected,
            "average_connections_per_session": connections as f64 / connected.max(1) as f64,
        },
        "timestamp": Timestamp::now().to_string(),
    }))
}

/// `GET /monitoring/performance`
pub(super) async fn performance(_: Insight, State(app): State<Arc<App>>) -> Result<Json<Value>, ApiError> {
    if !app.settings.live().dual.performance_monitoring {
        return Err(ApiError::NotFound);
    }
    let figures = &app.metrics.players;
    let (websocket, websocket_max) = figures.establishment(Transport::WebSocket).mean_and_max_ms();
    let (sse, sse_max) = figures.establishment(Transport::Sse).mean_and_max_ms();
    let (sent, delivered) = (figures.sent.get(), figures.delivered.get());
    let rate = if sent == 0 { 100.0 } else { delivered as f64 * 100.0 / sent as f64 };
    let memory = Memory::now();
    Ok(Json(json!({
        "node": app.node,
        "scope": SCOPE,
        "connection_establishment": {
            "avg_websocket_establishment_ms": websocket,
            "max_websocket_establishment_ms": websocket_max,
            "avg_sse_establishment_ms": sse,
            "max_sse_establishment_ms": sse_max,
        },
        "message_delivery": {
            "total_messages_sent": sent,
            "successful_deliveries": delivered,
            "failed_deliveries": figures.failures(),
            "delivery_success_rate": rate,
        },
        "system_performance": {
            "uptime_seconds": app.started.elapsed().as_secs(),
            "memory_mb": memory.resident as f64 / f64::from(1 << 20),
            "memory_percent": memory.percent(),
            "connections": app.hub.total(),
            "queue_bytes": app.hub.shared().budget.used(),
        },
        "timestamp": Timestamp::now().to_string(),
    })))
}

/// `GET /monitoring/connection-health`
pub(super) async fn connection_health(_: Insight, State(app): State<Arc<App>>) -> Json<Value> {
    let census = Census::take(&app);
    Json(json!({
        "node": app.node,
        "scope": SCOPE,
        "overall_health": census.health(),
        "connection_type_health": {
            "websocket": health(census.websocket.0, census.websocket.1),
            "sse": health(census.sse.0, census.sse.1),
        },
        "connection_age_distribution": census.ages(),
        "health_trends": app.players.trends.report(app.minutes()),
        "timestamp": Timestamp::now().to_string(),
    }))
}

/// `GET /monitoring/errors`
pub(super) async fn errors(_: Insight, State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.players.errors.report())
}
