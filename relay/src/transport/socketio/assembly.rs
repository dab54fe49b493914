//! Puts a packet and its attachments together.

use bytes::Bytes;

use super::packet::{Malformed, Packet};
use crate::transport::engineio::Data;

/// A packet that waits for attachments.
#[derive(Debug)]
struct Partial {
    packet: Packet,
    attachments: Vec<Bytes>,
    bytes: usize,
}

/// Takes the messages of one client.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    partial: Option<Box<Partial>>,
}

/// A packet with all its attachments.
pub(super) type Whole = (Packet, Vec<Bytes>);

impl Assembly {
    /// Bytes of a packet that is not complete.
    pub(super) fn held(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.bytes)
    }

    /// Takes a message; answers with a packet if that completed one. A packet may have `limit`
    /// bytes, attachments included.
    pub(super) fn add(&mut self, data: Data, limit: usize) -> Result<Option<Whole>, Malformed> {
        match (data, self.partial.take()) {
            (Data::Text(text), None) => {
                let packet = Packet::parse(&text)?;
                if packet.attachments == 0 {
                    return Ok(Some((packet, Vec::new())));
                }
                self.partial = Some(Box::new(Partial { packet, attachments: Vec::new(), bytes: text.len() }));
                Ok(None)
            }
            (Data::Binary(attachment), Some(partial)) => self.attach(partial, attachment, limit),
            (Data::Text(_), Some(_)) | (Data::Binary(_), None) => Err(Malformed),
        }
    }

    fn attach(
        &mut self,
        mut partial: Box<Partial>,
        attachment: Bytes,
        limit: usize,
    ) -> Result<Option<Whole>, Malformed> {
        partial.bytes = partial.bytes.saturating_add(attachment.len());
        if partial.bytes > limit {
            return Err(Malformed);
        }
        partial.attachments.push(attachment);
        if partial.attachments.len() == partial.packet.attachments {
            return Ok(Some((partial.packet, partial.attachments)));
        }
        self.partial = Some(partial);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts that begin packets, in or out of place, and attachments.
    fn any_data() -> impl Strategy<Value = Data> {
        prop_oneof![
            "[0-6]([0-9]{1,2}-)?[\\[a-z0-9]{0,9}".prop_map(Data::Text),
            prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Data::Binary(bytes.into())),
        ]
    }

    proptest! {
        #[test]
        fn fuzz_a_packet_is_never_larger_than_the_limit(data in prop::collection::vec(any_data(), 0..30)) {
            let mut assembly = Assembly::default();
            for data in data {
                let text = if let Data::Text(text) = &data { text.len() } else { 0 };
                let whole = assembly.add(data, 100);
                prop_assert!(assembly.held() <= 100.max(text));
                if let Ok(Some((packet, attachments))) = whole {
                    prop_assert_eq!(packet.attachments, attachments.len());
                }
            }
        }
    }

    fn text(text: &str) -> Data {
        Data::Text(text.to_owned())
    }

    const BYTES: Data = Data::Binary(Bytes::from_static(&[1, 2, 3]));

    #[test]
    fn a_packet_waits_for_its_attachments() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(text("52-[\"a\"]"), 100), Ok(None));
        assert_eq!(assembly.add(BYTES, 100), Ok(None));
        assert_eq!(assembly.add(BYTES, 100).unwrap().unwrap().1.len(), 2);
    }

    #[test]
    fn attachments_out_of_place_are_malformed() {
        assert_eq!(Assembly::default().add(BYTES, 100), Err(Malformed));
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(text("51-[\"a\"]"), 100), Ok(None));
        assert_eq!(assembly.add(text("2[\"a\"]"), 100), Err(Malformed));
    }

    #[test]
    fn x18_attachments_count_against_the_limit_together() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.add(text("52-[\"a\"]"), 13), Ok(None));
        assert_eq!(assembly.add(BYTES, 13), Ok(None));
        assert_eq!(assembly.add(BYTES, 13), Err(Malformed));
    }
}
