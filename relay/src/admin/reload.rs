//! Reads the settings file again now.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use relay_contract::admin::ErrorBody;

use super::apply_settings;
use super::status::status;
use crate::app::App;
use crate::logs::LogControl;

pub(super) async fn handle(State(app): State<Arc<App>>, Extension(logs): Extension<LogControl>) -> Response {
    let reloaded = app.settings.reload();
    apply_settings(&app, &logs);
    match reloaded {
        Ok(()) => Json(status(&app)).into_response(),
        Err(invalid) => {
            let body = ErrorBody { error: invalid.to_string() };
            (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response()
        }
    }
}
