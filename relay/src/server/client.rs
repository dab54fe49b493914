//! A TCP connection on the clients' port: who serves it.

use std::sync::Arc;

use ::http::request;
use axum::Router;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{answer, host, http, upgrade};
use crate::app::App;
use crate::auth::Peer;
use crate::profiles;
use crate::transport::Permit;
use crate::transport::head::{self, First};
use crate::transport::rewind::Rewind;

/// Reads the first request's head, and gives the connection to a profile's stream, to the handshake
/// of a WebSocket, or to the HTTP server.
pub(super) async fn serve(
    mut stream: TcpStream,
    app: Arc<App>,
    router: Router,
    permit: Permit,
    stop: CancellationToken,
) {
    let Some(First { bytes, head }) = http::first(&mut stream, &stop).await else { return };
    // Boxed: the HTTP server keeps a lot, and this task is everyone's first.
    let Some(mut head) = head.filter(|head| host::is_sound(head.version, &head.headers)) else {
        return Box::pin(http::serve(Rewind::new(bytes, stream), router, permit, &stop)).await;
    };
    locate(&app, &stream, &mut head);
    if let Some(wanted) = profiles::direct(&app, &head) {
        // A task of its own: this one has room for a whole request.
        app.tasks.spawn(wanted.serve(stream, permit));
    } else if upgrade::is_wanted(&head) {
        drop(bytes);
        upgrade::serve(stream, *head, router, permit).await;
    } else {
        Box::pin(http::serve(Rewind::new(bytes, stream), router, permit, &stop)).await;
    }
}

/// Notes where the first request comes from, for who answers it without the HTTP server.
fn locate(app: &App, stream: &TcpStream, head: &mut request::Parts) {
    let peer = stream.peer_addr().ok().map(|address| Peer(address.ip()));
    let client = answer::locate(app, peer, (&head.method, &head.uri, &head.headers));
    head.extensions.insert(client);
    if let Some(peer) = peer {
        head.extensions.insert(peer);
    }
}

/// Answers a connection over the cap, in a time that a stranger cannot stretch.
pub(super) async fn refuse(mut stream: TcpStream) {
    head::refuse(&mut stream, "503 Service Unavailable", "retry-after: 5\r\n").await;
}
