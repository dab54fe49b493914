//! The operator's own port: `/livez`, `/readyz` and `/metrics`.
//!
//! A standby is ready: it can take over. Readiness therefore says no more than that the process
//! serves; who leads is a metric.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::metrics::Metrics;

/// Serves on an address until it is dropped.
///
/// # Errors
/// The address cannot be bound, or the listener broke.
pub(crate) async fn serve(address: SocketAddr, metrics: Metrics) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving probes and metrics");
    axum::serve(listener, app(metrics)).await
}

/// What is served.
pub(crate) fn app(metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(|| async { "ok" }))
        .route("/metrics", get(text))
        .with_state(metrics)
}

async fn text(State(metrics): State<Metrics>) -> impl IntoResponse {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
