//! `/ws`, which two profiles share (conflicts ): with `user_id` it is a user's socket
//! of `push`, without it an anonymous one of `stream`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::{push, stream};
use crate::app::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/ws", get(connect)).route("/ws/", get(connect))
}

/// What decides.
#[derive(Deserialize)]
struct Parameters {
    user_id: Option<String>,
}

async fn connect(State(app): State<Arc<App>>, request: Request) -> Response {
    let on = app.profiles;
    // Where a token says who the user is, or nobody may be anonymous, it is one of `push`, too.
    let named = names_user(request.uri()) || (on.has(push::NAME) && !app.gate.is_open(push::NAME));
    if !named && on.has(stream::NAME) && app.settings.live().stream.anonymous {
        return stream::connect(app, request).await;
    }
    if !on.has(push::NAME) {
        return StatusCode::NOT_FOUND.into_response();
    }
    push::connect(app, request).await
}

/// Who names several users names one that is refused.
fn names_user(uri: &Uri) -> bool {
    Query::<Parameters>::try_from_uri(uri).map_or(true, |Query(parameters)| parameters.user_id.is_some())
}
