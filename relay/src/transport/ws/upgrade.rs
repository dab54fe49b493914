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

/// The socket of `request`, once the answer is on its way. `None`: the client is gone.
pub fn upgraded(request: &mut request::Parts) -> impl Future<Output = Option<Upgraded>> + Send + use<> {
    let promise = request.extensions.remove().and_then(|Promise(promise)| lock(&promise).take());
    let upgrade = request.extensions.remove();
    async move {
        match promise {
            Some(promise) => promise.await.ok(),
            None => of_http(upgrade?).await,
        }
    }
}

/// The socket that the HTTP server lets go.
async fn of_http(upgrade: OnUpgrade) -> Option<Upgraded> {
    let upgraded = upgrade.await.ok()?;
    let parts = upgraded.downcast::<TokioIo<Rewind>>().ok()?;
    let (stream, front) = parts.io.into_inner().into_parts();
    let mut early = BytesMut::from(parts.read_buf);
    early.extend_from_slice(&front);
    Some(Upgraded { stream, early: early.freeze() })
}
