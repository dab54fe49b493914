//! The way of a socket out of the server that answered its handshake.

use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use http::request;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::sync::lock;
use crate::transport::rewind::Rewind;

/// A socket that left its server, and the bytes that the server read beyond the request.
#[derive(Debug)]
pub struct Upgraded {
    /// The client's connection.
    pub stream: TcpStream,
    /// What the client sent right after its request.
    pub early: Bytes,
}

/// The promise of a socket, among the extensions of a request that the HTTP server does not serve.
#[derive(Clone, Debug)]
struct Promise(Arc<Mutex<Option<oneshot::Receiver<Upgraded>>>>);

/// Where the socket goes once the answer is on its way.
#[derive(Debug)]
pub struct Handover(oneshot::Sender<Upgraded>);

impl Handover {
    /// Promises the socket to whoever handles `request`.
    pub fn promise(request: &mut request::Parts) -> Self {
        let (sender, receiver) = oneshot::channel();
        request.extensions.insert(Promise(Arc::new(Mutex::new(Some(receiver)))));
        Self(sender)
    }

    /// Keeps the promise. If nobody waits any more, the socket is dropped.
    pub fn keep(self, stream: TcpStream) {
        let _ = self.0.send(Upgraded { stream, early: Bytes::new() });
    }
}

/// Waits for the answer to be on its way, and takes the socket. `None`: the client is gone.
pub async fn upgraded(mut request: request::Parts) -> Option<Upgraded> {
    if let Some(Promise(promise)) = request.extensions.remove() {
        let receiver = lock(&promise).take()?;
        drop(request);
        return receiver.await.ok();
    }
    let upgraded = request.extensions.remove::<OnUpgrade>()?.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<Rewind>>().ok()?;
    let (stream, front) = parts.io.into_inner().into_parts();
    let mut early = BytesMut::from(parts.read_buf);
    early.extend_from_slice(&front);
    Some(Upgraded { stream, early: early.freeze() })
}
