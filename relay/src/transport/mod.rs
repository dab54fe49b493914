//! Bytes on sockets: HTTP request heads, WebSocket frames, event streams. No business rules.

pub mod engineio;
pub mod head;
pub mod rewind;
pub mod socketio;
pub mod sse;
pub mod ws;
