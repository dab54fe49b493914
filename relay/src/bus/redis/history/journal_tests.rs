use std::time::Duration;

use super::super::unheard;
use super::*;
use crate::bus::redis::layout::Layout;
use crate::bus::wire::{Origin, decode};
use crate::bus::{Channel, Kept, Log, Namespace};

fn push(journal: &Journal, id: &str, bytes: usize) -> Result<u64, Full> {
    let message = Message::new(Channel::user("alice"), id, vec![b' '; bytes]);
    let frame = Frame::encode(&Origin { node: "a".into(), incarnation: 1 }, &message).unwrap();
    let log = Log::of(&message.channel).unwrap();
    let kept = Kept { size: 1, ttl: Duration::from_secs(1) };
    let keys = Keys::of(&log, kept, &Layout::new(&Namespace::default(), 0));
    journal.push(Append { message: Arc::new(message), keys, once: None }, frame, None)
}

fn filled(count: u64) -> Journal {
    let journal = Journal::new();
    (1..=count).for_each(|order| assert_eq!(push(&journal, &order.to_string(), 0), Ok(order)));
    journal
}

fn orders(batch: &[Outgoing]) -> Vec<u64> {
    batch.iter().map(|item| item.order).collect()
}

fn partition() -> Partition {
    Partition::of(Channel::user("alice").as_str())
}

#[test]
fn a_message_carries_its_order() {
    let [item] = <[Outgoing; 1]>::try_from(filled(1).next(Partitions::ALL)).unwrap();
    assert_eq!((item.order, decode(item.frame).unwrap().order), (1, 1));
}

#[test]
fn what_is_under_way_does_not_go_out_again() {
    let journal = filled(2);
    journal.next(Partitions::ALL);
    push(&journal, "3", 0).unwrap();
    assert_eq!(orders(&journal.next(Partitions::ALL)), [3]);
}

#[test]
fn after_a_fault_all_that_was_not_confirmed_goes_out_again() {
    let journal = filled(3);
    let batch = journal.next(Partitions::ALL);
    journal.confirm(&batch[0], false);
    journal.rewind(Partitions::ALL);
    let again = journal.next(Partitions::ALL);
    assert_eq!((orders(&again), again[0].confirmed), (vec![2, 3], 1));
}

#[test]
fn a_message_knows_what_was_confirmed_when_it_went_out() {
    let journal = filled(2);
    let batch = journal.next(Partitions::ALL);
    assert_eq!([batch[0].confirmed, batch[1].confirmed], [0, 0]);
}

#[test]
fn a_confirmation_that_comes_twice_takes_one_message() {
    let journal = filled(3);
    let batch = journal.next(Partitions::ALL);
    journal.confirm(&batch[1], false);
    journal.confirm(&batch[1], false);
    assert_eq!(journal.fill().0, 1);
}

#[test]
fn messages_of_other_partitions_stay() {
    assert!(filled(1).next(Partitions::NONE).is_empty());
}

#[test]
fn a_full_journal_takes_nothing_more() {
    let journal = Journal::with_limit(1);
    push(&journal, "1", 0).unwrap();
    assert_eq!(push(&journal, "2", 0), Err(Full));
}

#[test]
fn a_journal_is_bounded_in_bytes() {
    let journal = Journal::new();
    let taken = (0..10).filter(|_| push(&journal, "x", 7 << 20).is_ok()).count();
    assert_eq!(taken, 4);
}

#[test]
fn a_batch_is_bounded_in_bytes_but_has_a_message() {
    let journal = Journal::new();
    (0..2).for_each(|_| assert!(push(&journal, "x", 1 << 20).is_ok()));
    assert_eq!(journal.next(Partitions::ALL).len(), 1);
}

/// Three messages, of which Redis confirmed two.
fn two_confirmed() -> Journal {
    let journal = filled(3);
    let batch = journal.next(Partitions::ALL);
    batch.iter().take(2).for_each(|item| journal.confirm(item, false));
    journal
}

fn orders_unheard(journal: &Journal) -> Vec<u64> {
    journal.unheard(partition()).into_iter().map(|(order, _)| order).collect()
}

#[test]
fn what_was_confirmed_and_not_heard_goes_before_what_waits() {
    assert_eq!(orders_unheard(&two_confirmed()), [1, 2, 3]);
}

#[test]
fn what_was_heard_is_not_kept_whether_it_was_confirmed_before_or_after() {
    let journal = two_confirmed();
    journal.heard(partition(), 2);
    assert_eq!(orders_unheard(&journal), [3]);
    let journal = filled(2);
    journal.heard(partition(), 1);
    journal.next(Partitions::ALL).iter().for_each(|item| journal.confirm(item, false));
    assert_eq!(orders_unheard(&journal), [2]);
}

#[test]
fn a_duplicate_of_which_nothing_is_heard_is_not_kept() {
    let journal = filled(1);
    journal.next(Partitions::ALL).iter().for_each(|item| journal.confirm(item, true));
    assert!(orders_unheard(&journal).is_empty());
}

#[test]
fn what_is_kept_until_it_is_heard_is_bounded() {
    let journal = filled(2 * unheard::MAX_ITEMS as u64);
    for _ in 0..2 {
        journal.next(Partitions::ALL).iter().for_each(|item| journal.confirm(item, false));
    }
    assert_eq!(orders_unheard(&journal).len(), unheard::MAX_ITEMS);
}
