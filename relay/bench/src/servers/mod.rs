//! The servers that are measured, one file each: how to start them, and how to speak to them.

mod floor;
mod nchan;
mod npm;
mod process;
mod redis;
mod relay;
mod socketio;
mod ws;

use anyhow::Result;

use crate::crowd::Hello;
use crate::publisher::Way;

pub(crate) use floor::serve as serve_floor;
pub(crate) use npm::install as prepare;
pub(crate) use process::Server;
pub(crate) use redis::Redis;
pub(crate) use relay::{Relay, Wire, start as start_relay};
pub(crate) use socketio::SocketIo;

/// Text that fills a message up to about the size of a short one in a chat.
const FILLER: &str = "The quick brown fox jumps over the lazy dog, and does so again.";

/// A server, and one transport of it.
pub(crate) trait Subject: Sync {
    /// Name in the table.
    fn name(&self) -> &'static str;

    /// Starts the server, with nobody connected.
    ///
    /// # Errors
    /// If it does not start, or a program is missing.
    fn start(&self) -> Result<Server>;

    /// What a user says who can be written to. `None`: there are no users.
    fn user(&self, number: usize) -> Option<Hello>;

    /// The request that publishes to one user.
    fn to_user(&self, number: usize, stamp: &str) -> Vec<u8>;

    /// What a client says that gets all that is published.
    fn subscriber(&self) -> Hello;

    /// Which way messages to all go.
    fn way(&self) -> Way;

    /// The request or the frame that publishes to all.
    fn to_all(&self, stamp: &str) -> Vec<u8>;
}

/// All subjects.
pub(crate) fn all() -> Vec<Box<dyn Subject>> {
    vec![
        Box::new(floor::Floor),
        Box::new(Relay::new(Wire::WebSocket)),
        Box::new(Relay::new(Wire::EventStream)),
        Box::new(Relay::new(Wire::SocketIo)),
        Box::new(ws::Ws),
        Box::new(socketio::SocketIo),
        Box::new(nchan::Nchan::WEBSOCKET),
        Box::new(nchan::Nchan::EVENT_STREAM),
    ]
}
