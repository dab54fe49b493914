//! The slots that the keys of a Redis Cluster are in.

/// How many slots there are (Redis Cluster specification, "Key distribution model").
pub(super) const SLOTS: u16 = 16_384;

/// One of the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u16);

impl Slot {
    /// The slot with this number; none has one of [`SLOTS`] or more.
    pub(super) fn new(number: u16) -> Option<Self> {
        (number < SLOTS).then_some(Self(number))
    }

    /// The slot of `key`: only what is between its first braces counts, if anything is ("Hash tags").
    pub(super) fn of(key: &str) -> Self {
        let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
        Self(crc16(tag.filter(|tag| !tag.is_empty()).unwrap_or(key).as_bytes()) % SLOTS)
    }

    /// Its number.
    #[cfg(test)]
    pub(super) fn number(self) -> u16 {
        self.0
    }
}

/// CRC-16/XMODEM, as the specification has it in its appendix.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn keys_are_where_redis_says_by_cluster_keyslot() {
        let slots = ["foo", "a{foo}b{c}", "{}foo", "a{b", ""].map(|key| Slot::of(key).number());
        assert_eq!(slots, [12_182, 12_182, 9_500, 13_340, 0]);
    }

    #[test]
    fn there_is_no_slot_beyond_the_last() {
        assert_eq!((Slot::new(SLOTS), Slot::new(SLOTS - 1)), (None, Some(Slot(16_383))));
    }
}
