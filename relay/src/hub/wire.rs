//! The seam between the hub and what bytes mean to a client.

use bytes::Bytes;

use super::Farewell;
use crate::bus::{Message, Position};

/// Kind of connection, for figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// WebSocket, RFC 6455.
    WebSocket,
    /// Server-sent events, WHATWG HTML section 9.2.
    Sse,
    /// An Engine.IO session with Socket.IO on it, whichever way its bytes go.
    SocketIo,
}

impl Transport {
    /// The label in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Sse => "sse",
            Self::SocketIo => "socketio",
        }
    }
}

/// One encoded message.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Bytes as they go to the socket.
    pub bytes: Bytes,
    /// Whether the connection has served its purpose with it, and ends.
    pub last: bool,
}

/// What keeps a connection alive.
#[derive(Clone, Debug)]
pub enum Pulse {
    /// Sent each ping interval; the peer must answer.
    Probe(Bytes),
    /// Sent after a time without writing; nobody answers.
    Idle(Bytes),
    /// As [`Probe`](Self::Probe), at the pace of Engine.IO sessions.
    EngineProbe(Bytes),
    /// Nothing is sent: the peer speaks up once in the interval and the timeout of Engine.IO sessions.
    EngineListen,
}

/// How a client learns that messages of a history that it follows are missing.
#[derive(Clone, Debug)]
pub enum Missed {
    /// It does not: it knows no positions to go on from.
    Untold,
    /// By these bytes.
    Told(Bytes),
    /// Its connection ends, and it is told when it comes back.
    Ends,
}

/// How one profile and transport write things down. Stateless: one value serves all connections.
pub trait Wire: Send + Sync + 'static {
    /// Tells this wire from the others, as the key under which an encoded message is shared.
    fn name(&self) -> &'static str;
    /// A message in bytes.
    fn encode(&self, message: &Message) -> Frame;
    /// What keeps the connection alive.
    fn pulse(&self) -> Pulse;
    /// The last bytes of a connection.
    fn goodbye(&self, farewell: &Farewell) -> Bytes;
    /// Whether the peer answers a goodbye, so that the socket stays open for it a little.
    fn awaits_answer(&self) -> bool;
    /// What becomes of a client that misses messages up to a position of a history.
    fn missed(&self, at: Position) -> Missed {
        let _ = at;
        Missed::Untold
    }
}
