//! A WebSocket client of the `push` profile.

use anyhow::{Context, Result};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Connection, End, PATIENCE};

/// One WebSocket, from its handshake to its end.
pub struct WsClient {
    node: String,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Connection for WsClient {
    async fn connect(address: &str, user: &str) -> Result<Self> {
        Self::open(&format!("ws://{address}/ws?user_id={user}")).await
    }

    async fn next(&mut self) -> Result<Value, End> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).map_err(|error| End::Abnormal(error.to_string()));
                }
                Some(Ok(Message::Close(Some(frame)))) => return Err(End::Close(frame.code.into())),
                Some(Ok(Message::Close(None))) => return Err(End::Close(1005)),
                Some(Ok(_)) => {}
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) | None => {
                    return Err(End::Abnormal("1006".to_owned()));
                }
                Some(Err(error)) => return Err(End::Abnormal(error.to_string())),
            }
        }
    }

    fn node(&self) -> &str {
        &self.node
    }
}

impl WsClient {
    /// Connects to a path of any profile, by its whole URL.
    ///
    /// # Errors
    /// If the relay does not accept within [`PATIENCE`].
    pub async fn open(url: &str) -> Result<Self> {
        let (stream, response) = timeout(PATIENCE, connect_async(url)).await.context("handshake")??;
        let node = response.headers().get("x-relay-node").and_then(|value| value.to_str().ok());
        Ok(Self { node: node.unwrap_or_default().to_owned(), stream })
    }

    /// Sends a text.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.send(Message::Text(text.into())).await?)
    }

    /// Waits for so many pings of the relay, at most [`PATIENCE`]; messages in between are left out.
    ///
    /// # Errors
    /// If the connection ends or too few come.
    pub async fn pinged(&mut self, times: usize) -> Result<()> {
        let mut left = times;
        let counting = async {
            while left > 0 {
                let message = self.stream.next().await.context("the connection ended")??;
                left -= usize::from(message.is_ping());
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, counting).await.context("too few pings came")?
    }

    /// Whether the connection is alive: a ping is answered within [`PATIENCE`].
    ///
    /// # Errors
    /// If the connection ended or no pong came.
    pub async fn ping(&mut self) -> Result<()> {
        self.stream.send(Message::Ping("alive".into())).await?;
        timeout(PATIENCE, async {
            loop {
                match self.stream.next().await.context("the connection ended")?? {
                    Message::Pong(_) => return Ok(()),
                    Message::Close(frame) => anyhow::bail!("closed: {frame:?}"),
                    _ => {}
                }
            }
        })
        .await
        .context("no pong came")?
    }
}
