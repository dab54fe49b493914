//! A WebSocket client.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::soon;

/// A client's socket.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Headers of the answer to the handshake.
    pub(crate) headers: HeaderMap,
}

/// How a client sees the end, or what comes before it.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    Text(String),
    Ping,
    Close(u16, String),
    /// No close frame came: what browsers call 1006.
    Abnormal,
}

impl Client {
    pub(crate) async fn connect(url: &str) -> Self {
        Self::with_headers(url, &[]).await.unwrap()
    }

    pub(crate) async fn with_headers(
        url: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Self, Error> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        let (socket, response) = soon(connect_async(request)).await?;
        Ok(Self { socket, headers: response.headers().clone() })
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn send_json(&mut self, value: Value) {
        self.send(Message::text(value.to_string())).await;
    }

    /// The next thing that is no answer to a ping.
    pub(crate) async fn next(&mut self) -> Received {
        loop {
            return match soon(self.socket.next()).await {
                Some(Ok(Message::Text(text))) => Received::Text(text.to_string()),
                Some(Ok(Message::Ping(_))) => Received::Ping,
                Some(Ok(Message::Close(Some(frame)))) => {
                    // The answer to it; the relay may be gone by then, which is fine.
                    let _ = self.socket.flush().await;
                    Received::Close(frame.code.into(), frame.reason.to_string())
                }
                Some(Ok(Message::Close(None))) => Received::Close(1005, String::new()),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Received::Abnormal,
            };
        }
    }

    /// The bytes of the next message that has bytes.
    pub(crate) async fn next_binary(&mut self) -> Vec<u8> {
        loop {
            match soon(self.socket.next()).await.expect("a message instead of the end").unwrap() {
                Message::Binary(bytes) => return bytes.to_vec(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} instead of bytes"),
            }
        }
    }

    /// What comes within a moment, if anything.
    pub(crate) async fn next_or_silence(&mut self) -> Option<Received> {
        tokio::time::timeout(Duration::from_millis(200), self.next()).await.ok()
    }

    /// The JSON of the next text message.
    pub(crate) async fn json(&mut self) -> Value {
        match self.next().await {
            Received::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?} instead of a message"),
        }
    }

    /// The code of the end, whatever comes before it.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Received::Close(code, _) => return code,
                Received::Abnormal => return 1006,
                Received::Text(_) | Received::Ping => {}
            }
        }
    }

    /// Says goodbye and waits for the answer.
    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while soon(self.socket.next()).await.is_some_and(|received| received.is_ok()) {}
    }
}
