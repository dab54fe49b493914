//! The bearer token of paths under `/admin/`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use relay_contract::admin::ErrorBody;

use crate::app::App;
use crate::auth::Denied;

pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let checked = app.admin_token.as_ref().map_or(Ok(()), |token| token.check(request.headers()));
    let status = match checked {
        Ok(()) => return next.run(request).await,
        Err(Denied::Missing) => StatusCode::UNAUTHORIZED,
        Err(Denied::Wrong) => StatusCode::FORBIDDEN,
    };
    let error = checked.err().map(|denied| denied.to_string()).unwrap_or_default();
    (status, Json(ErrorBody { error })).into_response()
}
