//! Channels that change, and connections whose socket comes later.

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::*;

#[tokio::test]
async fn a_channel_that_is_joined_later_brings_its_messages_until_it_is_left() {
    let hub = testing::hub();
    let (membership, _peer) = open(&hub, wire());
    let (connection, room) = (membership.connection(), Channel::room("r"));
    let delivered = || hub.deliver(&Message { channel: room.clone(), ..message("alice", "message") }).total();
    assert!(hub.subscribe(connection, room.clone()));
    assert!(!hub.subscribe(connection, room.clone()), "twice is once");
    assert_eq!(delivered(), 1);
    assert!(hub.unsubscribe(connection, &room));
    assert_eq!(delivered(), 0);
}

#[tokio::test]
async fn a_connection_that_left_joins_nothing() {
    let hub = testing::hub();
    let (membership, _peer) = open(&hub, wire());
    let connection = membership.connection().clone();
    drop(membership);
    assert!(!hub.subscribe(&connection, Channel::room("r")));
}

fn without_socket(hub: &Arc<Hub>) -> Membership {
    hub.open(Opening {
        socket: Socket::later(),
        identity: "alice".to_owned(),
        channels: vec![Channel::user("alice")],
        profile: "test",
        transport: Transport::SocketIo,
        wire: wire(),
        greeting: Bytes::from_static(b"hi"),
    })
}

#[tokio::test]
async fn what_waits_for_a_connection_without_a_socket_can_be_taken() {
    let hub = testing::hub();
    let membership = without_socket(&hub);
    hub.deliver(&message("alice", "message"));
    assert_eq!(membership.connection().take(), ["hi", "{}"]);
    assert_eq!(hub.shared().budget.used(), 0);
}

#[tokio::test]
async fn a_socket_that_comes_later_gets_all_that_waits() {
    let hub = testing::hub();
    let membership = without_socket(&hub);
    hub.deliver(&message("alice", "message"));
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    membership.connection().attach(Socket::Unix(ours));
    let connection = membership.connection().clone();
    let turning = tokio::spawn(async move { connection.turn(|_| {}).await });
    let mut got = [0; 4];
    theirs.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"hi{}");
    turning.abort();
}
