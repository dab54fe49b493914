//! The way of a WebSocket from its request to its connection, the same for all profiles.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::request;

use super::ApiError;
use crate::app::App;
use crate::drain::RESTART;
use crate::hub::Farewell;
use crate::transport::Permit;
use crate::transport::ws::{self, Handshake, Upgraded};

/// A socket that may begin, with its place in the hub: who has seen the answer and publishes at
/// once is heard. Without an upgrade it is dropped, and leaves the hub.
pub(super) trait Admitted: Send + 'static {
    /// Serves the socket until it is over.
    fn serve(self, app: Arc<App>, upgraded: Upgraded) -> impl Future<Output = ()> + Send + 'static;
}

/// Answers a handshake. `admit` is asked before the answer, so that a client that is connected can
/// be reached; what it refuses is told by a close frame, which is all that a browser sees.
pub(super) async fn accept<A: Admitted>(
    app: Arc<App>,
    request: Request,
    admit: impl AsyncFnOnce(&Arc<App>, &request::Parts) -> Result<A, Farewell>,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let handshake = match Handshake::of(&parts) {
        Ok(handshake) => handshake,
        Err(refused) => return (refused.status(), refused.to_string()).into_response(),
    };
    if !app.allows_origin(&parts.headers) {
        tracing::warn!(origin = ?parts.headers.get("origin"), "Origin not allowed");
        return ApiError::Origin.into_response();
    }
    let admitted = if app.drain.is_accepting() { admit(&app, &parts).await } else { Err(RESTART) };
    // What counts the TCP connection lives as long as the socket does.
    let permit = parts.extensions.remove::<Permit>();
    let upgraded = ws::upgraded(&mut parts);
    app.tasks.clone().spawn(async move {
        let Some(upgraded) = upgraded.await else { return };
        match admitted {
            Ok(admitted) => admitted.serve(app, upgraded).await,
            // Boxed: the task of a connection that lives has no room for it.
            Err(farewell) => Box::pin(ws::refuse(upgraded.stream, &farewell)).await,
        }
        drop(permit);
    });
    handshake.response()
}
