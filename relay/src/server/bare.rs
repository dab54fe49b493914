//! Serves a router without a relay around it: for programs that use the transports alone.

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::reserve::Borrowed;
use super::{accept, http};
use crate::transport::Permits;

/// Serves `router` on `listener` until `stop`, on at most `connections` TCP connections.
pub async fn serve_router(listener: TcpListener, router: Router, connections: u64, stop: &CancellationToken) {
    let (permits, tasks) = (Permits::default(), TaskTracker::new());
    let each = |stream, spare: Option<Borrowed>| {
        let permit = permits.take(connections).filter(|_| spare.is_none());
        if let Some(permit) = permit {
            let (router, stop) = (router.clone(), stop.clone());
            tasks.spawn(async move { http::serve_new(stream, router, permit, &stop).await });
        }
    };
    accept::accept(listener, stop, || {}, None, each).await;
}
