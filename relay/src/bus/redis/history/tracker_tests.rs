use super::*;
use crate::bus::Channel;

const EPOCH: Epoch = Epoch::new(1);
const NEXT: Epoch = Epoch::new(2);

fn log() -> Log {
    Log::of(&Channel::user("alice")).unwrap()
}

fn at(epoch: Epoch, seq: u64) -> Position {
    Position { epoch, seq }
}

/// A tracker that has seen the first message.
fn following() -> Tracker<u64> {
    let mut tracker = Tracker::default();
    tracker.follow(&log(), true);
    arrive(&mut tracker, EPOCH, 1);
    tracker
}

fn arrive(tracker: &mut Tracker<u64>, epoch: Epoch, seq: u64) -> Outcome<u64> {
    tracker.arrive(&log(), at(epoch, seq), seq, 1)
}

fn refill(epoch: Epoch, after: u64, top: u64) -> Refill<u64> {
    Refill { epoch, after, broken: false, top, entries: (after + 1..=top).map(|seq| (seq, seq)).collect() }
}

fn delivered(outcome: &Outcome<u64>) -> Vec<u64> {
    outcome.deliver.iter().map(|(_, item)| *item).collect()
}

#[test]
fn what_comes_in_order_is_delivered_at_once() {
    let mut tracker = following();
    let all = [2, 3].map(|seq| delivered(&arrive(&mut tracker, EPOCH, seq)));
    assert_eq!(all, [[2], [3]]);
}

#[test]
fn what_came_before_is_a_copy() {
    let outcome = arrive(&mut following(), EPOCH, 1);
    assert_eq!((delivered(&outcome), outcome.copies), (vec![], 1));
}

#[test]
fn what_comes_after_a_hole_waits_for_it() {
    let mut tracker = following();
    let outcome = arrive(&mut tracker, EPOCH, 4);
    assert_eq!((delivered(&outcome), outcome.refill), (vec![], Some(at(EPOCH, 1))));
    arrive(&mut tracker, EPOCH, 5);
    let outcome = tracker.refilled(&log(), refill(EPOCH, 1, 4));
    assert_eq!((delivered(&outcome), outcome.copies, outcome.missed), (vec![2, 3, 4, 5], 1, 0));
}

#[test]
fn a_hole_behind_what_was_read_is_asked_for_again() {
    let mut tracker = following();
    arrive(&mut tracker, EPOCH, 3);
    arrive(&mut tracker, EPOCH, 9);
    let outcome = tracker.refilled(&log(), refill(EPOCH, 1, 5));
    assert_eq!((delivered(&outcome), outcome.refill), (vec![2, 3, 4, 5], Some(at(EPOCH, 5))));
}

#[test]
fn what_is_no_longer_kept_is_counted() {
    let mut tracker = following();
    arrive(&mut tracker, EPOCH, 9);
    let read = Refill { entries: vec![(8, 8), (9, 9)], ..refill(EPOCH, 1, 9) };
    let outcome = tracker.refilled(&log(), read);
    assert_eq!((delivered(&outcome), outcome.missed), (vec![8, 9], 6));
}

#[test]
fn a_hole_is_told_before_what_comes_after_it() {
    let mut tracker = following();
    arrive(&mut tracker, EPOCH, 9);
    let read = Refill { entries: vec![(2, 2), (5, 5), (6, 6)], ..refill(EPOCH, 1, 9) };
    let holes = tracker.refilled(&log(), read).holes;
    assert_eq!(holes, [Hole { before: 1, at: at(EPOCH, 4) }, Hole { before: 3, at: at(EPOCH, 9) }]);
}

#[test]
fn a_hole_that_cannot_be_read_is_told() {
    let mut tracker = following();
    arrive(&mut tracker, EPOCH, 4);
    assert_eq!(tracker.unfilled(&log()).holes, [Hole { before: 0, at: at(EPOCH, 3) }]);
}

#[test]
fn what_is_whole_has_no_hole() {
    let mut tracker = following();
    arrive(&mut tracker, EPOCH, 4);
    assert_eq!(tracker.refilled(&log(), refill(EPOCH, 1, 4)).holes, []);
}

#[test]
fn a_life_that_goes_on_from_less_than_was_there_has_a_hole() {
    let mut tracker = following();
    arrive(&mut tracker, NEXT, 3);
    let outcome = tracker.refilled(&log(), Refill { broken: true, ..refill(NEXT, 1, 3) });
    assert_eq!((delivered(&outcome), outcome.holes), (vec![2, 3], vec![Hole { before: 0, at: at(NEXT, 1) }]));
}

#[test]
fn a_history_that_was_forgotten_has_a_hole_unless_nothing_can_be_missing() {
    for (shaken, expected) in [(false, vec![]), (true, vec![Hole { before: 0, at: at(NEXT, 0) }])] {
        let mut tracker = following();
        tracker.shake(|_| shaken);
        arrive(&mut tracker, NEXT, 1);
        let outcome = tracker.refilled(&log(), Refill { broken: true, ..refill(NEXT, 0, 1) });
        assert_eq!((delivered(&outcome), outcome.holes), (vec![1], expected));
    }
}

#[test]
fn what_cannot_be_read_is_counted_and_the_rest_goes_on() {
    let mut tracker = following();
    arrive(&mut tracker, EPOCH, 4);
    let outcome = tracker.unfilled(&log());
    assert_eq!((delivered(&outcome), outcome.missed), (vec![4], 2));
    assert_eq!(delivered(&arrive(&mut tracker, EPOCH, 5)), [5]);
}

#[test]
fn a_lost_tail_is_found_without_another_message() {
    let outcome = following().sweep(&log(), at(EPOCH, 2));
    assert_eq!(outcome.refill, Some(at(EPOCH, 1)));
}

#[test]
fn a_tail_that_is_known_is_not_asked_for() {
    assert_eq!(following().sweep(&log(), at(EPOCH, 1)).refill, None);
}

#[test]
fn before_the_first_message_a_hole_is_known_by_where_it_began() {
    let mut tracker = Tracker::default();
    tracker.follow(&log(), true);
    tracker.begin(&log(), at(EPOCH, 5));
    assert_eq!(arrive(&mut tracker, EPOCH, 8).refill, Some(at(EPOCH, 5)));
}

#[test]
fn what_was_under_way_when_it_began_is_delivered() {
    let mut tracker = Tracker::default();
    tracker.follow(&log(), true);
    tracker.begin(&log(), at(EPOCH, 5));
    let all = [4, 5, 6].map(|seq| delivered(&arrive(&mut tracker, EPOCH, seq)));
    assert_eq!(all, [[4], [5], [6]]);
}

#[test]
fn another_life_is_asked_for_and_goes_on_from_what_was_seen() {
    let mut tracker = following();
    assert_eq!(arrive(&mut tracker, NEXT, 3).refill, Some(at(EPOCH, 1)));
    let outcome = tracker.refilled(&log(), refill(NEXT, 1, 3));
    assert_eq!((delivered(&outcome), outcome.turned), (vec![2, 3], true));
}

#[test]
fn a_frame_of_a_life_that_is_over_has_no_position() {
    let mut tracker = following();
    arrive(&mut tracker, NEXT, 9);
    let outcome = tracker.refilled(&log(), refill(EPOCH, 1, 1));
    assert_eq!(outcome.deliver, [(None, 9)]);
}

#[test]
fn what_waits_is_bounded() {
    let mut tracker = following();
    let most = MAX_HELD as u64 + 1;
    let outcomes: Vec<_> = (0..most).map(|seq| arrive(&mut tracker, EPOCH, 3 + seq)).collect();
    let delivered: usize = outcomes.iter().map(|outcome| outcome.deliver.len()).sum();
    assert_eq!((delivered as u64, tracker.held_bytes), (most, 0));
}

#[test]
fn what_nobody_follows_passes_and_leaves_nothing() {
    let mut tracker = following();
    arrive(&mut tracker, EPOCH, 3);
    tracker.follow(&log(), false);
    assert_eq!(delivered(&arrive(&mut tracker, EPOCH, 9)), [9]);
    assert_eq!((tracker.held_bytes, tracker.seen().len()), (0, 0));
}
