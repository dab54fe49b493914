//! Takes the socket out of the HTTP server once the handshake was answered.

use bytes::{Bytes, BytesMut};
use http::request;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::transport::rewind::Rewind;

/// A socket that left the HTTP server, and the bytes that the server read beyond the request.
#[derive(Debug)]
pub struct Upgraded {
    /// The client's connection.
    pub stream: TcpStream,
    /// What the client sent right after its request.
    pub early: Bytes,
}

/// Waits for the answer to be on its way, and takes the socket. `None`: the client is gone.
pub async fn upgraded(mut request: request::Parts) -> Option<Upgraded> {
    let upgraded = request.extensions.remove::<OnUpgrade>()?.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<Rewind>>().ok()?;
    let (stream, front) = parts.io.into_inner().into_parts();
    let mut early = BytesMut::from(parts.read_buf);
    early.extend_from_slice(&front);
    Some(Upgraded { stream, early: early.freeze() })
}
