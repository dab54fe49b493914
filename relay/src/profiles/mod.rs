//! The protocols of the seed guides, one module each: the only place that knows their paths, their
//! messages and their log lines.

mod accept;
mod access;
mod direct;
pub mod dual;
mod error;
mod idempotency;
mod identity;
mod incoming;
mod json;
mod keyed;
mod limits;
mod opening;
pub mod outside;
mod places;
pub mod push;
mod resume;
mod socket;
pub mod socketio;
pub mod stream;
pub mod tokens;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

pub use direct::{Direct, direct};
pub use error::ApiError;
pub use idempotency::once;
pub use incoming::Incoming;
pub use places::Places;

/// Each profile with its paths, as people write them.
pub const PATHS: [(&str, &str); 5] = [
    (push::NAME, "/ws?user_id=ID, POST /sse/push, /sse/push/batch, /sse/send"),
    (stream::NAME, "/ws, /ws/ingest, /stream/events, /stream/metrics, /api/stats"),
    (socketio::NAME, "/socket.io/, POST /api/socketio/emit"),
    (tokens::NAME, "/ws/chat/ID/?connection_token=, /api/v1/auth/ws-connection-token/"),
    (dual::NAME, "/ws/PLAYER, /sse/PLAYER, POST /api/messages, /api/connections/stats"),
];

/// The routes of all profiles.
pub fn routes() -> Router<Arc<App>> {
    let sockets = Router::new().merge(socket::routes()).merge(push::routes()).merge(tokens::routes());
    sockets.merge(stream::routes()).merge(dual::routes()).merge(socketio::routes())
}
