//! The opening handshake (RFC 6455 section 4.2).

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request};
use tungstenite::handshake::derive_accept_key;

/// A request that asks for a WebSocket in the right way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    accept: String,
    protocol: Option<HeaderValue>,
}

/// Why a request is no handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It asks for no WebSocket: 426.
    #[error("this is a WebSocket address: Connection: Upgrade and Upgrade: websocket are required")]
    NoUpgrade,
    /// It asks for another version: 426.
    #[error("Sec-WebSocket-Version: 13 is required")]
    Version,
    /// It has no key, or one that is not 16 bytes in base64: 400.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64")]
    Key,
}

impl Refused {
    /// The status of the answer.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key => StatusCode::BAD_REQUEST,
        }
    }
}

impl Handshake {
    /// Checks a request.
    ///
    /// # Errors
    /// [`Refused`] unless it is a handshake.
    pub fn of(request: &request::Parts) -> Result<Self, Refused> {
        Self::with_key(request, is_key)
    }

    /// As [`of`](Self::of), with any key that is not empty (conflict X-05).
    ///
    /// # Errors
    /// [`Refused`] unless it is a handshake.
    pub fn lenient(request: &request::Parts) -> Result<Self, Refused> {
        Self::with_key(request, |key| !key.is_empty())
    }

    fn with_key(request: &request::Parts, is_key: impl Fn(&[u8]) -> bool) -> Result<Self, Refused> {
        let headers = &request.headers;
        let upgrade = has_token(headers, header::CONNECTION, "upgrade")
            && has_token(headers, header::UPGRADE, "websocket");
        if request.method != Method::GET || !upgrade {
            return Err(Refused::NoUpgrade);
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(Refused::Version);
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
        let key = key.filter(|key| is_key(key)).ok_or(Refused::Key)?;
        Ok(Self { accept: derive_accept_key(key), protocol: first_protocol(headers) })
    }

    /// The 101 answer. The first offered subprotocol is taken, as a browser fails a socket whose
    /// offers are all left (requirement 004-39).
    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(protocol) = self.protocol.clone() {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        response
    }
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// 16 bytes are 24 characters of base64, the last two of them padding.
fn is_key(key: &[u8]) -> bool {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.strip_suffix(b"==").is_some_and(|digits| digits.iter().all(base64))
}

fn first_protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let first = offered.split(',').map(str::trim).find(|name| !name.is_empty())?;
    HeaderValue::from_str(first).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request of RFC 6455 section 1.3, with one header replaced.
    fn handshake(name: &'static str, value: &'static str) -> Result<Handshake, Refused> {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", "mythos-protocol, other"),
            (name, value),
        ] {
            parts.headers.insert(name, HeaderValue::from_static(value));
        }
        Handshake::of(&parts)
    }

    #[test]
    fn the_key_of_the_rfc_is_answered_as_in_the_rfc() {
        let response = handshake("host", "a").unwrap().response();
        assert_eq!(response.headers()[header::SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn r004_39_the_offered_subprotocol_comes_back() {
        let response = handshake("host", "a").unwrap().response();
        assert_eq!(response.headers()[header::SEC_WEBSOCKET_PROTOCOL], "mythos-protocol");
    }

    #[test]
    fn x05_any_key_that_is_not_empty_will_do_where_that_is_wanted() {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        for (name, value) in [("connection", "Upgrade"), ("upgrade", "websocket")] {
            parts.headers.insert(name, HeaderValue::from_static(value));
        }
        parts.headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
        parts.headers.insert("sec-websocket-key", HeaderValue::from_static("test"));
        assert!(Handshake::lenient(&parts).is_ok());
        assert_eq!(Handshake::of(&parts), Err(Refused::Key));
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        assert_eq!(handshake("upgrade", "h2c"), Err(Refused::NoUpgrade));
        assert_eq!(handshake("sec-websocket-version", "8"), Err(Refused::Version));
        assert_eq!(handshake("sec-websocket-key", "test"), Err(Refused::Key));
    }
}
