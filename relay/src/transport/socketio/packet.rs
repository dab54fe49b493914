//! One packet: a line of text, and as many attachments as it says.

use std::fmt::Write as _;

/// Bytes that the name of a namespace may have.
const MAX_NAMESPACE: usize = 256;
/// Attachments that one packet may have.
const MAX_ATTACHMENTS: usize = 64;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
    BinaryEvent,
    BinaryAck,
}

impl Kind {
    const ALL: [(u8, Self); 7] = [
        (b'0', Self::Connect),
        (b'1', Self::Disconnect),
        (b'2', Self::Event),
        (b'3', Self::Ack),
        (b'4', Self::ConnectError),
        (b'5', Self::BinaryEvent),
        (b'6', Self::BinaryAck),
    ];

    fn has_attachments(self) -> bool {
        matches!(self, Self::BinaryEvent | Self::BinaryAck)
    }

    fn digit(self) -> char {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or('0', |(digit, _)| char::from(*digit))
    }
}

/// A packet without its attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) kind: Kind,
    /// Begins with a slash.
    pub(super) namespace: String,
    /// Names the acknowledgement that is wanted, or that this is.
    pub(super) id: Option<u64>,
    pub(super) attachments: usize,
    /// JSON, not looked at; may be empty.
    pub(super) data: String,
}

/// Text that is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Socket.IO packet")]
pub(super) struct Malformed;

impl Packet {
    /// A packet of the namespace without id and attachments.
    pub(super) fn new(kind: Kind, namespace: &str, data: impl Into<String>) -> Self {
        Self { kind, namespace: namespace.to_owned(), id: None, attachments: 0, data: data.into() }
    }

    /// Reads a packet.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let (digit, rest) = text.split_at_checked(1).ok_or(Malformed)?;
        let kind = Kind::ALL.iter().find(|(known, _)| digit.as_bytes() == [*known]);
        let kind = kind.map(|(_, kind)| *kind).ok_or(Malformed)?;
        let (attachments, rest) = take_attachments(kind, rest)?;
        let (namespace, rest) = take_namespace(rest)?;
        let (id, data) = take_id(rest)?;
        Ok(Self { kind, namespace, id, attachments, data: data.to_owned() })
    }

    /// The packet as text.
    pub(super) fn encode(&self) -> String {
        let mut text = String::with_capacity(self.data.len() + self.namespace.len() + 8);
        text.push(self.kind.digit());
        // Writing to a string cannot fail.
        if self.kind.has_attachments() {
            let _ = write!(text, "{}-", self.attachments);
        }
        if self.namespace != "/" {
            let _ = write!(text, "{},", self.namespace);
        }
        if let Some(id) = self.id {
            let _ = write!(text, "{id}");
        }
        text.push_str(&self.data);
        text
    }
}

fn take_attachments(kind: Kind, text: &str) -> Result<(usize, &str), Malformed> {
    if !kind.has_attachments() {
        return Ok((0, text));
    }
    let (digits, rest) = text.split_once('-').ok_or(Malformed)?;
    let count = number(digits)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= MAX_ATTACHMENTS);
    Ok((count.ok_or(Malformed)?, rest))
}

/// The namespace without the query that clients of version 2 add to it.
fn take_namespace(text: &str) -> Result<(String, &str), Malformed> {
    if !text.starts_with('/') {
        return Ok(("/".to_owned(), text));
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    let name = name.split_once('?').map_or(name, |(name, _)| name);
    if name.len() > MAX_NAMESPACE || name.chars().any(char::is_control) {
        return Err(Malformed);
    }
    Ok((name.to_owned(), rest))
}

fn take_id(text: &str) -> Result<(Option<u64>, &str), Malformed> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).ok_or(Malformed)?;
    if digits.is_empty() { Ok((None, rest)) } else { Ok((Some(number(digits)?), rest)) }
}

/// JavaScript counts exactly up to 2^53: 15 digits are always below.
fn number(digits: &str) -> Result<u64, Malformed> {
    if digits.is_empty() || digits.len() > 15 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Malformed);
    }
    digits.parse().map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(kind: Kind, namespace: &str, id: Option<u64>, attachments: usize, data: &str) -> Packet {
        Packet { kind, namespace: namespace.to_owned(), id, attachments, data: data.to_owned() }
    }

    #[test]
    fn the_examples_of_the_protocol_are_read_and_written() {
        for (text, expected) in [
            ("0", packet(Kind::Connect, "/", None, 0, "")),
            ("0/admin,{\"sid\":\"a\"}", packet(Kind::Connect, "/admin", None, 0, "{\"sid\":\"a\"}")),
            ("1/admin,", packet(Kind::Disconnect, "/admin", None, 0, "")),
            ("2[\"hello\",1]", packet(Kind::Event, "/", None, 0, "[\"hello\",1]")),
            ("2/admin,456[\"x\"]", packet(Kind::Event, "/admin", Some(456), 0, "[\"x\"]")),
            ("3/admin,456[]", packet(Kind::Ack, "/admin", Some(456), 0, "[]")),
            (
                "51-[\"hello\",{\"_placeholder\":true,\"num\":0}]",
                packet(Kind::BinaryEvent, "/", None, 1, "[\"hello\",{\"_placeholder\":true,\"num\":0}]"),
            ),
            ("61-/admin,456[]", packet(Kind::BinaryAck, "/admin", Some(456), 1, "[]")),
        ] {
            assert_eq!(Packet::parse(text), Ok(expected.clone()));
            assert_eq!(expected.encode(), text);
        }
    }

    #[test]
    fn r002_06_the_query_in_a_namespace_of_version_2_is_left() {
        assert_eq!(Packet::parse("0/chat?token=1,").map(|packet| packet.namespace), Ok("/chat".to_owned()));
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for text in ["", "7", "x", "5[\"a\"]", "5-[\"a\"]", "599-[\"a\"]", "51x-[]", "21234567890123456[]"] {
            assert_eq!(Packet::parse(text), Err(Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_any_text_is_a_packet_or_malformed(text in ".*|[0-6][0-9]{0,20}-?(/[a-z?]{0,5},)?[0-9]{0,20}.{0,9}") {
            let _ = Packet::parse(&text);
        }

        #[test]
        fn fuzz_what_is_written_is_read_again(id in prop::option::of(0..1_000_000_u64), name in "[a-z]{0,8}", n in 0..9_usize) {
            let packet = packet(Kind::BinaryEvent, &format!("/{name}"), id, n, "[\"a\"]");
            prop_assert_eq!(Packet::parse(&packet.encode()), Ok(packet));
        }
    }
}
