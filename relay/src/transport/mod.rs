//! Bytes on sockets: HTTP request heads, WebSocket frames, event streams. No business rules.

pub mod head;
pub mod rewind;
pub mod sse;
pub mod ws;
