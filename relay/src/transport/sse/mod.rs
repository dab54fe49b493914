//! Server-sent events (WHATWG HTML section 9.2): the head of the answer, and its body.
//!
//! A stream is written by its hub connection. On a TCP connection of its own the transport frames
//! the body itself: in chunks (RFC 9112 section 7.1), or up to the end of the connection for
//! HTTP/1.0. Inside an HTTP server's answer the server does it, and gets the events bare.

mod body;
mod event;
mod head;
mod wire;

use crate::hub::{Connection, Turn};

pub use body::pair;
pub use event::Event;
pub use head::{answer_headers, write_head};
pub use wire::{Framing, Shape, SseWire};

/// Milliseconds after which a client reconnects, told first of all.
pub const RETRY_MS: u32 = 2000;

/// Serves a stream until it is over. What the client sends is read and ignored.
pub async fn run(connection: &Connection) {
    while connection.turn(|_| {}).await != Turn::Over {}
}
