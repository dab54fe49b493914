//! Several packets in one HTTP body, as text.
//!
//! Packets are read one by one: a body of many tiny packets never becomes a list of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use bytes::Bytes;

use super::packet::{Data, Malformed, Packet, Version};
use super::payload_v3;

/// Between packets of revision 4.
const SEPARATOR: char = '\u{1e}';
/// Digits that a length of revision 3 may have.
const MAX_DIGITS: usize = 9;

/// The packets of a body that is text.
pub(super) fn packets(
    version: Version,
    body: &str,
) -> Box<dyn Iterator<Item = Result<Packet, Malformed>> + Send + '_> {
    match version {
        Version::V4 => Box::new(body.split(SEPARATOR).map(move |packet| read(version, packet))),
        Version::V3 => Box::new(Counted { rest: body }),
    }
}

fn read(version: Version, packet: &str) -> Result<Packet, Malformed> {
    let Some(encoded) = packet.strip_prefix('b') else { return Packet::from_text(packet) };
    match version {
        Version::V4 => Packet::from_bytes(version, base64(encoded)?),
        Version::V3 => {
            let encoded = encoded.strip_prefix('4').ok_or(Malformed)?;
            Packet::from_bytes(Version::V4, base64(encoded)?)
        }
    }
}

fn base64(encoded: &str) -> Result<Bytes, Malformed> {
    STANDARD.decode(encoded).map(Into::into).map_err(|_| Malformed)
}

/// Packets of revision 3: each has its length in front, counted as JavaScript counts.
struct Counted<'a> {
    rest: &'a str,
}

impl Counted<'_> {
    fn take(&mut self) -> Result<Packet, Malformed> {
        let (digits, rest) = self.rest.split_once(':').ok_or(Malformed)?;
        if digits.len() > MAX_DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Malformed);
        }
        let units = digits.parse().map_err(|_| Malformed)?;
        let (packet, rest) = rest.split_at_checked(bytes_of(rest, units)?).ok_or(Malformed)?;
        self.rest = rest;
        read(Version::V3, packet)
    }
}

impl Iterator for Counted<'_> {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let taken = self.take();
        if taken.is_err() {
            self.rest = "";
        }
        Some(taken)
    }
}

/// Bytes of the first `units` UTF-16 units of `text`.
fn bytes_of(text: &str, units: usize) -> Result<usize, Malformed> {
    let mut counted = 0;
    for (at, character) in text.char_indices() {
        if counted >= units {
            return if counted == units { Ok(at) } else { Err(Malformed) };
        }
        counted += character.len_utf16();
    }
    if counted == units { Ok(text.len()) } else { Err(Malformed) }
}

/// A body with packets for a client.
#[derive(Debug)]
pub(super) struct Builder {
    version: Version,
    /// Whether the client takes bytes as they are, which revision 3 asks for.
    bytes: bool,
    packets: Vec<Data>,
}

impl Builder {
    pub(super) fn new(version: Version, bytes: bool) -> Self {
        Self { version, bytes: bytes && version == Version::V3, packets: Vec::new() }
    }

    /// Adds a packet in text.
    pub(super) fn text(&mut self, packet: &str) {
        self.packets.push(Data::Text(packet.to_owned()));
    }

    /// Adds a message of bytes.
    pub(super) fn binary(&mut self, data: &[u8]) {
        self.packets.push(Data::Binary(Bytes::copy_from_slice(data)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The body, in bytes only if it must be.
    pub(super) fn finish(self) -> Data {
        let binary = self.packets.iter().any(|packet| matches!(packet, Data::Binary(_)));
        if self.bytes && binary {
            Data::Binary(payload_v3::encode(&self.packets))
        } else {
            Data::Text(self.to_text())
        }
    }

    fn to_text(&self) -> String {
        let mut body = String::new();
        for packet in &self.packets {
            match packet {
                Data::Text(text) => self.append(&mut body, text),
                Data::Binary(data) => self.append(&mut body, &self.in_base64(data)),
            }
        }
        body
    }

    fn in_base64(&self, data: &[u8]) -> String {
        let mark = match self.version {
            Version::V4 => "b",
            Version::V3 => "b4",
        };
        format!("{mark}{}", STANDARD.encode(data))
    }

    fn append(&self, body: &mut String, packet: &str) {
        match self.version {
            Version::V4 if body.is_empty() => {}
            Version::V4 => body.push(SEPARATOR),
            Version::V3 => {
                let units = packet.chars().map(char::len_utf16).sum::<usize>();
                body.push_str(&units.to_string());
                body.push(':');
            }
        }
        body.push_str(packet);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> Packet {
        Packet::Message(Data::Text(text.to_owned()))
    }

    fn all(version: Version, body: &str) -> Result<Vec<Packet>, Malformed> {
        packets(version, body).collect()
    }

    #[test]
    fn packets_of_revision_4_are_separated() {
        let binary = Packet::Message(Data::Binary(Bytes::from_static(&[1, 2, 3, 4])));
        assert_eq!(
            all(Version::V4, "4hello\u{1e}2\u{1e}bAQIDBA=="),
            Ok(vec![message("hello"), Packet::Ping(String::new()), binary])
        );
    }

    #[test]
    fn packets_of_revision_3_are_counted_in_utf16() {
        assert_eq!(all(Version::V3, "3:4\u{1f600}2:4é"), Ok(vec![message("\u{1f600}"), message("é")]));
    }

    #[test]
    fn base64_of_revision_3_has_its_type() {
        let binary = Packet::Message(Data::Binary(Bytes::from_static(&[1, 2, 3, 4])));
        assert_eq!(all(Version::V3, "10:b4AQIDBA=="), Ok(vec![binary]));
    }

    #[test]
    fn lengths_that_lie_are_malformed() {
        for body in ["5:4a", "x:4a", "2:4a3", "9999999999999:4", "2:4\u{1f600}"] {
            assert_eq!(all(Version::V3, body), Err(Malformed), "{body}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_what_is_built_is_read_again(texts in prop::collection::vec("[^\u{1e}]{0,20}", 1..5), v3 in any::<bool>()) {
            let version = if v3 { Version::V3 } else { Version::V4 };
            let mut builder = Builder::new(version, false);
            texts.iter().for_each(|text| builder.text(&format!("4{text}")));
            let expected = texts.iter().map(|text| message(text)).collect();
            let Data::Text(body) = builder.finish() else { panic!("text stays text") };
            prop_assert_eq!(all(version, &body), Ok(expected));
        }

        #[test]
        fn fuzz_any_body_is_read_to_an_end(body in ".*|([0-9]{1,3}:[0-6b4].{0,9}){0,4}|([0-6b4][^\u{1e}]{0,9}\u{1e}){0,9}") {
            for version in [Version::V3, Version::V4] {
                let _ = packets(version, &body).count();
            }
        }
    }
}
