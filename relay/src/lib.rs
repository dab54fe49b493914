//! The relay: a server that holds WebSocket and SSE connections and fans messages out to them,
//! across nodes through Redis.

pub mod bus;
