//! The `dual` profile: WebSockets and event streams of players side by side, messages to them, and
//! what is told about both (rows 004-01 to 004-42). A player's connections and the `push` profile's
//! socket of the same name get the same messages.

mod census;
mod connections;
mod delivery;
mod errors;
mod messages;
mod monitoring;
mod persist;
mod player;
mod players;
mod recent;
mod recovery;
mod retries;
mod sessions;
mod shape;
mod socket;
mod stream;
mod trends;
mod upkeep;
mod verify;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::hub::{Connection, Transport};

pub use persist::{flush, persist};
pub use players::Players;
pub use retries::retry;
pub(super) use stream::stream;
pub use upkeep::run;

/// Name of the profile.
pub const NAME: &str = "dual";

/// What figures are about: nodes tell each other who is there, not how many or how well.
const SCOPE: &str = "node";

/// Told to a player who has all the connections that one may have.
const TOO_MANY: &str = "Too many connections";

/// Its routes. Names that `push` posts to are players' names for GET (conflict X-06), and a player
/// called as a path of ours is asked for by `?player_id=` (conflict X-22).
pub fn routes() -> Router<Arc<App>> {
    let mut router = Router::new()
        .route("/api/messages", post(messages::handle))
        .route("/api/connections", get(connections::by_name))
        .route("/api/connections/stats", get(connections::stats))
        .route("/api/connections/{player_id}", get(connections::player))
        .route("/api/connections/{player_id}/session", get(connections::session).post(connections::switch))
        .route("/api/auth/verify", get(verify::handle))
        .route("/monitoring/dual-connections", get(monitoring::connections))
        .route("/monitoring/performance", get(monitoring::performance))
        .route("/monitoring/connection-health", get(monitoring::connection_health))
        .route("/monitoring/errors", get(monitoring::errors));
    for path in ["/ws/{player_id}", "/ws/{player_id}/"] {
        router = router.route(path, get(socket::connect));
    }
    for path in ["/sse/{player_id}", "/sse/{player_id}/", "/sse/push", "/sse/send"] {
        router = router.route(path, get(stream::handle));
    }
    router
}

/// Logs, measures and notes a connection that was asked for at `begin` (requirements 004-28 and
/// 004-42).
fn established(app: &App, connection: &Connection, client_ip: IpAddr, begin: Instant) {
    let time = begin.elapsed();
    app.metrics.players.established(connection.transport, time);
    let establishment_time_ms = time.as_secs_f64() * 1000.0;
    let kind = kind(connection);
    tracing::info!(player_id = %connection.identity, %client_ip, establishment_time_ms, "{kind} connected");
    persist::opened(app, connection);
}

/// Logs and notes the end of a connection.
fn ended(app: &App, connection: &Connection) {
    let kind = kind(connection);
    tracing::info!(player_id = %connection.identity, "{kind} disconnected");
    persist::closed(app, connection);
}

fn kind(connection: &Connection) -> &'static str {
    match connection.transport {
        Transport::WebSocket => "WebSocket",
        // Players have sockets and event streams only.
        Transport::Sse | Transport::SocketIo => "SSE",
    }
}
