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
    outbox.peek().into_iter().map(read).map(|envelope| (envelope.message.id, envelope.order)).collect()
}

#[test]
fn messages_go_out_in_the_order_they_came_and_count_per_partition() {
    let outbox = Outbox::new();
    ["alice", "bob", "alice"].into_iter().for_each(|id| push(&outbox, id, 0).unwrap());
    assert_eq!(seen(&outbox), [("alice".into(), 1), ("bob".into(), 1), ("alice".into(), 2)]);
}

#[test]
fn a_message_stays_until_it_is_confirmed() {
    let outbox = Outbox::new();
    ["alice", "bob"].into_iter().for_each(|id| push(&outbox, id, 0).unwrap());
    outbox.confirm(1);
    assert_eq!(seen(&outbox), [("bob".into(), 1)]);
}

#[test]
fn too_many_messages_are_refused_and_take_no_order() {
    let outbox = Outbox::with_limit(1);
    push(&outbox, "alice", 0).unwrap();
    assert_eq!(push(&outbox, "alice", 0), Err(Full));
    outbox.confirm(1);
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
    assert_eq!(outbox.peek().len(), BATCH_ITEMS);
}

#[test]
fn a_batch_is_bounded_in_bytes_but_never_empty() {
    let outbox = Outbox::new();
    [2 * BATCH_BYTES, 10].into_iter().for_each(|bytes| push(&outbox, "alice", bytes).unwrap());
    assert_eq!(outbox.peek().len(), 1);
}

#[test]
fn an_emptied_outbox_has_no_bytes_left() {
    let outbox = Outbox::new();
    push(&outbox, "alice", 100).unwrap();
    outbox.confirm(5);
    assert_eq!(outbox.fill(), (0, 0));
}
