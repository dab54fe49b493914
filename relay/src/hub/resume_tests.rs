//! Connections that go on where a former one was, in a history of this process.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;

use super::*;
use crate::bus::testing::Told;
use crate::hub::testing::{fetching, held, hub, keeping, message};
use crate::hub::{Overflow, Publisher};

const USERS: &str = "users=10/60";

fn alice() -> Channel {
    Channel::user("alice")
}

/// Publishes these for alice, one message each.
fn publish(hub: &Arc<Hub>, bus: &Arc<dyn Bus>, payloads: &[&'static str]) {
    let publisher = Publisher::new(hub.clone(), bus.clone());
    for payload in payloads {
        let message = message(alice(), payload.as_bytes());
        publisher.publish(message).now_or_never().unwrap().unwrap();
    }
}

fn resume(hub: &Hub, membership: &Membership, since: Option<Position>) -> Resumed {
    let mut told = Resumed::default();
    let wanted = hub.wanted(&alice(), since).into_iter().collect();
    let greet = |resumed: &Resumed| {
        told = resumed.clone();
        Bytes::from_static(b"|")
    };
    hub.resume(membership.connection(), wanted, greet).now_or_never().unwrap();
    told
}

fn taken(membership: &Membership) -> String {
    String::from_utf8(membership.connection().take().concat()).unwrap()
}

fn top(hub: &Arc<Hub>) -> Option<Position> {
    resume(hub, &held(hub), None).standing.first().copied().flatten()
}

#[test]
fn a_client_that_is_new_is_told_where_it_stands() {
    let (hub, bus) = keeping(USERS);
    publish(&hub, &bus, &["a", "b"]);
    let told = resume(&hub, &held(&hub), None);
    let seq = told.standing[0].map(|position| position.seq);
    assert_eq!((told.recovered, told.replayed, seq), (false, 0, Some(2)));
}

#[test]
fn a_client_that_is_new_gets_what_came_since_it_was_there() {
    let (hub, bus) = keeping(USERS);
    publish(&hub, &bus, &["a"]);
    let membership = held(&hub);
    publish(&hub, &bus, &["b"]);
    let told = resume(&hub, &membership, None);
    let seq = told.standing[0].map(|position| position.seq);
    assert_eq!((taken(&membership).as_str(), seq), ("|b", Some(1)));
}

#[test]
fn a_client_that_comes_back_gets_what_it_missed_once_and_in_order() {
    let (hub, bus) = keeping(USERS);
    let since = top(&hub);
    publish(&hub, &bus, &["a", "b"]);
    let membership = held(&hub);
    publish(&hub, &bus, &["c"]);
    let told = resume(&hub, &membership, since);
    publish(&hub, &bus, &["d"]);
    assert_eq!((told.recovered, told.replayed, taken(&membership).as_str()), (true, 3, "|abcd"));
}

#[test]
fn a_client_that_breaks_during_the_replay_stands_where_it_was() {
    let (hub, bus) = keeping(USERS);
    let since = top(&hub);
    publish(&hub, &bus, &["a"]);
    assert_eq!(resume(&hub, &held(&hub), since).standing, [since]);
}

#[test]
fn a_client_that_missed_more_than_is_kept_is_told_so() {
    let (hub, bus) = keeping("users=2/60");
    let since = top(&hub);
    publish(&hub, &bus, &["a", "b", "c"]);
    let membership = held(&hub);
    let told = resume(&hub, &membership, since);
    assert_eq!((told.recovered, told.standing, taken(&membership).as_str()), (false, vec![None], "|bc"));
}

#[test]
fn a_replay_larger_than_the_queue_is_written_as_it_is_taken() {
    let (hub, bus) = keeping("users=1000/60");
    let since = top(&hub);
    for _ in 0..100 {
        publish(&hub, &bus, &["0", "1", "2", "3", "4"]);
    }
    let membership = held(&hub);
    resume(&hub, &membership, since);
    let (mut all, mut takes) = (String::new(), 0);
    while let Some(some) = Some(taken(&membership)).filter(|some| !some.is_empty()) {
        assert!(some.len() <= 101, "the limit of the queue is 100 items");
        all.push_str(&some);
        takes += 1;
    }
    assert_eq!((all, takes >= 5), (format!("|{}", "01234".repeat(100)), true));
}

#[test]
fn x20_where_a_history_is_kept_a_full_queue_ends_the_connection_whatever_the_policy() {
    let (hub, bus) = keeping("users=1000/60");
    hub.shared().limits.of("test").set(1000, 2, Overflow::DropOldest);
    let membership = fetching(&hub);
    publish(&hub, &bus, &["a", "b", "c"]);
    assert!(!membership.connection().is_open());
    assert_eq!(taken(&membership), "abbye");
}

#[test]
fn messages_of_channels_that_are_not_followed_are_not_replayed() {
    let (hub, bus) = keeping("rooms=10/60");
    let room = |name: &str| Channel::room(&format!("1:/{name}"));
    let membership = held(&hub);
    hub.subscribe(membership.connection(), room("mine"));
    let wanted = |since| vec![hub.wanted(&room("mine"), since).unwrap()];
    let since = bus.recover(&wanted(None)[0].log, None).now_or_never().unwrap().unwrap().top;
    for name in ["mine", "other", "mine"] {
        let publisher = Publisher::new(hub.clone(), bus.clone());
        publisher.publish(message(room(name), b"m")).now_or_never().unwrap().unwrap();
    }
    hub.resume(membership.connection(), wanted(since), |_| Bytes::new()).now_or_never().unwrap();
    assert_eq!(taken(&membership), "mm");
}

#[test]
fn without_a_history_a_held_connection_gets_what_came_meanwhile() {
    let hub = hub();
    let membership = held(&hub);
    hub.deliver(&message(alice(), b"a"));
    resume(&hub, &membership, None);
    assert_eq!(taken(&membership), "|a");
}

#[test]
fn a_history_is_followed_from_the_first_channel_to_the_last() {
    let (hub, told) = (hub(), Arc::new(Told::default()));
    hub.tell(&(told.clone() as Arc<dyn Bus>));
    let first = held(&hub);
    for room in ["1:/a", "1:/b"] {
        hub.subscribe(first.connection(), Channel::room(room));
    }
    assert_eq!(told.follows(), ["room:1:/", "user:alice"]);
    hub.unsubscribe(first.connection(), &Channel::room("1:/a"));
    assert_eq!(told.follows().len(), 2);
    drop(first);
    assert!(told.follows().is_empty());
}
