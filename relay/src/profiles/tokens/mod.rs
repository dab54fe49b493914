//! The `tokens` profile: conversations that are joined with a connection token, which an
//! authenticated caller gets for one use within a minute (rows 003-01 to 003-25).

mod conversation;
mod events;
mod issue;
mod shape;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

pub(super) use events::event;

/// Name of the profile.
pub const NAME: &str = "tokens";

/// Its routes, with and without a slash at the end (conflicts ).
pub fn routes() -> Router<Arc<App>> {
    let mut router = Router::new();
    for slash in ["", "/"] {
        router = router
            .route(
                &format!("/api/v1/auth/ws-connection-token{slash}"),
                get(issue::handle).post(issue::handle),
            )
            .route(&format!("/api/v1/chat/{{id}}/events{slash}"), post(events::handle))
            .route(&format!("/ws/chat/{{id}}{slash}"), get(conversation::connect));
    }
    router
}
