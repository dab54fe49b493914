//! Names of the channels and keys in Redis. They are a contract between releases.
//!
//! | name | what |
//! | --- | --- |
//! | `relay:live:<db>:{<tag>}` | channel of one partition |
//! | `relay:probe:<db>:<incarnation>:<connection>` | channel on which a relay hears itself |
//! | `relay:lease:{<tag>}:<lease>` | key: `<node>/<incarnation>` of the holder |
//!
//! Channels of Redis span its databases and keys do not. With the database in their names two
//! clusters on two databases of one server stay apart in both.

use super::partition::{Partition, PerPartition};

/// Names for one database.
#[derive(Debug)]
pub(super) struct Layout {
    db: u32,
    live: PerPartition<String>,
}

impl Layout {
    pub(super) fn new(db: u32) -> Self {
        let live = PerPartition::new(|partition| format!("relay:live:{db}:{{{}}}", partition.tag()));
        Self { db, live }
    }

    /// Channel of the messages of `partition`.
    pub(super) fn live(&self, partition: Partition) -> &str {
        self.live.get(partition)
    }

    /// One of the channels of messages; every relay is subscribed to all of them or none.
    pub(super) fn sample(&self) -> &str {
        self.live(Partition::of(""))
    }

    /// Channel on which one connection of one process hears itself.
    pub(super) fn probe(&self, incarnation: u64, connection: u64) -> String {
        format!("relay:probe:{}:{incarnation:016x}:{connection}", self.db)
    }
}

/// Key of the lease called `lease`.
pub(super) fn lease_key(lease: &str) -> String {
    format!("relay:lease:{{{}}}:{lease}", Partition::of(lease).tag())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_carries_the_tag_of_its_partition() {
        let partition = Partition::of("user:alice");
        let expected = format!("relay:live:2:{{{}}}", partition.tag());
        assert_eq!(Layout::new(2).live(partition), expected);
    }

    #[test]
    fn braces_in_a_lease_do_not_move_it_to_another_slot() {
        let key = lease_key("user:{x}");
        assert_eq!(key.find('{').map(|start| &key[..start]), Some("relay:lease:"));
    }
}
