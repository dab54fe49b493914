//! Who has which slot, as a node of a Cluster says it (`CLUSTER SLOTS`).

use redis::Value;

use super::partition::{Partition, Partitions};
use super::slot::{SLOTS, Slot};
use crate::bus::config::Address;

/// A range of slots that ends at `last` and begins after the one before, and its primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// Its last slot.
    pub(super) last: Slot,
    /// Where its primary is; nobody, if there is none.
    pub(super) primary: Option<Address>,
}

/// All slots, in order and without a hole: what nobody has is a range without a primary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table(Vec<Range>);

impl Table {
    /// Reads the answer of the node at `asked`, which may leave its own name out. Nothing, if it is
    /// no such answer.
    pub(super) fn parse(answer: &Value, asked: &Address) -> Option<Self> {
        let Value::Array(entries) = answer else { return None };
        let mut known: Vec<(u16, u16, Address)> =
            entries.iter().map(|entry| range(entry, asked)).collect::<Option<_>>()?;
        known.sort_by_key(|(first, ..)| *first);
        let (mut ranges, mut next) = (Vec::with_capacity(known.len() + 1), 0);
        for (first, last, address) in known {
            if first > next {
                ranges.push(Range { last: Slot::new(first - 1)?, primary: None });
            }
            ranges.push(Range { last: Slot::new(last)?, primary: Some(address) });
            next = last + 1;
        }
        if next < SLOTS {
            ranges.push(Range { last: Slot::new(SLOTS - 1)?, primary: None });
        }
        Some(Self(ranges))
    }

    /// The ranges, in order.
    pub(super) fn ranges(&self) -> &[Range] {
        &self.0
    }

    /// Whether each slot has a primary.
    pub(super) fn is_whole(&self) -> bool {
        self.0.iter().all(|range| range.primary.is_some())
    }

    /// Each primary, once.
    pub(super) fn primaries(&self) -> Vec<&Address> {
        let mut all: Vec<&Address> = self.0.iter().filter_map(|range| range.primary.as_ref()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The partitions that the primary at `address` has.
    pub(super) fn partitions(&self, address: &Address) -> Partitions {
        let mut all = Partitions::NONE;
        Partition::all()
            .filter(|partition| self.primary(partition.slot()) == Some(address))
            .for_each(|partition| all.insert(partition));
        all
    }

    fn primary(&self, slot: Slot) -> Option<&Address> {
        let index = self.0.partition_point(|range| range.last < slot);
        self.0.get(index)?.primary.as_ref()
    }
}

/// First and last slot, and the primary, of `[first, last, [host, port, …], replicas…]`.
fn range(entry: &Value, asked: &Address) -> Option<(u16, u16, Address)> {
    let Value::Array(parts) = entry else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(node), ..] = parts.as_slice() else { return None };
    let [host, Value::Int(port), ..] = node.as_slice() else { return None };
    let host = match host {
        Value::BulkString(host) => String::from_utf8(host.clone()).ok()?,
        Value::SimpleString(host) => host.clone(),
        // It does not know what it is called: as we called it.
        _ => String::new(),
    };
    let host = if host.is_empty() || host == "?" { asked.host.clone() } else { host };
    let address = Address { host, port: u16::try_from(*port).ok()? };
    let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
    (first <= last && last < SLOTS).then_some((first, last, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str) -> Address {
        Address { host: host.to_owned(), port: 7000 }
    }

    fn entry(first: i64, last: i64, host: Value) -> Value {
        Value::Array(vec![Value::Int(first), Value::Int(last), Value::Array(vec![host, Value::Int(7000)])])
    }

    fn named(host: &str) -> Value {
        Value::BulkString(host.as_bytes().to_vec())
    }

    fn parse(entries: Vec<Value>) -> Table {
        Table::parse(&Value::Array(entries), &address("asked")).unwrap()
    }

    #[test]
    fn what_nobody_has_is_a_range_of_its_own() {
        let table = parse(vec![entry(200, 300, named("b")), entry(0, 99, named("a"))]);
        let lasts: Vec<_> = table.ranges().iter().map(|range| range.last.number()).collect();
        assert_eq!((lasts, table.is_whole()), (vec![99, 199, 300, 16_383], false));
        assert_eq!(table.primaries(), [&address("a"), &address("b")]);
    }

    #[test]
    fn each_partition_is_its_slots() {
        let table = parse(vec![entry(0, 8191, named("a")), entry(8192, 16_383, named("b"))]);
        assert!(table.is_whole());
        let halves = ["a", "b"].map(|host| table.partitions(&address(host)).iter().count());
        assert_eq!(halves, [64, 64]);
    }

    #[test]
    fn a_node_without_a_name_is_called_as_it_was() {
        for host in [Value::Nil, named(""), named("?")] {
            assert_eq!(parse(vec![entry(0, 16_383, host)]).primaries(), [&address("asked")]);
        }
    }

    #[test]
    fn another_answer_is_no_table() {
        for answer in
            [Value::Nil, Value::Array(vec![Value::Int(1)]), Value::Array(vec![entry(5, 1, named("a"))])]
        {
            assert_eq!(Table::parse(&answer, &address("asked")), None);
        }
    }
}
