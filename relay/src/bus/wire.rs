//! A message as relays send it to each other.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version, [`VERSION`] |
//! | 8 | order: position among what this origin sent to this partition, from 1 |
//! | 8 | incarnation: random number of the sending process |
//! | 8 | timestamp of the message |
//! | 8 | zero |
//! | 2 + n, four times | node, id, channel, kind: length and UTF-8 |
//! | the rest | payload: UTF-8, untouched |
//!
//! A message of a [history](super::Log) goes out within a frame of version 2, which the script in Redis
//! that keeps it writes around one of version 1:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version, 2 |
//! | 16 | epoch: hexadecimal digits |
//! | 8 | number in the history |
//! | the rest | frame of version 1 |
//!
//! What begins with a zero is no message, but a knock: relays look by it who is there.
//!
//! Numbers are big-endian. The order is stamped when the message enters the outbox: a receiver
//! tells by it what came twice and what never came. A frame of another version is refused, not
//! guessed at: a later version is written only once every relay of a cluster can read it.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Channel, Message, Position};

/// Version that is written.
const VERSION: u8 = 1;
/// Version of a frame with a position.
const KEPT_VERSION: u8 = 2;
/// Bytes of an epoch.
const EPOCH_BYTES: usize = 16;
/// Where the order stands in a frame.
const ORDER: std::ops::Range<usize> = 1..9;
/// Bytes before the first text.
const FIXED_BYTES: usize = 33;

/// Largest frame that is sent or accepted, in bytes.
pub(super) const MAX_FRAME_BYTES: usize = 8 * 1024 * 1024;

/// A process that sends messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Name of the node, for people.
    pub(super) node: String,
    /// Random number that tells one process of this name from the next.
    pub(super) incarnation: u64,
}

/// A message on its way, with where it stands in the stream of its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) origin: Origin,
    pub(super) order: u64,
    pub(super) message: Message,
}

/// Why a message cannot be put on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {bytes} bytes is larger than {MAX_FRAME_BYTES}, or one of its names than 65535")]
pub(super) struct TooLarge {
    bytes: usize,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Garbage {
    #[error("{0} bytes are more than a message may have")]
    TooLarge(usize),
    #[error("it ends too early")]
    Short,
    #[error("its epoch is not 16 hexadecimal digits")]
    Position,
    #[error("version {0} is not known")]
    Version(u8),
    #[error("a name or the payload is not UTF-8")]
    Text,
}

/// An encoded message that has no order yet.
#[derive(Debug)]
pub(super) struct Frame(BytesMut);

impl Frame {
    /// Encodes `message` as sent by `origin`.
    pub(super) fn encode(origin: &Origin, message: &Message) -> Result<Self, TooLarge> {
        let texts = [&origin.node, &message.id, message.channel.as_str(), &message.kind];
        let bytes =
            FIXED_BYTES + texts.iter().map(|text| 2 + text.len()).sum::<usize>() + message.payload.len();
        if bytes > MAX_FRAME_BYTES {
            return Err(TooLarge { bytes });
        }
        let mut frame = BytesMut::with_capacity(bytes);
        frame.put_u8(VERSION);
        frame.put_u64(0);
        frame.put_u64(origin.incarnation);
        frame.put_i64(message.timestamp);
        frame.put_u64(0);
        for text in texts {
            frame.put_u16(u16::try_from(text.len()).map_err(|_| TooLarge { bytes })?);
            frame.put_slice(text.as_bytes());
        }
        frame.put_slice(&message.payload);
        Ok(Self(frame))
    }

    /// Bytes of the frame.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The finished frame, at position `order` of its partition.
    pub(super) fn stamp(mut self, order: u64) -> Bytes {
        if let Some(place) = self.0.get_mut(ORDER) {
            place.copy_from_slice(&order.to_be_bytes());
        }
        self.0.freeze()
    }
}

/// Reads a frame of either version. The payload shares the memory of `frame`.
pub(super) fn decode(mut frame: Bytes) -> Result<Envelope, Garbage> {
    if frame.first() != Some(&KEPT_VERSION) {
        return decode_plain(frame, None);
    }
    frame.advance(1);
    if frame.remaining() < EPOCH_BYTES {
        return Err(Garbage::Short);
    }
    let epoch = frame.split_to(EPOCH_BYTES);
    let epoch = std::str::from_utf8(&epoch).ok().and_then(|epoch| epoch.parse().ok());
    let position = Position {
        epoch: epoch.ok_or(Garbage::Position)?,
        seq: frame.try_get_u64().map_err(|_| Garbage::Short)?,
    };
    decode_plain(frame, Some(position))
}

/// Reads a frame of version 1, whose message has this position.
pub(super) fn decode_plain(mut frame: Bytes, position: Option<Position>) -> Result<Envelope, Garbage> {
    if frame.len() > MAX_FRAME_BYTES {
        return Err(Garbage::TooLarge(frame.len()));
    }
    let version = frame.try_get_u8().map_err(|_| Garbage::Short)?;
    if version != VERSION {
        return Err(Garbage::Version(version));
    }
    let order = frame.try_get_u64().map_err(|_| Garbage::Short)?;
    let incarnation = frame.try_get_u64().map_err(|_| Garbage::Short)?;
    let timestamp = frame.try_get_i64().map_err(|_| Garbage::Short)?;
    frame.try_get_u64().map_err(|_| Garbage::Short)?;
    let node = take_text(&mut frame)?;
    let id = take_text(&mut frame)?;
    let channel = Channel::named(take_text(&mut frame)?);
    let kind = take_text(&mut frame)?;
    // A client would break its connection over a text that is none.
    std::str::from_utf8(&frame).map_err(|_| Garbage::Text)?;
    let message = Message { id, channel, position, timestamp, kind, payload: frame };
    Ok(Envelope { origin: Origin { node, incarnation }, order, message })
}

fn take_text(frame: &mut Bytes) -> Result<String, Garbage> {
    let length = usize::from(frame.try_get_u16().map_err(|_| Garbage::Short)?);
    if frame.remaining() < length {
        return Err(Garbage::Short);
    }
    String::from_utf8(frame.split_to(length).into()).map_err(|_| Garbage::Text)
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
