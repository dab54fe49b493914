//! A client that survives the end of its relay: a WebSocket, or an event stream.

use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longest that a client waits for its connection before it tries again.
const DIAL: Duration = Duration::from_secs(20);

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A socket of the dual profile, of which a user may have several.
    Socket,
    /// A socket of the push profile, of which a user has one: `DUPLICATE_POLICY=reject`.
    Push,
    /// An event stream.
    Stream,
}

impl Kind {
    /// That of client `number`: a quarter are push sockets, half are streams.
    pub(crate) fn of(number: usize) -> Self {
        match number % 4 {
            0 => Self::Socket,
            2 => Self::Push,
            _ => Self::Stream,
        }
    }
}

/// A connection of a client to one relay.
pub(crate) enum Line {
    Socket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    Stream(reqwest::Response, String),
}

/// What a client is told at once.
#[derive(Default)]
pub(crate) struct News {
    /// Where it stands, if that is said.
    pub(crate) position: Option<String>,
    /// How the recovery went, said first of all.
    pub(crate) recovered: Option<bool>,
    /// The number of a message.
    pub(crate) number: Option<u64>,
}

impl Line {
    /// `user` comes to the relay on `port`, to go on after `position`.
    pub(crate) async fn connect(kind: Kind, user: &str, port: u16, position: &str) -> Result<Self, ()> {
        timeout(DIAL, Self::dial(kind, user, port, position)).await.map_err(drop)?
    }

    async fn dial(kind: Kind, user: &str, port: u16, position: &str) -> Result<Self, ()> {
        let socket = match kind {
            Kind::Socket => Some(format!("ws://127.0.0.1:{port}/ws/{user}?resume={position}")),
            Kind::Push => Some(format!("ws://127.0.0.1:{port}/ws?user_id={user}&resume={position}")),
            Kind::Stream => None,
        };
        if let Some(url) = socket {
            let (socket, _) = connect_async(url).await.map_err(drop)?;
            return Ok(Self::Socket(Box::new(socket)));
        }
        let url = format!("http://127.0.0.1:{port}/sse/{user}");
        let request = reqwest::Client::new().get(url).header("Last-Event-ID", position);
        Ok(Self::Stream(request.send().await.map_err(drop)?, String::new()))
    }

    /// `None`: the connection is over.
    pub(crate) async fn next(&mut self) -> Option<News> {
        match self {
            Self::Socket(socket) => loop {
                if let Message::Text(text) = socket.next().await?.ok()? {
                    return Some(News::of(&serde_json::from_str(&text).ok()?));
                }
            },
            Self::Stream(response, buffer) => loop {
                let Some((event, rest)) = buffer.split_once("\n\n") else {
                    let chunk = response.chunk().await.ok()??;
                    buffer.push_str(std::str::from_utf8(&chunk).ok()?);
                    continue;
                };
                let (event, rest) = (event.to_owned(), rest.to_owned());
                *buffer = rest;
                let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
                if let Some(data) = field("data: ") {
                    let news = News::of(&serde_json::from_str(data).ok()?);
                    return Some(News { position: field("id: ").map(str::to_owned), ..news });
                }
            },
        }
    }
}

impl News {
    fn of(value: &Value) -> Self {
        Self {
            position: value["resume"].as_str().map(str::to_owned),
            recovered: value["recovered"].as_bool(),
            number: value["n"].as_u64(),
        }
    }
}
