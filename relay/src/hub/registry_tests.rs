//! Deliveries to connections that are pairs of sockets.

use std::sync::atomic::AtomicUsize;

use tokio::net::UnixStream;

use super::*;
use crate::hub::{CloseCode, DropReason, Farewell, Pulse, testing};

/// Counts how often it encodes.
#[derive(Default)]
struct Counting {
    encoded: AtomicUsize,
}

impl Wire for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
    fn encode(&self, message: &Message) -> Frame {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        Frame { bytes: message.payload.clone(), last: message.kind == "last" }
    }
    fn pulse(&self) -> Pulse {
        Pulse::Idle(Bytes::new())
    }
    fn goodbye(&self, _: &Farewell) -> Bytes {
        Bytes::new()
    }
    fn awaits_answer(&self) -> bool {
        false
    }
}

fn wire() -> &'static Counting {
    Box::leak(Box::default())
}

fn open(hub: &Arc<Hub>, wire: &'static Counting) -> (Membership, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let opening = Opening {
        socket: Socket::Unix(ours),
        identity: "alice".to_owned(),
        channels: vec![Channel::user("alice")],
        profile: "test",
        transport: Transport::Sse,
        wire,
        greeting: Bytes::new(),
    };
    (hub.open(opening), theirs)
}

fn message(user: &str, kind: &str) -> Message {
    Message {
        id: "1".to_owned(),
        channel: Channel::user(user),
        position: None,
        timestamp: 0,
        kind: kind.to_owned(),
        payload: Bytes::from_static(b"{}"),
    }
}

#[tokio::test]
async fn a_message_is_encoded_once_for_all_connections_of_a_wire() {
    let (hub, wire) = (testing::hub(), wire());
    let _connections = (open(&hub, wire), open(&hub, wire), open(&hub, wire));
    hub.deliver(&message("alice", "message"));
    assert_eq!(wire.encoded.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_message_for_another_channel_reaches_nobody() {
    let hub = testing::hub();
    let _connection = open(&hub, wire());
    assert_eq!(hub.deliver(&message("bob", "message")).total(), 0);
}

#[tokio::test]
async fn a_connection_that_left_gets_nothing() {
    let hub = testing::hub();
    drop(open(&hub, wire()));
    assert_eq!(hub.deliver(&message("alice", "message")).total(), 0);
}

#[tokio::test]
async fn a_message_for_those_who_came_later_spares_the_others() {
    let hub = testing::hub();
    let before = testing::fetching(&hub);
    let mark = hub.mark();
    let later = testing::fetching(&hub);
    hub.deliver_after(&message("alice", "message"), mark);
    let got = [before, later].map(|membership| membership.connection().take().len());
    assert_eq!(got, [0, 1]);
}

#[tokio::test]
async fn who_enters_a_channel_long_after_it_connected_has_nothing_that_was_delivered_before() {
    let hub = testing::hub();
    let membership = testing::fetching(&hub);
    let (connection, mark) = (membership.connection(), hub.mark());
    hub.arrive(connection, || hub.subscribe(connection, Channel::user("bob")));
    hub.deliver_before(&message("bob", "message"), mark);
    let early = connection.take().len();
    hub.deliver_after(&message("bob", "message"), mark);
    assert_eq!((early, connection.take().len()), (0, 1));
}

#[tokio::test]
async fn who_is_on_the_way_into_a_channel_gets_late_what_is_delivered_to_those_before() {
    let hub = testing::hub();
    let membership = testing::fetching(&hub);
    let connection = membership.connection();
    let mark = hub.arrive(connection, || {
        hub.subscribe(connection, Channel::user("bob"));
        hub.deliver_before(&message("bob", "message"), hub.mark());
        hub.mark()
    });
    let early = connection.take().len();
    hub.deliver_after(&message("bob", "message"), mark);
    assert_eq!((early, connection.take().len()), (0, 1));
}

#[tokio::test]
async fn the_last_message_ends_the_connection() {
    let hub = testing::hub();
    let (membership, _peer) = open(&hub, wire());
    hub.deliver(&message("alice", "last"));
    assert!(!membership.connection().is_open());
}

#[tokio::test]
async fn what_was_not_written_is_counted_as_dropped() {
    let hub = testing::hub();
    let (membership, _peer) = open(&hub, wire());
    // More than the socket takes.
    hub.deliver(&Message { payload: Bytes::from(vec![0; 900_000]), ..message("alice", "message") });
    membership.connection().finish(&Farewell::new(CloseCode::Normal, ""));
    drop(membership);
    let dropped = hub.shared().counts.total_dropped(DropReason::Disconnected);
    assert_eq!((dropped, hub.shared().budget.used()), (1, 0));
}

#[path = "later_tests.rs"]
mod later;
