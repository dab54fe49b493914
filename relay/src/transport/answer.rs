//! Answers on a TCP connection that no HTTP server serves.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Time that a peer may take for an answer that is the connection's last.
const PATIENCE: Duration = Duration::from_secs(1);

/// The head of an answer of HTTP/1.1, the empty line included.
pub fn head(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    head.extend_from_slice(b"HTTP/1.1 ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    head.extend_from_slice(b"\r\n");
    // RFC 9110 section 6.6.1 wants it from whoever has a clock, but for status 1xx.
    if !status.is_informational()
        && let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&jiff::Timestamp::now())
    {
        line(&mut head, header::DATE.as_str(), date.as_bytes());
    }
    for (name, value) in headers {
        line(&mut head, name.as_str(), value.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn line(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

/// Says `bytes`, the connection's last, and ends our half. Best effort: the peer may be gone.
pub async fn say_last(stream: &mut TcpStream, bytes: &[u8]) {
    let told = async {
        stream.write_all(bytes).await?;
        stream.shutdown().await?;
        // Bytes that were not read would turn the end into a reset, and take the answer along.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    let _ = tokio::time::timeout(PATIENCE, told).await;
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_head_has_its_status_and_all_headers() {
        let mut headers = HeaderMap::new();
        headers.append("a", HeaderValue::from_static("1"));
        headers.append("a", HeaderValue::from_static("2"));
        let head = head(StatusCode::SWITCHING_PROTOCOLS, &headers);
        assert_eq!(
            String::from_utf8_lossy(&head),
            "HTTP/1.1 101 Switching Protocols\r\na: 1\r\na: 2\r\n\r\n"
        );
    }

    #[test]
    fn an_answer_that_is_final_tells_the_date() {
        let head = head(StatusCode::OK, &HeaderMap::new());
        assert!(String::from_utf8_lossy(&head).contains("\r\ndate: "));
    }
}
