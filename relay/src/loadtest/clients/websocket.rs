//! A user's WebSocket.

use futures::{FutureExt, StreamExt};
use http::Uri;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{ConnectError, Reading, Take, authority, dial};

pub(super) async fn connect(url: &Uri, id: &str, take: Take) -> Result<Reading, ConnectError> {
    let mut socket = open(url, &format!("/ws?user_id={id}")).await?;
    let reading = async move {
        // The socket answers pings while it is read.
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message
                && let Ok(stamp) = serde_json::from_str(&text)
            {
                take(stamp);
            }
        }
    };
    Ok(reading.boxed())
}

/// A WebSocket at `path`.
pub(super) async fn open(url: &Uri, path: &str) -> Result<WebSocketStream<TcpStream>, ConnectError> {
    let stream = dial(url).await?;
    let (socket, _) = client_async(format!("ws://{}{path}", authority(url)), stream).await?;
    Ok(socket)
}
