//! The clients of a test, one transport a file: each connects, and tells the tally what comes.

mod socketio;
mod sse;
mod websocket;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use http::Uri;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite;

use super::tally::Stamp;
use super::{LoadError, Plan, Tally};

/// Clients that connect at the same time.
const AT_ONCE: usize = 64;
/// Time that one may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How clients are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// `/ws?user_id=`.
    WebSocket,
    /// `/sse/ID`.
    Sse,
    /// `/socket.io/`, on a WebSocket from the start.
    SocketIo,
}

impl Transport {
    const ALL: [(&'static str, Self); 3] =
        [("websocket", Self::WebSocket), ("sse", Self::Sse), ("socketio", Self::SocketIo)];
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(name, _)| *name == text);
        known.map(|(_, transport)| *transport).ok_or_else(|| "websocket, sse or socketio".to_owned())
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, transport)| transport == self).map_or("", |(name, _)| *name);
        f.write_str(name)
    }
}

/// Why a client could not connect.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No connection.
    #[error("cannot connect: {0}")]
    Io(#[from] std::io::Error),
    /// The WebSocket was refused.
    #[error("WebSocket: {0}")]
    WebSocket(#[from] Box<tungstenite::Error>),
    /// The stream was refused.
    #[error("the event stream was refused: {0:?}")]
    Stream(String),
    /// Socket.IO was refused, or was answered by something else.
    #[error("Socket.IO: the connection was not accepted")]
    SocketIo,
    /// Too slow.
    #[error("not connected within {} s", PATIENCE.as_secs())]
    Slow,
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

/// Reads until the connection ends, and gives each message of the test to the function.
type Reading = BoxFuture<'static, ()>;
/// Takes a message of the test.
type Take = Box<dyn Fn(Stamp) + Send>;

/// Connects all clients; their readers run until they are shut down.
pub(super) async fn connect_all(
    plan: &Plan,
    run: &str,
    tally: &Arc<Tally>,
) -> Result<JoinSet<()>, LoadError> {
    let connect = |number: usize| {
        let counted = tally.clone();
        let take: Take = Box::new(move |stamp| counted.came(number, stamp));
        let id = format!("{run}-{number}");
        async move {
            let connected =
                tokio::time::timeout(PATIENCE, connect(plan.transport, &plan.url, &id, take)).await;
            let connected = connected.unwrap_or(Err(ConnectError::Slow));
            connected.map_err(|source| LoadError::Connect { number, source })
        }
    };
    let mut connecting = stream::iter(0..plan.clients).map(connect).buffer_unordered(AT_ONCE);
    let mut readers = JoinSet::new();
    while let Some(reading) = connecting.next().await {
        let (reading, tally) = (reading?, tally.clone());
        readers.spawn(async move {
            reading.await;
            tally.disconnected();
        });
    }
    Ok(readers)
}

async fn connect(transport: Transport, url: &Uri, id: &str, take: Take) -> Result<Reading, ConnectError> {
    match transport {
        Transport::WebSocket => websocket::connect(url, id, take).await,
        Transport::Sse => sse::connect(url, id, take).await,
        Transport::SocketIo => socketio::connect(url, id, take).await,
    }
}

/// `host:port` as it is in the address.
pub(super) fn authority(url: &Uri) -> &str {
    url.authority().map_or("127.0.0.1:8080", |authority| authority.as_str())
}

/// A TCP connection to the relay.
pub(super) async fn dial(url: &Uri) -> std::io::Result<TcpStream> {
    let host = url.host().unwrap_or("127.0.0.1").trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, url.port_u16().unwrap_or(80))).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
