//! Real clients of WebSockets and event streams, in the languages that people write them in.

mod event_source;
mod node_ws;
mod python;
