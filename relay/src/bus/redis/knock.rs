//! What relays say to each other when one of them listens anew: a *knock* to all, and an answer by
//! each.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1, of a knock only | zero, which is no version of a [message](crate::bus::wire) |
//! | 8, of a knock only | number of the probe channel on which the answer is heard |
//! | 8 | incarnation of the relay that says it |
//! | 16 | set of partitions, a bit for each |
//! | 8 for each of them | order of the last of its messages that Redis has, zero if there was none |
//!
//! The partitions are those of the primary by which it is said. Numbers are big-endian. The relay that
//! hears the orders knows by them what it should have heard before, also where it never heard a message
//! of that relay; of a partition that moves it takes them once [nothing more](super::hearing) comes from
//! where that was.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::partition::{Partition, Partitions};

/// What a knock begins with.
const KNOCK: u8 = 0;
/// Bytes of the set of partitions and of what stands before it.
const FIXED_BYTES: usize = 24;

/// A relay, and how far what it sent has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Introduction {
    pub(super) incarnation: u64,
    /// By partition, in their order.
    pub(super) orders: Vec<(Partition, u64)>,
}

impl Introduction {
    /// The bytes of an answer.
    pub(super) fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(FIXED_BYTES + 8 * self.orders.len());
        self.put(&mut bytes);
        bytes.freeze()
    }

    /// Those of a knock that is answered on probe channel `number` of this relay.
    pub(super) fn encode_knock(&self, number: u64) -> Bytes {
        let mut bytes = BytesMut::with_capacity(9 + FIXED_BYTES + 8 * self.orders.len());
        bytes.put_u8(KNOCK);
        bytes.put_u64(number);
        self.put(&mut bytes);
        bytes.freeze()
    }

    fn put(&self, bytes: &mut BytesMut) {
        let mut partitions = Partitions::NONE;
        self.orders.iter().for_each(|(partition, _)| partitions.insert(*partition));
        bytes.put_u64(self.incarnation);
        bytes.put_u128(partitions.bits());
        self.orders.iter().for_each(|(_, order)| bytes.put_u64(*order));
    }

    /// Reads an answer.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let incarnation = bytes.try_get_u64().ok()?;
        let partitions = Partitions::from_bits(bytes.try_get_u128().ok()?);
        let orders = partitions.iter().map(|partition| Some((partition, bytes.try_get_u64().ok()?)));
        let orders = orders.collect::<Option<Vec<_>>>()?;
        bytes.is_empty().then_some(Self { incarnation, orders })
    }
}

/// Whether these bytes begin like a knock.
pub(super) fn is_knock(bytes: &[u8]) -> bool {
    bytes.first() == Some(&KNOCK)
}

/// Reads a knock: the number of the probe channel that it is answered on, and who knocks.
pub(super) fn decode(bytes: &[u8]) -> Option<(u64, Introduction)> {
    let mut bytes = bytes.strip_prefix(&[KNOCK])?;
    let number = bytes.try_get_u64().ok()?;
    Some((number, Introduction::decode(bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn introduction() -> Introduction {
        let orders = Partition::all().zip([0, 7, u64::MAX]).collect();
        Introduction { incarnation: 5, orders }
    }

    #[test]
    fn an_answer_says_what_was_put_into_it() {
        assert_eq!(Introduction::decode(&introduction().encode()), Some(introduction()));
    }

    #[test]
    fn a_knock_says_where_it_is_answered() {
        assert_eq!(decode(&introduction().encode_knock(9)), Some((9, introduction())));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_no_knock() {
        let bytes = introduction().encode_knock(9);
        let longer = [&bytes, &b"x"[..]].concat();
        assert_eq!(decode(&longer), None);
        assert!((0..bytes.len()).all(|length| decode(&bytes[..length]).is_none()));
    }
}
