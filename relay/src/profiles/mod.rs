//! The protocols of the seed guides, one module each: the only place that knows their paths, their
//! messages and their log lines.

mod accept;
mod access;
pub mod dual;
mod error;
mod identity;
mod incoming;
mod json;
pub mod push;
mod socket;
pub mod socketio;
pub mod stream;
pub mod tokens;

use std::sync::Arc;

use axum::Router;
use http::request;

use crate::app::App;

pub use error::ApiError;
pub use incoming::Incoming;

/// The routes of all profiles.
pub fn routes() -> Router<Arc<App>> {
    let sockets = Router::new().merge(socket::routes()).merge(push::routes()).merge(tokens::routes());
    sockets.merge(stream::routes()).merge(dual::routes()).merge(socketio::routes())
}

/// The event stream that a connection's first request asks for, if it can be served on the TCP
/// connection itself. Everything else, refusals too, is for the [routes].
pub fn direct(app: &Arc<App>, request: &request::Parts) -> Option<dual::Stream> {
    dual::stream(app, request)
}
