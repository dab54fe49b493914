//! What waits for a connection that catches up.

use super::*;
use crate::bus::{Channel, Epoch};
use crate::hub::testing::{Plain, message};
use crate::hub::{DropReason, Overflow};

fn at(epoch: u64, seq: u64) -> At {
    let log = Arc::new(Log::of(&Channel::user("alice")).unwrap());
    At { log, position: Position { epoch: Epoch::new(epoch), seq } }
}

fn missed(at: &At, payload: &'static [u8]) -> Message {
    Message { position: Some(at.position), ..message(Channel::user("alice"), payload) }
}

/// A connection that catches up, and its room.
struct Scene {
    state: CatchUp,
    limits: Limits,
    budget: Budget,
}

impl Scene {
    fn held() -> Self {
        let mut state = CatchUp::default();
        state.hold();
        Self { state, limits: Limits::new(100, 3, Overflow::Disconnect), budget: Budget::new(1000) }
    }

    fn admit(&mut self, at: Option<&At>, text: &'static str) -> Admission {
        self.state.admit(at, &Bytes::from_static(text.as_bytes()), &self.limits, &self.budget)
    }

    fn release(&mut self, missed: Vec<Message>, floors: Vec<At>) {
        let caught = CaughtUp::with(missed, floors, &self.budget).unwrap();
        self.state.release(caught, &self.budget);
    }

    fn sent(&mut self) -> String {
        let next = || self.state.next(&Plain, &self.budget).map(|(bytes, _)| bytes);
        let sent: Vec<_> = std::iter::from_fn(next).collect();
        String::from_utf8(sent.concat()).unwrap()
    }
}

#[test]
fn nothing_goes_out_before_the_recovery_ends() {
    let mut scene = Scene::held();
    assert_eq!(scene.admit(Some(&at(1, 1)), "a"), Admission::Held);
    assert_eq!(scene.sent(), "");
}

#[test]
fn what_was_missed_goes_first_and_nothing_goes_twice() {
    let mut scene = Scene::held();
    scene.admit(Some(&at(1, 2)), "2");
    scene.admit(Some(&at(1, 3)), "3");
    scene.release(vec![missed(&at(1, 1), b"1"), missed(&at(1, 2), b"2")], vec![at(1, 2)]);
    assert_eq!(scene.sent(), "123");
    assert_eq!(scene.budget.used(), 0);
}

#[test]
fn a_message_that_comes_late_and_is_known_is_left_out() {
    let mut scene = Scene::held();
    scene.release(Vec::new(), vec![at(1, 5)]);
    let admitted = [at(1, 5), at(1, 6), at(2, 5)].map(|at| scene.admit(Some(&at), "x"));
    assert_eq!(admitted, [Admission::Known, Admission::Pass, Admission::Pass]);
}

#[test]
fn a_message_from_before_a_fork_is_not_sent_again_after_it() {
    let mut scene = Scene::held();
    scene.admit(Some(&at(1, 4)), "4");
    scene.release(vec![missed(&at(1, 4), b"4"), missed(&at(2, 5), b"5")], vec![at(2, 5)]);
    assert_eq!(scene.sent(), "45");
    assert_eq!(scene.budget.used(), 0);
}

#[test]
fn what_comes_while_the_missed_goes_out_waits_behind_it() {
    let mut scene = Scene::held();
    scene.release(vec![missed(&at(1, 1), b"1")], vec![at(1, 1)]);
    assert_eq!(scene.admit(Some(&at(1, 2)), "2"), Admission::Held);
    assert_eq!(scene.sent(), "12");
    assert_eq!(scene.admit(Some(&at(1, 3)), "3"), Admission::Pass);
}

#[test]
fn what_waits_is_bounded() {
    let mut scene = Scene::held();
    for _ in 0..3 {
        assert_eq!(scene.admit(None, "x"), Admission::Held);
    }
    assert_eq!(scene.admit(None, "x"), Admission::Full(DropReason::QueueFull));
}

#[test]
fn what_the_node_has_no_room_for_is_not_replayed() {
    let budget = Budget::new(3);
    assert!(CaughtUp::with(vec![missed(&at(1, 1), b"1")], Vec::new(), &budget).is_none());
}

#[test]
fn two_recoveries_at_once_both_end_before_anything_goes_out() {
    let mut scene = Scene::held();
    scene.state.hold();
    scene.release(vec![missed(&at(1, 1), b"1")], vec![at(1, 1)]);
    assert_eq!(scene.sent(), "");
    scene.release(Vec::new(), Vec::new());
    assert_eq!(scene.sent(), "1");
}

#[test]
fn what_is_given_up_leaves_the_budget_whole() {
    let mut scene = Scene::held();
    scene.admit(None, "x");
    scene.release(vec![missed(&at(1, 1), b"1")], Vec::new());
    assert_eq!((scene.state.abandon(&scene.budget), scene.budget.used()), (1, 0));
}
