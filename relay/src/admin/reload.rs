//! Other settings: those of the file as it is now, or those that the file is to have.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use relay_contract::admin::{ConfigRequest, ErrorBody};

use super::apply_settings;
use super::status::status;
use crate::app::App;
use crate::config::Invalid;
use crate::logs::LogControl;

/// Reads the file again.
pub(super) async fn reread(State(app): State<Arc<App>>, Extension(logs): Extension<LogControl>) -> Response {
    let reloaded = app.settings.reload();
    answer(&app, &logs, reloaded)
}

/// Takes what the file is to have, ahead of it.
pub(super) async fn told(
    State(app): State<Arc<App>>,
    Extension(logs): Extension<LogControl>,
    request: Result<Json<ConfigRequest>, JsonRejection>,
) -> Response {
    match request {
        Ok(Json(request)) => {
            let told = app.settings.tell(&request.settings);
            match &told {
                Ok(()) => tracing::info!(generation = app.settings.live().generation, "Settings changed"),
                Err(error) => tracing::error!(%error, "New settings are bad; the old ones stay"),
            }
            answer(&app, &logs, told)
        }
        Err(error) => refused(error.body_text()),
    }
}

fn answer(app: &App, logs: &LogControl, outcome: Result<(), Invalid>) -> Response {
    apply_settings(app, logs);
    match outcome {
        Ok(()) => Json(status(app)).into_response(),
        Err(invalid) => refused(invalid.to_string()),
    }
}

fn refused(error: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(ErrorBody { error })).into_response()
}
