//! Requests for a WebSocket that come first on their TCP connection: the HTTP server, with all that
//! it keeps for further requests, is left out.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Method, Request, StatusCode, Version, header, request};
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::transport::ws::Handover;
use crate::transport::{Permit, answer};

/// Whether a request asks for a WebSocket and nothing else: what to do with any other one is for the
/// HTTP server to know.
pub(super) fn is_wanted(request: &request::Parts) -> bool {
    let upgrade = request.headers.get(header::UPGRADE).map(HeaderValue::as_bytes);
    let body = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::EXPECT];
    request.method == Method::GET
        && request.version == Version::HTTP_11
        && upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
        && !body.iter().any(|name| request.headers.contains_key(name))
}

/// Lets `router` answer, and hands the socket to whoever it was that said yes. After a refusal the
/// connection ends.
pub(super) async fn serve(
    mut stream: TcpStream,
    mut request: request::Parts,
    router: Router,
    permit: Permit,
) {
    let handover = Handover::promise(&mut request);
    request.extensions.insert(permit);
    let Ok(response) = tower::ServiceExt::oneshot(router, Request::from_parts(request, Body::empty())).await;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return refuse(&mut stream, response).await;
    }
    let head = answer::head(response.status(), response.headers());
    if stream.write_all(&head).await.is_ok() {
        handover.keep(stream);
    }
}

async fn refuse(stream: &mut TcpStream, response: Response) {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return };
    let body = body.to_bytes();
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    let mut bytes = answer::head(parts.status, &parts.headers);
    bytes.extend_from_slice(&body);
    answer::say_last(stream, &bytes).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wanted_with(name: &str, value: &str) -> bool {
        let request = Request::builder().header("upgrade", "WebSocket");
        is_wanted(&request.header(name, value).body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_request_for_a_websocket_is_wanted() {
        assert!(is_wanted_with("connection", "upgrade"));
    }

    #[test]
    fn a_body_is_for_the_http_server() {
        for (name, value) in
            [("content-length", "3"), ("transfer-encoding", "chunked"), ("expect", "100-continue")]
        {
            assert!(!is_wanted_with(name, value), "{name}");
        }
    }
}
