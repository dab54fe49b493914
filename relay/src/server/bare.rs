//! Serves a router without a relay around it: for programs that use the transports alone.

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{accept, http};
use crate::transport::Permits;

/// Serves `router` on `listener` until `stop`, on at most `connections` TCP connections.
pub async fn serve_router(listener: TcpListener, router: Router, connections: u64, stop: &CancellationToken) {
    let (permits, tasks) = (Permits::default(), TaskTracker::new());
    accept::accept(
        listener,
        stop,
        || {},
        None,
        |stream| {
            if let Some(permit) = permits.take(connections) {
                let (router, stop) = (router.clone(), stop.clone());
                tasks.spawn(async move { http::serve_new(stream, router, permit, &stop).await });
            }
        },
    )
    .await;
}
