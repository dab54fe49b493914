//! The hub in many interleavings of threads that open, subscribe, deliver, end and leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use shuttle::thread;

use super::testing::{fetching, hub, message};
use super::*;
use crate::bus::testing::Told;
use crate::bus::{Bus, Channel};
use crate::sync::interleaved;

/// Interleavings per test.
const RUNS: usize = 500;

/// Runs `parts` at the same time, to their ends.
fn together(parts: Vec<Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = parts.into_iter().map(thread::spawn).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// A client that comes, follows a room, and goes.
fn come_and_go(hub: &Arc<Hub>) {
    let membership = fetching(hub);
    let connection = membership.connection();
    hub.subscribe(connection, Channel::room("r"));
    hub.unsubscribe(connection, &Channel::room("r"));
    hub.subscribe(connection, Channel::room("r"));
}

fn deliver(hub: &Arc<Hub>) {
    for channel in [Channel::user("alice"), Channel::room("r"), Channel::user("alice")] {
        hub.deliver(&message(channel, b"hello"));
    }
}

/// Ends all connections, from somewhere else than their own tasks.
fn end_all(hub: &Arc<Hub>) {
    hub.visit(|connection| {
        connection.finish(&Farewell::new(CloseCode::Restart, ""));
        true
    });
}

/// Lets all connections into the room, from somewhere else than their own tasks.
fn invite_all(hub: &Arc<Hub>) {
    hub.visit(|connection| {
        hub.subscribe(connection, Channel::room("r"));
        true
    });
}

/// All that happens to a hub, at once.
fn crowd(hub: &Arc<Hub>) {
    let steps: [fn(&Arc<Hub>); 5] = [come_and_go, come_and_go, invite_all, deliver, end_all];
    together(
        steps
            .into_iter()
            .map(|step| {
                let hub = hub.clone();
                Box::new(move || step(&hub)) as Box<dyn FnOnce() + Send>
            })
            .collect(),
    );
}

#[test]
fn r000_23_whatever_the_order_nothing_is_left_of_clients_that_have_gone() {
    interleaved::check(RUNS, || {
        let hub = hub();
        crowd(&hub);
        let left = [Channel::user("alice"), Channel::room("r")].map(|channel| hub.members(&channel).len());
        assert_eq!((hub.total(), left), (0, [0, 0]));
    });
}

#[test]
fn x18_whatever_the_order_the_budget_is_whole_when_all_have_gone() {
    interleaved::check(RUNS, || {
        let hub = hub();
        crowd(&hub);
        assert_eq!(hub.shared().budget.used(), 0);
    });
}

#[test]
fn whatever_the_order_other_nodes_know_at_the_end_that_nobody_is_here() {
    interleaved::check(RUNS, || {
        let (hub, told) = (hub(), Arc::new(Told::default()));
        hub.tell(&(told.clone() as Arc<dyn Bus>));
        crowd(&hub);
        assert_eq!(told.channels(), []);
    });
}

#[test]
fn r004_03_whatever_the_order_who_stays_gets_each_message_once() {
    interleaved::check(RUNS, || {
        let hub = hub();
        let staying = fetching(&hub);
        let (first, second) = (hub.clone(), hub.clone());
        together(vec![Box::new(move || come_and_go(&first)), Box::new(move || deliver(&second))]);
        assert_eq!(staying.connection().take().concat(), b"hellohello");
    });
}

#[test]
fn r004_15_whatever_the_order_no_more_places_are_taken_than_there_are() {
    interleaved::check(RUNS, || {
        let (slots, taken) = (Slots::default(), Arc::new(AtomicU32::new(0)));
        let client = || {
            let (slots, taken) = (slots.clone(), taken.clone());
            Box::new(move || {
                let Some(slot) = slots.take("alice", 2) else { return };
                assert!(taken.fetch_add(1, Ordering::SeqCst) < 2);
                thread::yield_now();
                taken.fetch_sub(1, Ordering::SeqCst);
                drop(slot);
            }) as Box<dyn FnOnce() + Send>
        };
        together(vec![client(), client(), client(), client()]);
        assert!(slots.take("alice", 1).is_some(), "a place is left taken");
    });
}
