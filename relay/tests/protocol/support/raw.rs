//! A WebSocket by hand, for bytes that no library would send.

use std::fmt::Display;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::soon;

/// The mask of all frames: no byte of it is 0, and no two are the same.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What the server says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// 1005 if there is no code.
    Close(u16),
    /// The end of the stream.
    End,
}

/// A client's socket after its handshake.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    /// The head of the answer.
    pub(crate) head: String,
}

impl Raw {
    pub(crate) async fn connect(address: impl Display, path: &str) -> Self {
        Self::begin(address, path, "", &[]).await
    }

    /// With lines more in the request's head.
    pub(crate) async fn offering(address: impl Display, path: &str, lines: &str) -> Self {
        Self::begin(address, path, lines, &[]).await
    }

    /// With frames that do not wait for the answer.
    pub(crate) async fn with_early(address: impl Display, path: &str, early: &[u8]) -> Self {
        Self::begin(address, path, "", early).await
    }

    async fn begin(address: impl Display, path: &str, lines: &str, early: &[u8]) -> Self {
        let mut stream = TcpStream::connect(address.to_string()).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{lines}\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(&[request.as_bytes(), early].concat()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.expect("an answer to the handshake"));
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        Self { stream, head }
    }

    /// Sends bytes; a server that has hung up already is no failure.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next frame; frames of a server are whole messages here.
    pub(crate) async fn next(&mut self) -> Got {
        soon(self.read()).await.unwrap_or(Got::End)
    }

    /// How it ends, whatever comes before.
    pub(crate) async fn end(&mut self) -> Got {
        loop {
            let got = self.next().await;
            if matches!(got, Got::Close(_) | Got::End) {
                return got;
            }
        }
    }

    async fn read(&mut self) -> std::io::Result<Got> {
        let (first, second) = (self.stream.read_u8().await?, self.stream.read_u8().await?);
        assert!(second & 0x80 == 0, "a server must not mask");
        let length = match second {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await?;
        Ok(match first {
            0x81 => Got::Text(String::from_utf8(payload).unwrap()),
            0x82 => Got::Binary(payload),
            0x88 => Got::Close(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
            0x89 => Got::Ping(payload),
            0x8a => Got::Pong(payload),
            other => panic!("a frame that begins with {other:#x}"),
        })
    }
}

/// A masked frame; `first` has the flags and the opcode.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// A close frame.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes(), reason].concat())
}
