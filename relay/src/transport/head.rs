//! The head of the first request on a TCP connection, read before it is decided who serves it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, Request, Version, request};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::answer::say_last;

/// Bytes that a head may have.
pub const MAX_HEAD: usize = 16 * 1024;
/// Time in which a head must be complete (quality: slow requests).
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Header lines that a head may have.
const MAX_HEADERS: usize = 100;

/// What came first on a connection.
#[derive(Debug)]
pub struct First {
    /// All bytes read, whatever they are.
    pub bytes: Bytes,
    /// The request, if the bytes are one with nothing after its head; else the HTTP server is to
    /// answer, with an error or with a body.
    pub head: Option<Box<request::Parts>>,
}

/// Why no head came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHead {
    /// The peer ended, or never said a word.
    #[error("the peer sent no request")]
    Gone,
    /// It took too long: 408.
    #[error("the request's head took too long")]
    Slow,
    /// It is too large: 431.
    #[error("the request's head is too large")]
    TooLarge,
}

/// Reads the head of the first request, which may take `time`.
///
/// # Errors
/// [`NoHead`] if none comes, in time and size; the peer was told.
pub async fn read(stream: &mut TcpStream, time: Duration) -> Result<First, NoHead> {
    let mut bytes = BytesMut::with_capacity(1024);
    let read = tokio::time::timeout(time, read_into(stream, &mut bytes)).await;
    let answer = match read {
        Ok(Ok(head)) => return Ok(First { bytes: bytes.freeze(), head }),
        Ok(Err(NoHead::TooLarge)) => (NoHead::TooLarge, "431 Request Header Fields Too Large"),
        Err(_) if !bytes.is_empty() => (NoHead::Slow, "408 Request Timeout"),
        Ok(Err(_)) | Err(_) => return Err(NoHead::Gone),
    };
    refuse(stream, answer.1, "").await;
    Err(answer.0)
}

/// Answers without a body, and ends our half. Best effort: the peer may be gone.
pub async fn refuse(stream: &mut TcpStream, status: &str, headers: &str) {
    let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
    say_last(stream, answer.as_bytes()).await;
}

async fn read_into(
    stream: &mut TcpStream,
    bytes: &mut BytesMut,
) -> Result<Option<Box<request::Parts>>, NoHead> {
    loop {
        let count = stream.read_buf(bytes).await.map_err(|_| NoHead::Gone)?;
        if count == 0 {
            return Err(NoHead::Gone);
        }
        // A head ends with a line, so that who sends byte by byte does not make us parse each time.
        let new = bytes.get(bytes.len() - count..).unwrap_or_default();
        let parsed = if new.contains(&b'\n') { parse(bytes) } else { Parsed::Partial };
        match parsed {
            Parsed::Whole(head) => return Ok(head),
            Parsed::Partial if bytes.len() < MAX_HEAD => {}
            Parsed::Partial | Parsed::TooManyLines => return Err(NoHead::TooLarge),
        }
    }
}

enum Parsed {
    /// The head is complete; `None` if it is not for us.
    Whole(Option<Box<request::Parts>>),
    Partial,
    /// It has more than [`MAX_HEADERS`].
    TooManyLines,
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut lines);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => Parsed::Partial,
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => Parsed::Whole(convert(&request)),
        Err(httparse::Error::TooManyHeaders) => Parsed::TooManyLines,
        Ok(httparse::Status::Complete(_)) | Err(_) => Parsed::Whole(None),
    }
}

fn convert(request: &httparse::Request<'_, '_>) -> Option<Box<request::Parts>> {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::from_bytes(request.method?.as_bytes()).ok()?;
    parts.uri = request.path?.parse().ok()?;
    parts.version = if request.version? == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
    for line in request.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        parts.headers.append(name, HeaderValue::from_bytes(line.value).ok()?);
    }
    Some(Box::new(parts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    use super::*;

    fn head(text: &str) -> Option<Box<request::Parts>> {
        match parse(text.as_bytes()) {
            Parsed::Whole(head) => head,
            Parsed::Partial | Parsed::TooManyLines => None,
        }
    }

    #[test]
    fn a_plain_get_is_understood() {
        let parts = head("GET /sse/a?x=1 HTTP/1.0\r\nOrigin: http://a\r\n\r\n").unwrap();
        assert_eq!((parts.uri.path(), parts.version), ("/sse/a", Version::HTTP_10));
    }

    #[test]
    fn a_head_with_a_body_after_it_is_for_the_http_server() {
        assert!(head("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx").is_none());
    }

    #[test]
    fn half_a_head_waits_for_the_rest() {
        assert!(matches!(parse(b"GET / HTTP/1.1\r\nHo"), Parsed::Partial));
    }

    #[test]
    fn a_head_of_too_many_lines_is_too_large_before_it_ends() {
        let lines = "a: b\r\n".repeat(MAX_HEADERS + 1);
        assert!(matches!(parse(format!("GET / HTTP/1.1\r\n{lines}").as_bytes()), Parsed::TooManyLines));
    }

    /// The answer to `sent` by a server that gives a head 50 ms, and what it makes of it.
    async fn answer(sent: &[u8]) -> (String, Result<First, NoHead>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(sent).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let answer = async move {
            let mut text = String::new();
            client.read_to_string(&mut text).await.unwrap();
            text
        };
        tokio::join!(answer, read(&mut server, Duration::from_millis(50)))
    }

    #[tokio::test]
    async fn a_head_that_takes_too_long_is_told_408() {
        let (text, read) = answer(b"GET / HTTP/1.1\r\nHost: ").await;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        assert_eq!(read.err(), Some(NoHead::Slow));
    }

    proptest! {
        #[test]
        fn fuzz_any_bytes_are_a_head_or_none(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            parse(&bytes);
        }

        #[test]
        fn fuzz_where_a_head_is_cut_makes_no_difference(
            path in "/[a-z%?&=/]{0,20}",
            lines in prop::collection::vec("[A-Za-z-]{1,10}: [ -~]{0,20}", 0..8),
        ) {
            let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let text = format!("GET {path} HTTP/1.1\r\n{lines}\r\n");
            for cut in 0..text.len() {
                prop_assert!(!matches!(parse(&text.as_bytes()[..cut]), Parsed::Whole(Some(_))), "{}", cut);
            }
            if let Some(parts) = head(&text) {
                prop_assert_eq!(parts.uri.to_string(), path);
            }
        }
    }
}
