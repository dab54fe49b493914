//! A TCP connection on the clients' port: who serves it.

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{host, http};
use crate::app::App;
use crate::profiles;
use crate::transport::Permit;
use crate::transport::head;
use crate::transport::rewind::Rewind;

/// Reads the first request's head, and gives the connection to a profile's stream or to the HTTP
/// server.
pub(super) async fn serve(
    mut stream: TcpStream,
    app: Arc<App>,
    router: Router,
    permit: Permit,
    stop: CancellationToken,
) {
    let Some(first) = http::first(&mut stream, &stop).await else { return };
    let sound = first.head.as_ref().filter(|head| host::is_sound(head.version, &head.headers));
    let wanted = sound.and_then(|head| profiles::direct(&app, head));
    match wanted {
        // A task of its own: this one has room for all that the HTTP server keeps.
        Some(wanted) => drop(app.tasks.spawn(wanted.serve(stream, permit))),
        None => http::serve(Rewind::new(first.bytes, stream), router, permit, &stop).await,
    }
}

/// Answers a connection over the cap, in a time that a stranger cannot stretch.
pub(super) async fn refuse(mut stream: TcpStream) {
    head::refuse(&mut stream, "503 Service Unavailable", "retry-after: 5\r\n").await;
}
