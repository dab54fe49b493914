//! How many connections of this node a message reached.

use super::Transport;

/// Connections that took a message, by transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// WebSocket connections.
    pub websocket: u64,
    /// Server-sent event streams.
    pub sse: u64,
    /// Socket.IO sessions.
    pub socketio: u64,
}

impl Delivered {
    pub(super) fn add(&mut self, transport: Transport) {
        match transport {
            Transport::WebSocket => self.websocket += 1,
            Transport::Sse => self.sse += 1,
            Transport::SocketIo => self.socketio += 1,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.websocket + self.sse + self.socketio
    }
}
