//! The protocols of the seed guides, one module each: the only place that knows their paths, their
//! messages and their log lines.

mod accept;
mod access;
mod direct;
pub mod dual;
mod enabled;
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
pub use enabled::{Enabled, NotEnabled};
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

/// The routes of the profiles that are on.
pub fn routes(on: Enabled) -> Router<Arc<App>> {
    let shared = on.has(push::NAME) || on.has(stream::NAME);
    let all = [
        (shared, socket::routes as fn() -> Router<Arc<App>>),
        (on.has(push::NAME), push::routes),
        (on.has(stream::NAME), stream::routes),
        (on.has(socketio::NAME), socketio::routes),
        (on.has(tokens::NAME), tokens::routes),
        (on.has(dual::NAME), dual::routes),
    ];
    let wanted = all.into_iter().filter(|(wanted, _)| *wanted);
    wanted.fold(Router::new(), |router, (_, routes)| router.merge(routes()))
}
