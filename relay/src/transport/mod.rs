//! Bytes on sockets: HTTP heads, WebSocket frames, event streams. No business rules.

pub mod answer;
pub mod body;
pub mod engineio;
pub mod head;
pub mod inflow;
mod permit;
pub mod rewind;
pub mod socketio;
pub mod sse;
pub mod ws;

pub use permit::{Permit, Permits};
