//! `/api/connections/…` (requirements 004-05 to 004-07, conflict X-22). Figures are those of the
//! node that answers, which it names.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::SCOPE;
use super::census::Census;
use super::persist::{self, connection_id};
use super::player::check_session;
use crate::app::App;
use crate::bus::Channel;
use crate::debug::Insight;
use crate::hub::{Connection, Transport};
use crate::profiles::limits::Caller;
use crate::profiles::{ApiError, identity, json};

/// `GET /api/connections/stats`
pub(super) async fn stats(State(app): State<Arc<App>>) -> Json<Value> {
    let census = Census::take(&app);
    Json(json!({
        "node": app.node,
        "scope": SCOPE,
        "total_players": census.players.len(),
        "total_connections": census.connections(),
        "connection_distribution": census.distribution(),
        "session_statistics": { "total_sessions": app.players.sessions.total() },
        "health_statistics": census.health(),
        "timestamp": Timestamp::now().to_string(),
    }))
}

#[derive(Deserialize)]
pub(super) struct Named {
    player_id: String,
}

/// `GET /api/connections?player_id=`: for names that are paths here, such as `stats`.
pub(super) async fn by_name(
    insight: Insight,
    state: State<Arc<App>>,
    Query(named): Query<Named>,
) -> Result<Json<Value>, ApiError> {
    player(insight, state, Path(named.player_id)).await
}

/// `GET /api/connections/{player_id}`
pub(super) async fn player(
    _: Insight,
    State(app): State<Arc<App>>,
    Path(player): Path<String>,
) -> Result<Json<Value>, ApiError> {
    identity::check("player_id", &player)?;
    let connections = app.players.connections(&player);
    let healthy = connections.iter().filter(|connection| connection.is_healthy()).count();
    // Unknown while the bus is away.
    let elsewhere = app.bus.elsewhere(&Channel::user(&player)).await.ok();
    persist::recall(&app, &player).await;
    let known = app.players.sessions.get(&player);
    let (sent, delivered, failed) =
        known.as_ref().map_or((0, 0, 0), |known| (known.sent, known.delivered, known.failed));
    Ok(Json(json!({
        "player_id": player,
        "node": app.node,
        "session_id": known.and_then(|known| known.session).map(|session| session.id),
        "connections": {
            "websocket": of_kind(&app, &connections, Transport::WebSocket),
            "sse": of_kind(&app, &connections, Transport::Sse),
            "total": connections.len(),
        },
        "presence": if connections.is_empty() && elsewhere != Some(true) { "offline" } else { "online" },
        "on_other_nodes": elsewhere,
        "health": { "healthy": healthy, "unhealthy": connections.len() - healthy },
        "message_delivery_stats": {
            "total_messages": sent,
            "successful_deliveries": delivered,
            "failed_deliveries": failed,
        },
        "timestamp": Timestamp::now().to_string(),
    })))
}

fn of_kind(app: &App, connections: &[Arc<Connection>], transport: Transport) -> Value {
    let own: Vec<_> = connections.iter().filter(|connection| connection.transport == transport).collect();
    let ids: Vec<_> = own.iter().map(|connection| connection_id(app, connection)).collect();
    let idle = own.iter().map(|connection| connection.idle()).min();
    let last = idle.map(|idle| (Timestamp::now() - SignedDuration::from_secs(idle.into())).to_string());
    json!({ "count": own.len(), "connection_ids": ids, "last_activity": last })
}

/// `GET /api/connections/{player_id}/session`
pub(super) async fn session(
    _: Insight,
    State(app): State<Arc<App>>,
    Path(player): Path<String>,
) -> Result<Json<Value>, ApiError> {
    identity::check("player_id", &player)?;
    persist::recall(&app, &player).await;
    let connections = app.players.connections(&player);
    let session = app.players.sessions.get(&player).and_then(|known| known.session);
    let count = |kind| connections.iter().filter(|connection| connection.transport == kind).count();
    Ok(Json(json!({
        "player_id": player,
        "session_id": session.as_ref().map(|session| &session.id),
        "session_created": session.as_ref().map(|session| session.created.to_string()),
        "active_connections": connections.len(),
        "connection_types": { "websocket": count(Transport::WebSocket), "sse": count(Transport::Sse) },
        "timestamp": Timestamp::now().to_string(),
    })))
}

/// `POST /api/connections/{player_id}/session`: a new session, which ends the connections of the
/// former one. Asks for what publishing asks for.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    Path(player): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    identity::check("player_id", &player)?;
    let mut body = json::object("", json::read(&app, &caller, body).await?)?;
    let session = json::name_of(&mut body, "session_id")?;
    check_session(&session)?;
    let ended = app.players.enter(&app, &player, &session).await;
    Ok(Json(json!({
        "success": true,
        "message": format!("Player {player} is in session {session}"),
        "session_id": session,
        "previous_connections_disconnected": ended,
        "timestamp": Timestamp::now().to_string(),
    })))
}
