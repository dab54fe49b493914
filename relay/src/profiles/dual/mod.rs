//! The `dual` profile: event streams of players, and messages to them (rows 004-02, 004-12 and
//! 004-22). A player's streams and the `push` profile's socket of the same name get the same
//! messages.

mod messages;
mod player;
mod shape;
mod stream;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

pub use stream::{Stream, stream};

/// Name of the profile.
pub const NAME: &str = "dual";

/// Its routes. Names that `push` posts to are players' names for GET (conflict X-06).
pub fn routes() -> Router<Arc<App>> {
    let mut router = Router::new().route("/api/messages", post(messages::handle));
    router = router.route("/api/auth/verify", get(verify::handle));
    for path in ["/sse/{player_id}", "/sse/{player_id}/", "/sse/push", "/sse/send"] {
        router = router.route(path, get(stream::handle));
    }
    router
}
