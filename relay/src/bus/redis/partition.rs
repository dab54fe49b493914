//! The 128 partitions of channels and leases.
//!
//! A name belongs to a partition for ever: 64-bit FNV-1a of its bytes, the low seven bits. A
//! partition has a hash tag, so that all its keys and channels live in one slot of a Redis Cluster
//! (Redis Cluster specification, "hash tags"). The tags are chosen so that partition `i` lies in
//! slots `128 i .. 128 (i + 1)`: any even split of the slots is an even split of the partitions,
//! which the plain numbers 0 to 127 are not.

/// How many partitions there are. Relays of one cluster must agree, so it never changes.
pub(super) const PARTITIONS: usize = 128;

/// The tag of each partition.
#[rustfmt::skip]
const TAGS: [u16; PARTITIONS] = [
    108, 639, 100, 104, 267, 263, 346, 342, 131, 135, 139, 608, 3, 7, 256, 252, 69, 205, 61, 65, 772, 776,
    166, 162, 50, 54, 58, 234, 157, 153, 743, 747, 15, 11, 275, 19, 112, 116, 706, 702, 244, 28, 24, 20,
    737, 733, 123, 127, 174, 170, 649, 178, 73, 77, 213, 217, 678, 149, 145, 141, 222, 226, 42, 46, 16,
    12, 276, 272, 111, 115, 119, 628, 247, 243, 27, 23, 128, 619, 120, 124, 177, 173, 763, 767, 70, 74,
    78, 214, 752, 756, 146, 142, 49, 225, 41, 45, 717, 713, 103, 107, 264, 260, 345, 268, 132, 136, 726,
    722, 0, 4, 8, 39, 202, 206, 62, 66, 658, 169, 165, 161, 53, 57, 233, 237, 154, 150, 669, 158,
];

/// One of the partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partition(u8);

impl Partition {
    /// The partition that `name` belongs to.
    pub(super) fn of(name: &str) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let hash = name.bytes().fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
        Self((hash & 0x7f) as u8)
    }

    /// All of them, in order.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS as u8).map(Self)
    }

    /// Its hash tag, without braces.
    pub(super) fn tag(self) -> u16 {
        *TAGS_OF.get(self)
    }
}

static TAGS_OF: PerPartition<u16> = PerPartition(TAGS);

/// One `T` for each partition.
#[derive(Debug)]
pub(super) struct PerPartition<T>([T; PARTITIONS]);

impl<T> PerPartition<T> {
    /// Makes each one with `make`.
    pub(super) fn new(make: impl Fn(Partition) -> T) -> Self {
        Self(std::array::from_fn(|index| make(Partition(index as u8))))
    }

    /// The one of `partition`.
    #[allow(clippy::indexing_slicing, reason = "a Partition is below PARTITIONS by construction")]
    pub(super) fn get(&self, partition: Partition) -> &T {
        &self.0[usize::from(partition.0)]
    }

    /// The one of `partition`, to change it.
    #[allow(clippy::indexing_slicing, reason = "a Partition is below PARTITIONS by construction")]
    pub(super) fn get_mut(&mut self, partition: Partition) -> &mut T {
        &mut self.0[usize::from(partition.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CRC-16/XMODEM, as the Redis Cluster specification has it in its appendix.
    fn crc16(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            })
        })
    }

    #[test]
    fn the_checksum_of_this_test_is_the_one_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn each_partition_lies_in_its_own_128th_of_the_slots() {
        for (index, partition) in Partition::all().enumerate() {
            let slot = usize::from(crc16(partition.tag().to_string().as_bytes()) % 16_384);
            assert_eq!(slot / 128, index);
        }
    }

    #[test]
    fn names_keep_their_partition_from_release_to_release() {
        let partitions = ["", "user:alice", "user:bob", "reply:1"].map(|name| Partition::of(name).0);
        assert_eq!(partitions, [37, 112, 67, 98]);
    }

    #[test]
    fn names_spread_over_all_partitions() {
        let mut names = PerPartition::new(|_| 0);
        (0..12_800).for_each(|user| *names.get_mut(Partition::of(&format!("user:{user}"))) += 1);
        assert!(names.0.iter().all(|&count| (50..150).contains(&count)), "{names:?}");
    }
}
