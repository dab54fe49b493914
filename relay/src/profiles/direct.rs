//! Event streams on the TCP connection itself, without an HTTP server between the hub and the client.

use std::sync::Arc;

use axum::response::IntoResponse;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, Version, header, request};
use tokio::net::TcpStream;

use super::ApiError;
use crate::app::App;
use crate::hub::Socket;
use crate::server::answer;
use crate::transport::sse::{self, Framing};
use crate::transport::{self, Permit};

/// Bytes of the longest refusal.
const MAX_REFUSAL: usize = 4096;

/// Opens a stream on a socket, in a framing, beginning with these bytes; the future serves it until it
/// is over.
type Open = Box<dyn FnOnce(Socket, Framing, Bytes) -> BoxFuture<'static, ()> + Send>;

/// A stream that may begin.
pub struct Direct {
    version: Version,
    headers: HeaderMap,
    open: Open,
}

impl Direct {
    /// The answer to `request`, which `open` makes a stream of.
    pub(super) fn new(
        app: &App,
        request: &request::Parts,
        open: impl FnOnce(Socket, Framing, Bytes) -> BoxFuture<'static, ()> + Send + 'static,
    ) -> Self {
        let mut headers = sse::answer_headers();
        answer::extend(&mut headers, app, &request.headers);
        Self { version: request.version, headers, open: Box::new(open) }
    }

    /// Opens the stream. The future serves it until it is over, and holds `permit` as long.
    pub fn serve(self, stream: TcpStream, permit: Permit) -> impl Future<Output = ()> + Send + 'static {
        let (head, framing) = sse::write_head(self.version, self.headers);
        let served = (self.open)(Socket::Tcp(stream), framing, head);
        async move {
            served.await;
            drop(permit);
        }
    }
}

/// Refuses on the TCP connection itself what was to be a stream; `asked` are headers of the request.
pub(super) async fn refuse(socket: Socket, app: &App, asked: &HeaderMap, error: ApiError) {
    let Socket::Tcp(mut stream) = socket else { return };
    let (mut parts, body) = error.into_response().into_parts();
    let body = axum::body::to_bytes(body, MAX_REFUSAL).await.unwrap_or_default();
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    answer::extend(&mut parts.headers, app, asked);
    let head = transport::answer::head(parts.status, &parts.headers);
    transport::answer::say_last(&mut stream, &[head, body.into()].concat()).await;
}

/// The stream that a connection's first request asks for, if it can be served on the TCP connection
/// itself. Everything else, refusals too, is for the [routes](super::routes).
pub fn direct(app: &Arc<App>, request: &request::Parts) -> Option<Direct> {
    let body = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT];
    let plain = request.method == Method::GET && !body.iter().any(|name| request.headers.contains_key(name));
    if !plain || !app.drain.is_accepting() {
        return None;
    }
    super::dual::stream(app, request).or_else(|| super::stream::direct(app, request))
}
