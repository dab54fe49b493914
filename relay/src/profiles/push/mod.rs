//! The `push` profile: one WebSocket per user, and an HTTP API that pushes to it and collects
//! answers (rows 000-01 to 000-22).

mod batch;
mod claims;
mod duplicates;
mod mention;
mod names;
mod newest;
mod publish;
mod request;
mod send;
mod shape;
mod socket;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;

use crate::app::App;

pub use claims::Claims;
pub use duplicates::Duplicates;
pub use names::Names;
pub(super) use names::lose;
pub use newest::Newest;
pub(super) use newest::hear;
pub(super) use publish::is_elsewhere;
pub(super) use request::message;
pub(super) use socket::{answer, connect};

/// Name of the profile.
pub const NAME: &str = "push";

/// Its routes, but for `/ws`, which it [shares](super::socket).
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sse/push", post(publish::handle))
        .route("/sse/push/batch", post(batch::handle))
        .route("/sse/send", post(send::handle))
}
