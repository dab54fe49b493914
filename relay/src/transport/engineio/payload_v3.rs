//! Several packets in one HTTP body of bytes: how revision 3 sends from browsers.
//!
//! Each packet is a byte that is 1 for binary, its length in decimal digits of a byte each, a byte
//! 255, and the packet.

use bytes::{Buf, Bytes};

use super::packet::{Malformed, Packet, Version};

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

    use super::super::Data;
    use super::*;

    #[test]
    fn text_and_bytes_are_told_apart() {
        let body = Bytes::from_static(&[0, 2, 255, b'4', b'a', 1, 1, 0, 255, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let packets: Result<Vec<_>, _> = Packets::of(body).collect();
        let text = Packet::Message(Data::Text("a".to_owned()));
        let binary = Packet::Message(Data::Binary(Bytes::from_static(&[1, 2, 3, 4, 5, 6, 7, 8, 9])));
        assert_eq!(packets, Ok(vec![text, binary]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Packets::of(body.into()).count();
        }
    }
}
