//! A Socket.IO client: as much of Engine.IO 4 and Socket.IO 5 as it takes to hear events.

use futures::{FutureExt, SinkExt, StreamExt};
use http::Uri;
use tokio_tungstenite::tungstenite::Message;

use super::websocket::open;
use super::{ConnectError, Reading, Stamp, Take};

pub(super) async fn connect(url: &Uri, id: &str, take: Take) -> Result<Reading, ConnectError> {
    let mut socket = open(url, "/socket.io/?EIO=4&transport=websocket").await?;
    socket.send(Message::text(format!(r#"40{{"userId":"{id}"}}"#))).await?;
    loop {
        match socket.next().await.transpose()? {
            Some(Message::Text(text)) if text.starts_with("40") => break,
            Some(Message::Text(text)) if text.starts_with("44") => return Err(ConnectError::SocketIo),
            Some(Message::Close(_)) | None => return Err(ConnectError::SocketIo),
            Some(_) => {}
        }
    }
    let reading = async move {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            if text.as_str() == "2" {
                if socket.send(Message::text("3")).await.is_err() {
                    return;
                }
            } else if let Some(stamp) = text.strip_prefix("42").and_then(stamp) {
                take(stamp);
            }
        }
    };
    Ok(reading.boxed())
}

/// The stamp of an event `["name", {...}]`.
fn stamp(event: &str) -> Option<Stamp> {
    serde_json::from_str(event).ok().map(|(_, stamp): (String, Stamp)| stamp)
}
