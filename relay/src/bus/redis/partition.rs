//! The 128 partitions of channels and leases.
//!
//! A name belongs to a partition for ever: 64-bit FNV-1a of its bytes, the low seven bits. A
//! partition has a hash tag, so that all its keys and channels live in one slot of a Redis Cluster
//! (Redis Cluster specification, "hash tags"). The tags are chosen so that partition `i` lies in
//! slots `128 i .. 128 (i + 1)`: any even split of the slots is an even split of the partitions,
//! which the plain numbers 0 to 127 are not.

use super::slot::Slot;

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

    /// The one after it, or the first after the last.
    pub(super) fn following(self) -> Self {
        Self((self.0 + 1) % PARTITIONS as u8)
    }

    /// Its hash tag, without braces.
    pub(super) fn tag(self) -> u16 {
        *TAGS_OF.get(self)
    }

    /// The slot that all its names are in.
    pub(super) fn slot(self) -> Slot {
        Slot::of(&self.tag().to_string())
    }
}

/// A set of partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Partitions(u128);

impl Partitions {
    /// None of them.
    pub(super) const NONE: Self = Self(0);
    /// Each of them.
    pub(super) const ALL: Self = Self(u128::MAX);

    /// Those whose bit is set, the lowest being that of the first.
    pub(super) fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// A bit for each.
    pub(super) fn bits(self) -> u128 {
        self.0
    }

    /// Adds one.
    pub(super) fn insert(&mut self, partition: Partition) {
        self.0 |= Self::bit(partition);
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, partition: Partition) {
        self.0 &= !Self::bit(partition);
    }

    /// Whether `partition` is one of them.
    pub(super) fn contains(self, partition: Partition) -> bool {
        self.0 & Self::bit(partition) != 0
    }

    /// Those that are in both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in either.
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not in `other`.
    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first one at or after `from`, or else the first of all.
    pub(super) fn next(self, from: Partition) -> Option<Partition> {
        let later = self.0 & (u128::MAX << from.0);
        let bits = if later == 0 { self.0 } else { later };
        (bits != 0).then(|| Partition((bits.trailing_zeros() & 0x7f) as u8))
    }

    /// Each one, in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Partition> {
        Partition::all().filter(move |partition| self.contains(*partition))
    }

    fn bit(partition: Partition) -> u128 {
        1 << partition.0
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

    #[test]
    fn each_partition_lies_in_its_own_128th_of_the_slots() {
        for (index, partition) in Partition::all().enumerate() {
            assert_eq!(usize::from(partition.slot().number()) / 128, index);
        }
    }

    #[test]
    fn the_next_of_a_set_goes_round() {
        let mut set = Partitions::NONE;
        assert_eq!(set.next(Partition(0)), None);
        [5, 127].into_iter().for_each(|index| set.insert(Partition(index)));
        let next = [0, 5, 6, 127].map(|from| set.next(Partition(from)).map(|found| found.0));
        assert_eq!(next, [Some(5), Some(5), Some(127), Some(127)]);
        set.remove(Partition(127));
        assert_eq!(set.next(Partition(6)), Some(Partition(5)));
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
