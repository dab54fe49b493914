//! One packet, in text or in bytes.

use bytes::Bytes;

/// Revision of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `EIO=3`: clients of Socket.IO 1 and 2. The client pings.
    V3,
    /// `EIO=4`: clients of Socket.IO 3 and newer. The server pings.
    V4,
}

/// Content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

/// What a client may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// The session ends.
    Close,
    /// To be answered, with the same text.
    Ping(String),
    /// An answer.
    Pong,
    /// For the application.
    Message(Data),
    /// From now on the session is on this WebSocket.
    Upgrade,
    /// Nothing.
    Noop,
}

/// Bytes that are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Engine.IO packet")]
pub(super) struct Malformed;

impl Packet {
    /// Reads a packet in text: its type is the first character.
    pub(super) fn from_text(text: &str) -> Result<Self, Malformed> {
        let mut rest = text.chars();
        let kind = rest.next().ok_or(Malformed)?;
        let rest = rest.as_str();
        match kind {
            '1' => Ok(Self::Close),
            '2' => Ok(Self::Ping(rest.to_owned())),
            '3' => Ok(Self::Pong),
            '4' => Ok(Self::Message(Data::Text(rest.to_owned()))),
            '5' => Ok(Self::Upgrade),
            '6' => Ok(Self::Noop),
            _ => Err(Malformed),
        }
    }

    /// Reads a packet in bytes: a message, which revision 3 says in its first byte.
    pub(super) fn from_bytes(version: Version, mut bytes: Bytes) -> Result<Self, Malformed> {
        match (version, bytes.first()) {
            (Version::V4, _) => Ok(Self::Message(Data::Binary(bytes))),
            (Version::V3, Some(4)) => Ok(Self::Message(Data::Binary(bytes.split_off(1)))),
            (Version::V3, _) => Err(Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_message_follows_its_type() {
        assert_eq!(Packet::from_text("4hé"), Ok(Packet::Message(Data::Text("hé".to_owned()))));
    }

    #[test]
    fn unknown_types_are_malformed() {
        for text in ["", "0", "7", "abc", "é4"] {
            assert_eq!(Packet::from_text(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn revision_3_marks_binary_messages() {
        let message = Packet::from_bytes(Version::V3, Bytes::from_static(&[4, 1]));
        assert_eq!(message, Ok(Packet::Message(Data::Binary(Bytes::from_static(&[1])))));
        assert_eq!(Packet::from_bytes(Version::V3, Bytes::from_static(&[1])), Err(Malformed));
    }

    proptest! {
        #[test]
        fn fuzz_any_text_is_a_packet_or_malformed(text in ".*") {
            let _ = Packet::from_text(&text);
        }
    }
}
