//! The hub in many interleavings of threads that open, subscribe, deliver, end and leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use futures::FutureExt;
use shuttle::thread;

use super::testing::{fetching, held, hub, keeping, message};
use super::*;
use crate::bus::testing::Told;
use crate::bus::{Bus, Channel, Log, Message, Position};
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
fn whatever_the_order_a_history_is_followed_no_more_when_all_have_gone() {
    interleaved::check(RUNS, || {
        let (hub, told) = (hub(), Arc::new(Told::default()));
        hub.tell(&(told.clone() as Arc<dyn Bus>));
        crowd(&hub);
        assert_eq!(told.follows(), Vec::<String>::new());
    });
}

/// Publishes messages of one digit for alice.
fn count(hub: &Arc<Hub>, bus: &Arc<dyn Bus>, digits: std::ops::Range<u8>) {
    let publisher = Publisher::new(hub.clone(), bus.clone());
    for digit in digits {
        let message = Message { payload: vec![b'0' + digit].into(), ..message(Channel::user("alice"), b"") };
        publisher.publish(message).now_or_never().unwrap().unwrap();
    }
}

/// A client that comes back: what it is told and what it gets from then on, until `done`.
fn come_back(hub: &Arc<Hub>, since: Option<Position>) -> (Membership, bool) {
    let membership = held(hub);
    let mut recovered = false;
    let wanted = hub.wanted(&Channel::user("alice"), since).into_iter().collect();
    let greet = |resumed: &Resumed| {
        recovered = resumed.recovered;
        Bytes::new()
    };
    hub.resume(membership.connection(), wanted, greet).now_or_never().unwrap();
    (membership, recovered)
}

#[test]
fn whatever_the_order_recovered_means_each_message_once_and_in_order() {
    interleaved::check(RUNS, || {
        let (hub, bus) = keeping("users=100/60");
        let log = Log::of(&Channel::user("alice")).unwrap();
        let since = bus.recover(&log, None).now_or_never().unwrap().unwrap().top;
        let (publishing, coming) = (hub.clone(), hub.clone());
        let sending = bus.clone();
        let publisher = thread::spawn(move || count(&publishing, &sending, 0..6));
        let client = thread::spawn(move || come_back(&coming, since));
        publisher.join().unwrap();
        let (membership, recovered) = client.join().unwrap();
        assert!(recovered);
        assert_eq!(membership.connection().take().concat(), b"012345");
        assert_eq!(hub.shared().budget.used(), 0);
    });
}

#[test]
fn whatever_the_order_of_two_publishers_all_clients_get_the_same() {
    interleaved::check(RUNS, || {
        let (hub, bus) = keeping("users=100/60");
        let clients = [come_back(&hub, None).0, come_back(&hub, None).0];
        let counts = [0..3, 3..6].map(|digits| {
            let (hub, bus) = (hub.clone(), bus.clone());
            Box::new(move || count(&hub, &bus, digits)) as Box<dyn FnOnce() + Send>
        });
        together(counts.into());
        let [first, second] = clients.map(|client| client.connection().take().concat());
        assert_eq!((first.len(), &first), (6, &second));
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
