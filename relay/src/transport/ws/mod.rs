//! WebSocket, RFC 6455: handshake, frames, messages, close. Strict, and without extensions.
//!
//! The [decoder](Decoder) does no input or output: bytes go in, [events](Event) come out. Between
//! frames it keeps nothing, so that an idle connection costs its socket and little more.

mod assembly;
mod close;
mod decoder;
mod encode;
mod handshake;
mod mask;
mod run;
mod upgrade;
mod wire;

pub use close::refuse;
pub use decoder::{Decoder, Event};
pub use encode::{close_frame, frame, text_frame};
pub use handshake::{Handshake, Refused};
pub use run::{Session, resume, run};
pub use upgrade::{Handover, Upgraded, upgraded};
pub use wire::{Shape, WsWire};
