use super::*;
use crate::bus::wire::{Origin, decode};
use crate::bus::{Channel, Message};

fn frame(id: &str, bytes: usize) -> (Partition, Frame) {
    let channel = Channel::user(id);
    let partition = Partition::of(channel.as_str());
    let payload = vec![b' '; bytes].into();
    let message =
        Message { id: id.into(), channel, position: None, timestamp: 0, kind: "message".into(), payload };
    (partition, Frame::encode(&Origin { node: "a".into(), incarnation: 1 }, &message).unwrap())
}

fn push(outbox: &Outbox, id: &str, bytes: usize) -> Result<(), Full> {
    let (partition, frame) = frame(id, bytes);
    outbox.push(partition, frame)
}

fn seen(outbox: &Outbox) -> Vec<(String, u64)> {
    let read = |item: Outgoing| decode(item.frame).unwrap();
    outbox
        .peek(Partitions::ALL)
        .into_iter()
        .map(read)
        .map(|envelope| (envelope.message.id, envelope.order))
        .collect()
}

/// The partition of a user's channel, alone.
fn only(id: &str) -> Partitions {
    let mut partitions = Partitions::NONE;
    partitions.insert(frame(id, 0).0);
    partitions
}

#[test]
fn messages_of_a_partition_go_out_in_the_order_they_came() {
    let outbox = Outbox::new();
    ["alice", "bob", "alice"].into_iter().for_each(|id| push(&outbox, id, 0).unwrap());
    let mut seen = seen(&outbox);
    seen.sort();
    assert_eq!(seen, [("alice".into(), 1), ("alice".into(), 2), ("bob".into(), 1)]);
}

#[test]
fn messages_of_partitions_of_others_stay() {
    let outbox = Outbox::new();
    ["alice", "bob", "alice"].into_iter().for_each(|id| push(&outbox, id, 0).unwrap());
    let orders: Vec<u64> = outbox.peek(only("alice")).iter().map(|item| item.order).collect();
    assert_eq!(orders, [1, 2]);
}

#[test]
fn a_busy_partition_keeps_no_other_out() {
    let outbox = Outbox::new();
    (0..2 * BATCH_ITEMS).for_each(|_| push(&outbox, "alice", 0).unwrap());
    push(&outbox, "bob", 0).unwrap();
    let of_bob = |batch: Vec<Outgoing>| batch.iter().any(|item| only("bob").contains(item.partition));
    assert!([(); 2].map(|()| of_bob(outbox.peek(Partitions::ALL))).contains(&true));
}

#[test]
fn what_another_sent_meanwhile_is_confirmed_once() {
    let outbox = Outbox::new();
    ["alice", "alice"].into_iter().for_each(|id| push(&outbox, id, 0).unwrap());
    let both = outbox.peek(Partitions::ALL);
    outbox.confirm(&both);
    push(&outbox, "alice", 0).unwrap();
    outbox.confirm(&both);
    assert_eq!(seen(&outbox), [("alice".into(), 3)]);
}

#[tokio::test]
async fn a_new_owner_is_told_of_what_waits() {
    let outbox = Outbox::new();
    push(&outbox, "alice", 0).unwrap();
    let filled = Arc::<Notify>::default();
    outbox.assign(only("alice"), &filled);
    filled.notified().await;
    push(&outbox, "alice", 0).unwrap();
    filled.notified().await;
}

#[test]
fn a_message_stays_until_it_is_confirmed() {
    let outbox = Outbox::new();
    ["alice", "bob"].into_iter().for_each(|id| push(&outbox, id, 0).unwrap());
    outbox.confirm(&outbox.peek(only("alice")));
    assert_eq!(seen(&outbox), [("bob".into(), 1)]);
}

#[test]
fn too_many_messages_are_refused_and_take_no_order() {
    let outbox = Outbox::with_limit(1);
    push(&outbox, "alice", 0).unwrap();
    assert_eq!(push(&outbox, "alice", 0), Err(Full));
    outbox.confirm(&outbox.peek(Partitions::ALL));
    push(&outbox, "alice", 0).unwrap();
    assert_eq!(seen(&outbox), [("alice".into(), 2)]);
}

#[test]
fn too_many_bytes_are_refused() {
    let outbox = Outbox::new();
    let mib = 1024 * 1024;
    let taken = (0..40).take_while(|_| push(&outbox, "alice", mib).is_ok()).count();
    assert_eq!(taken, 31);
}

#[test]
fn a_batch_is_bounded_in_messages() {
    let outbox = Outbox::new();
    (0..BATCH_ITEMS + 1).for_each(|_| push(&outbox, "alice", 0).unwrap());
    assert_eq!(outbox.peek(Partitions::ALL).len(), BATCH_ITEMS);
}

#[test]
fn a_batch_is_bounded_in_bytes_but_never_empty() {
    let outbox = Outbox::new();
    [2 * BATCH_BYTES, 10].into_iter().for_each(|bytes| push(&outbox, "alice", bytes).unwrap());
    assert_eq!(outbox.peek(Partitions::ALL).len(), 1);
}

#[test]
fn an_emptied_outbox_has_no_bytes_left() {
    let outbox = Outbox::new();
    push(&outbox, "alice", 100).unwrap();
    outbox.confirm(&outbox.peek(Partitions::ALL));
    outbox.confirm(&[]);
    assert_eq!(outbox.fill(), (0, 0));
}

#[tokio::test]
async fn what_comes_later_is_not_waited_for() {
    let outbox = Outbox::new();
    push(&outbox, "alice", 0).unwrap();
    let mut settled = Box::pin(outbox.settled());
    assert!(futures::poll!(&mut settled).is_pending());
    let sent = outbox.peek(Partitions::ALL);
    push(&outbox, "alice", 0).unwrap();
    outbox.confirm(&sent);
    assert!(futures::poll!(&mut settled).is_ready());
}
