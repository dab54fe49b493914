//! Several packets in one HTTP body of bytes: how revision 3 sends from browsers.
//!
//! Each packet is a byte that is 1 for binary, its length in decimal digits of a byte each, a byte
//! 255, and the packet.

use bytes::{Buf, Bytes};

use super::packet::{Data, Malformed, Packet, Version};

/// Digits that a length may have.
const MAX_DIGITS: usize = 9;

/// The packets of a body of bytes.
pub(super) struct Packets {
    rest: Bytes,
}

impl Packets {
    pub(super) fn of(body: Bytes) -> Self {
        Self { rest: body }
    }

    fn take(&mut self) -> Result<Packet, Malformed> {
        let binary = self.rest.try_get_u8().map_err(|_| Malformed)? == 1;
        let length = self.take_length()?;
        if self.rest.len() < length {
            return Err(Malformed);
        }
        let packet = self.rest.split_to(length);
        if binary {
            return Packet::from_bytes(Version::V3, packet);
        }
        Packet::from_text(std::str::from_utf8(&packet).map_err(|_| Malformed)?)
    }

    fn take_length(&mut self) -> Result<usize, Malformed> {
        let mut length = 0;
        for _ in 0..=MAX_DIGITS {
            match self.rest.try_get_u8().map_err(|_| Malformed)? {
                255 => return Ok(length),
                digit @ 0..=9 => length = length * 10 + usize::from(digit),
                _ => return Err(Malformed),
            }
        }
        Err(Malformed)
    }
}

/// A body of bytes with `packets`, which are whole if they are text, and messages if not.
pub(super) fn encode(packets: &[Data]) -> Bytes {
    let mut body = Vec::new();
    for packet in packets {
        let (mark, kind, data): (u8, &[u8], &[u8]) = match packet {
            Data::Text(text) => (0, &[], text.as_bytes()),
            Data::Binary(data) => (1, &[4], data),
        };
        body.push(mark);
        let length = kind.len() + data.len();
        body.extend(length.to_string().bytes().map(|digit| digit - b'0'));
        body.push(255);
        body.extend_from_slice(kind);
        body.extend_from_slice(data);
    }
    body.into()
}

impl Iterator for Packets {
    type Item = Result<Packet, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let taken = self.take();
        if taken.is_err() {
            self.rest.clear();
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_and_bytes_are_told_apart() {
        let body = Bytes::from_static(&[0, 2, 255, b'4', b'a', 1, 1, 0, 255, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let packets: Result<Vec<_>, _> = Packets::of(body).collect();
        let text = Packet::Message(Data::Text("a".to_owned()));
        let binary = Packet::Message(Data::Binary(Bytes::from_static(&[1, 2, 3, 4, 5, 6, 7, 8, 9])));
        assert_eq!(packets, Ok(vec![text, binary]));
    }

    #[test]
    fn bytes_are_written_as_the_protocol_shows() {
        let packets = [Data::Text("4hello".to_owned()), Data::Binary(Bytes::from_static(&[1, 2, 3, 4]))];
        let expected = [0, 6, 255, 52, 104, 101, 108, 108, 111, 1, 5, 255, 4, 1, 2, 3, 4];
        assert_eq!(encode(&packets), expected[..]);
    }

    proptest! {
        #[test]
        fn fuzz_any_bytes_are_read_to_an_end(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Packets::of(body.into()).count();
        }

        #[test]
        fn fuzz_what_is_built_is_read_again(
            packets in prop::collection::vec((".{0,20}", prop::collection::vec(any::<u8>(), 0..20)), 0..6),
        ) {
            let (mut sent, mut expected) = (Vec::new(), Vec::new());
            for (text, bytes) in packets {
                sent.extend([Data::Text(format!("4{text}")), Data::Binary(bytes.clone().into())]);
                expected.extend([Data::Text(text), Data::Binary(bytes.into())].map(|data| Ok(Packet::Message(data))));
            }
            prop_assert_eq!(Packets::of(encode(&sent)).collect::<Vec<_>>(), expected);
        }
    }
}
