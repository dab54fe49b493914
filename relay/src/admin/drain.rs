//! The drain resource: put to begin, delete to cancel, both as often as one likes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use relay_contract::admin::{DrainRequest, ErrorBody, Status};

use super::status::status;
use crate::app::App;

pub(super) async fn begin(
    State(app): State<Arc<App>>,
    request: Result<Json<DrainRequest>, JsonRejection>,
) -> Response {
    let request = match request {
        Ok(Json(request)) if request.rate > 0 => request,
        Ok(_) => return refused("rate: must be at least 1".to_owned()),
        Err(error) => return refused(error.body_text()),
    };
    // A process that stops has a drain of its own, which only gets quicker by ending.
    if !app.drain.is_stopping() {
        app.drain.begin(request);
    }
    Json(status(&app)).into_response()
}

pub(super) async fn cancel(State(app): State<Arc<App>>) -> Json<Status> {
    app.drain.cancel();
    Json(status(&app))
}

fn refused(error: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(ErrorBody { error })).into_response()
}
