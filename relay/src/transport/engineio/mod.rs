//! Engine.IO, protocols 4 and 3: HTTP polling, WebSocket, and the upgrade from one to the other.
//!
//! A session is a connection of the hub. What is sent to it is framed as on a WebSocket, always:
//! on a WebSocket the hub writes it; while the session polls it waits in the connection's bounded
//! queue, and a poll takes the frames apart again. So an upgrade only gives the connection its
//! socket, and a message is encoded once for both.
//!
//! Rules: <https://github.com/socketio/engine.io-protocol>, and revision 3 in its history.

mod fault;
mod figures;
mod live;
mod options;
mod packet;
mod payload;
mod payload_v3;
mod polling;
mod query;
mod server;
mod session;
mod sid;
mod socket;
mod unframe;
mod wire;

pub use fault::Fault;
pub use figures::Figures;
pub use options::Options;
pub use packet::{Data, Version};
pub use server::{Application, Handler, Peer, Server};
pub(super) use socket::essence;
pub use wire::{EngineWire, Shape, message_frame};
