//! The hub's wire for WebSockets.

use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Control, OpCode};

use super::{close_frame, frame, text_frame};
use crate::bus::{Message, Position};
use crate::hub::{Farewell, Frame, Missed, Pulse, Wire};

/// What a profile makes of a message on a WebSocket.
pub trait Shape: Send + Sync + 'static {
    /// Name of the shape, unique among shapes.
    const NAME: &'static str;

    /// The text of the message.
    fn render(message: &Message) -> Bytes;

    /// The text that tells a client that messages up to a position are missing, if it asked for
    /// positions.
    fn missed(at: Position) -> Option<String> {
        let _ = at;
        None
    }
}

/// A profile's shape on WebSockets.
#[derive(Clone, Copy, Debug)]
pub struct WsWire<S>(std::marker::PhantomData<fn() -> S>);

impl<S: Shape> WsWire<S> {
    /// The wire.
    pub const WIRE: Self = Self(std::marker::PhantomData);
}

impl<S: Shape> Wire for WsWire<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn encode(&self, message: &Message) -> Frame {
        Frame { bytes: text_frame(&S::render(message)), last: false }
    }

    fn pulse(&self) -> Pulse {
        Pulse::Probe(frame(OpCode::Control(Control::Ping), b""))
    }

    fn goodbye(&self, farewell: &Farewell) -> Bytes {
        close_frame(farewell)
    }

    fn awaits_answer(&self) -> bool {
        true
    }

    fn missed(&self, at: Position) -> Missed {
        S::missed(at).map_or(Missed::Untold, |text| Missed::Told(text_frame(text.as_bytes())))
    }
}
