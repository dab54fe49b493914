//! A time for requests with a body: who writes it slowly holds one of few connections.

use std::time::Duration;

use axum::Json;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use relay_contract::admin::ErrorBody;

/// Time in which a request must be answered, its body included.
const TIME: Duration = Duration::from_secs(10);

pub(super) async fn keep(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(TIME, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        let error = "the request took too long".to_owned();
        (StatusCode::REQUEST_TIMEOUT, Json(ErrorBody { error })).into_response()
    })
}
