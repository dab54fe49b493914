//! Socket.IO, protocol 5 over Engine.IO 4 and its elder for clients of version 2 over Engine.IO 3:
//! namespaces, events, acknowledgements, attachments and rooms.
//!
//! Arguments stay the JSON text that came: they are cut into events, never rebuilt. A room is a
//! channel of the hub, so that what is sent to it reaches members on all nodes.
//!
//! Rules: <https://github.com/socketio/socket.io-protocol>.

mod args;
mod assembly;
mod client;
mod emission;
mod offset;
mod packet;
mod peer;
mod reason;
mod recovery;
mod server;
mod sockets;

pub use args::Args;
pub use emission::{Emission, OffsetShape, RoomShape};
pub use peer::{Peer, Room};
pub use reason::Reason;
pub use recovery::Recovery;
pub use server::{Admission, Application, Event, Refusal, application};
pub use sockets::{Acks, Sockets};
