//! One client that publishes, in the way that its server wants.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::crowd::Hello;

/// Time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which way messages go to a server.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// Each one is a POST on a connection that is kept.
    Post,
    /// Frames on a WebSocket at this path.
    Frames(String),
}

/// A connection that messages are published on.
pub(crate) struct Publisher {
    stream: TcpStream,
    answers: bool,
}

impl Publisher {
    /// Connects to a server.
    ///
    /// # Errors
    /// If it refuses.
    pub(crate) fn connect(address: SocketAddr, way: &Way) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut publisher = Self { stream, answers: true };
        if let Way::Frames(path) = way {
            publisher.stream.write_all(&Hello::WebSocket(path.clone()).request())?;
            publisher.answer(101).context("publisher's handshake")?;
            publisher.answers = false;
        }
        Ok(publisher)
    }

    /// Publishes a message, which is a whole request or frame, or several frames.
    ///
    /// # Errors
    /// If the server refuses it or is gone.
    pub(crate) fn publish(&mut self, message: &[u8]) -> Result<()> {
        self.stream.write_all(message)?;
        if self.answers { self.answer(200) } else { Ok(()) }
    }

    /// Reads an answer whose status is at least `status` and of its hundred.
    fn answer(&mut self, status: u16) -> Result<()> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 2048];
        loop {
            let count = self.stream.read(&mut buffer).context("no answer")?;
            ensure!(count > 0, "the server ended the publisher's connection");
            bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
            match whole(&bytes) {
                None => {}
                Some(found) if (status..status - status % 100 + 100).contains(&found) => return Ok(()),
                Some(_) => bail!("answer: {}", String::from_utf8_lossy(&bytes)),
            }
        }
    }
}

/// Publishes `count` messages, with `pause` from one to the next, and gives the publisher back.
///
/// # Errors
/// As [`Publisher::publish`].
pub(crate) fn paced(
    mut publisher: Publisher,
    count: usize,
    pause: Option<Duration>,
    message: impl Fn() -> Vec<u8>,
) -> Result<Publisher> {
    let mut next = Instant::now();
    for _ in 0..count {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        next += pause.unwrap_or_default();
        publisher.publish(&message())?;
    }
    Ok(publisher)
}

/// The status of an answer that is complete.
fn whole(bytes: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap_or(0))
    });
    (body.len() >= length.unwrap_or(0)).then_some(status)
}

/// A POST with a body in JSON.
pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_body() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(whole(head.as_bytes()), None);
        assert_eq!(whole(format!("{head}ok").as_bytes()), Some(200));
    }

    #[test]
    fn an_answer_without_a_body_is_whole_with_its_head() {
        assert_eq!(whole(b"HTTP/1.1 204 No Content\r\n"), None);
        assert_eq!(whole(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(204));
    }
}
