//! The hub's wire for Engine.IO sessions.

use bytes::{BufMut, Bytes, BytesMut};
use tungstenite::protocol::frame::coding::{Data as Kind, OpCode};

use super::{Data, Version};
use crate::bus::{Message, Position};
use crate::hub::{Farewell, Frame, Missed, Pulse, Wire};
use crate::transport::ws::{close_frame, frame, text_frame};

/// What an application makes of a message.
pub trait Shape: Send + Sync + 'static {
    /// Name of the shape for revision 3, unique among shapes.
    const NAME_V3: &'static str;
    /// As [`NAME_V3`](Self::NAME_V3), for revision 4.
    const NAME_V4: &'static str;

    /// The messages that the message becomes, which stay together.
    fn render(message: &Message, version: Version) -> Vec<Data>;

    /// Whether clients of this revision are told by the protocol, when they come back, that messages
    /// are missing.
    fn recovers(version: Version) -> bool {
        let _ = version;
        false
    }
}

/// An application's shape on Engine.IO.
#[derive(Clone, Copy, Debug)]
pub struct EngineWire<S> {
    version: Version,
    shape: std::marker::PhantomData<fn() -> S>,
}

impl<S: Shape> EngineWire<S> {
    const V3: Self = Self { version: Version::V3, shape: std::marker::PhantomData };
    const V4: Self = Self { version: Version::V4, shape: std::marker::PhantomData };

    /// The wire for `version`.
    pub fn of(version: Version) -> &'static Self {
        match version {
            Version::V3 => &Self::V3,
            Version::V4 => &Self::V4,
        }
    }
}

impl<S: Shape> Wire for EngineWire<S> {
    fn name(&self) -> &'static str {
        match self.version {
            Version::V3 => S::NAME_V3,
            Version::V4 => S::NAME_V4,
        }
    }

    fn encode(&self, message: &Message) -> Frame {
        let mut bytes = BytesMut::new();
        for data in S::render(message, self.version) {
            bytes.put(message_frame(self.version, &data));
        }
        Frame { bytes: bytes.freeze(), last: false }
    }

    fn pulse(&self) -> Pulse {
        match self.version {
            Version::V3 => Pulse::EngineListen,
            Version::V4 => Pulse::EngineProbe(text_frame(b"2")),
        }
    }

    fn goodbye(&self, farewell: &Farewell) -> Bytes {
        close_frame(farewell)
    }

    fn awaits_answer(&self) -> bool {
        true
    }

    /// The protocol has no word for it while a session lives.
    fn missed(&self, _: Position) -> Missed {
        if S::recovers(self.version) { Missed::Ends } else { Missed::Untold }
    }
}

/// A message packet in a frame.
pub fn message_frame(version: Version, data: &Data) -> Bytes {
    match (data, version) {
        (Data::Text(text), _) => text_frame(format!("4{text}").as_bytes()),
        (Data::Binary(data), Version::V4) => frame(OpCode::Data(Kind::Binary), data),
        (Data::Binary(data), Version::V3) => {
            let marked = [&[4], data.as_ref()].concat();
            frame(OpCode::Data(Kind::Binary), &marked)
        }
    }
}
