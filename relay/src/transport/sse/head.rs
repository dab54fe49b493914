//! The head of an answer that is an event stream.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};

use super::Framing;
use crate::transport::answer;

/// Headers of every event stream (requirements 001-18 and 000-24).
pub fn answer_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers
}

/// The head of a 200 answer on a TCP connection that serves nothing after it, and the framing that
/// it promises: a client of HTTP/1.0 knows no chunks (RFC 9112 section 6.1).
pub fn write_head(version: Version, mut headers: HeaderMap) -> (Bytes, Framing) {
    let framing = if version == Version::HTTP_10 { Framing::Bare } else { Framing::Chunked };
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if framing == Framing::Chunked {
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    (answer::head(StatusCode::OK, &headers).into(), framing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r000_24_proxies_are_asked_not_to_buffer() {
        let (head, _) = write_head(Version::HTTP_11, answer_headers());
        assert!(String::from_utf8_lossy(&head).contains("\r\nx-accel-buffering: no\r\n"));
    }

    #[test]
    fn an_old_client_gets_no_chunks() {
        assert_eq!(write_head(Version::HTTP_10, HeaderMap::new()).1, Framing::Bare);
    }
}
