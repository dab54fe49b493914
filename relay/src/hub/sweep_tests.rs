//! What a sweep does to one connection, at a second of choice.

use bytes::Bytes;
use tokio::net::UnixStream;

use super::*;
use crate::bus::Message;
use crate::hub::{Frame, Membership, Opening, Socket, Transport, Wire, testing};

const PACE: Pace = Pace { interval: 30, timeout: 10 };

struct Stream;
struct Probed;

impl Wire for Stream {
    fn name(&self) -> &'static str {
        "stream"
    }
    fn encode(&self, _: &Message) -> Frame {
        Frame { bytes: Bytes::new(), last: false }
    }
    fn pulse(&self) -> Pulse {
        Pulse::Idle(Bytes::from_static(b"beat"))
    }
    fn goodbye(&self, _: &Farewell) -> Bytes {
        Bytes::from_static(b"bye")
    }
    fn awaits_answer(&self) -> bool {
        true
    }
}

impl Wire for Probed {
    fn name(&self) -> &'static str {
        "probed"
    }
    fn encode(&self, message: &Message) -> Frame {
        Stream.encode(message)
    }
    fn pulse(&self) -> Pulse {
        Pulse::Probe(Bytes::from_static(b"ping"))
    }
    fn goodbye(&self, farewell: &Farewell) -> Bytes {
        Stream.goodbye(farewell)
    }
    fn awaits_answer(&self) -> bool {
        true
    }
}

/// A connection that is ready to be written to, and its peer.
async fn connection(wire: &'static dyn Wire) -> (Membership, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.writable().await.unwrap();
    let hub = testing::hub();
    let membership = hub.open(Opening {
        socket: Socket::Unix(ours),
        identity: "alice".to_owned(),
        channels: Vec::new(),
        profile: "test",
        transport: Transport::Sse,
        wire,
        greeting: Bytes::new(),
    });
    (membership, theirs)
}

/// Tends the connection, whose clock ticks once a second.
fn tend_at(membership: &Membership, now: u32, pace: Pace) {
    tend_in(membership, Look::at(now), pace);
}

fn tend_in(membership: &Membership, look: Look, pace: Pace) {
    tend(membership.connection(), look, &Clock::start(), pace.into());
}

/// What the peer got so far.
async fn got(peer: &UnixStream) -> String {
    let mut bytes = vec![0; 100];
    let _ = tokio::time::timeout(Duration::from_millis(100), peer.readable()).await;
    let count = peer.try_read(&mut bytes).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

#[tokio::test]
async fn r001_18_a_stream_idle_for_30_seconds_gets_a_heartbeat() {
    let (membership, peer) = connection(&Stream).await;
    tend_at(&membership, 30, PACE);
    assert_eq!(got(&peer).await, "beat");
}

#[tokio::test]
async fn a_stream_that_was_written_lately_gets_no_heartbeat() {
    let (membership, peer) = connection(&Stream).await;
    tend_at(&membership, 29, PACE);
    assert_eq!(got(&peer).await, "");
}

#[tokio::test]
async fn r000_11_a_probe_goes_out_each_interval() {
    let (membership, peer) = connection(&Probed).await;
    tend_at(&membership, 30, PACE);
    membership.connection().answered();
    tend_at(&membership, 60, PACE);
    assert_eq!(got(&peer).await, "pingping");
}

#[tokio::test]
async fn r000_11_a_probe_without_an_answer_ends_the_connection() {
    let (membership, _peer) = connection(&Probed).await;
    tend_at(&membership, 30, PACE);
    tend_at(&membership, 40, PACE);
    assert!(!membership.connection().is_open());
}

#[tokio::test]
async fn r000_11_an_answer_that_came_while_the_relay_stood_still_is_heard_before_it_is_missed() {
    let (membership, _peer) = connection(&Probed).await;
    let before = Look::at(30);
    tend_in(&membership, before, PACE);
    let awake = before.next(60);
    tend_in(&membership, awake, PACE);
    assert!(membership.connection().is_open());
    tend_in(&membership, awake.next(61), PACE);
    assert!(!membership.connection().is_open());
}

#[tokio::test]
async fn r000_11_a_timeout_longer_than_the_interval_counts_from_the_first_probe() {
    let (membership, _peer) = connection(&Probed).await;
    let pace = Pace { interval: 5, timeout: 10 };
    for second in [5, 10, 15] {
        tend_at(&membership, second, pace);
    }
    assert!(!membership.connection().is_open());
}

#[tokio::test]
async fn a_goodbye_that_nobody_answers_is_the_end_after_a_while() {
    let (membership, _peer) = connection(&Probed).await;
    membership.connection().finish(&PING_TIMEOUT);
    tend_at(&membership, 5, PACE);
    let over = async { while membership.connection().turn(|_| {}).await != crate::hub::Turn::Over {} };
    assert!(tokio::time::timeout(Duration::from_secs(5), over).await.is_ok());
}

#[tokio::test]
async fn a_peer_that_takes_nothing_for_a_minute_is_given_up() {
    let (membership, _peer) = connection(&Stream).await;
    membership.connection().send_bytes(Bytes::from(vec![0; 900_000]));
    assert!(membership.connection().is_waiting());
    tend_at(&membership, 60, PACE);
    assert!(!membership.connection().is_open());
}

/// A session that polls, with `wire`.
fn polling(wire: &'static dyn Wire) -> Membership {
    testing::hub().open(Opening {
        socket: Socket::later(),
        identity: "alice".to_owned(),
        channels: Vec::new(),
        profile: "test",
        transport: Transport::SocketIo,
        wire,
        greeting: Bytes::new(),
    })
}

#[tokio::test]
async fn a_session_that_polls_is_given_up_when_it_does_not_fetch_its_probe() {
    let membership = polling(&Probed);
    tend_at(&membership, 30, PACE);
    tend_at(&membership, 40, PACE);
    assert!(!membership.connection().is_open());
}

struct Listened;

impl Wire for Listened {
    fn name(&self) -> &'static str {
        "listened"
    }
    fn encode(&self, message: &Message) -> Frame {
        Stream.encode(message)
    }
    fn pulse(&self) -> Pulse {
        Pulse::EngineListen
    }
    fn goodbye(&self, farewell: &Farewell) -> Bytes {
        Stream.goodbye(farewell)
    }
    fn awaits_answer(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn x14_a_peer_that_pings_by_itself_is_given_up_when_it_is_silent_for_interval_and_timeout() {
    let membership = polling(&Listened);
    tend_at(&membership, 39, PACE);
    assert!(membership.connection().is_open());
    tend_at(&membership, 40, PACE);
    assert!(!membership.connection().is_open());
}

#[tokio::test]
async fn x14_a_peer_that_pings_by_itself_stays_while_it_is_heard() {
    let membership = polling(&Listened);
    for now in [1, 30, 60, 90] {
        tend_at(&membership, now, PACE);
        membership.connection().answered();
    }
    assert!(membership.connection().is_open());
}

#[tokio::test]
async fn a_peer_that_does_not_say_in_time_what_it_wants_is_sent_away() {
    let (membership, _peer) = connection(&Stream).await;
    membership.connection().introduce_within(Duration::from_secs(5));
    tend_at(&membership, 4, PACE);
    assert!(membership.connection().is_open());
    tend_at(&membership, 5, PACE);
    assert!(!membership.connection().is_open());
}

#[tokio::test]
async fn a_peer_that_said_in_time_what_it_wants_stays() {
    let (membership, _peer) = connection(&Stream).await;
    membership.connection().introduce_within(Duration::from_secs(5));
    membership.connection().introduced();
    tend_at(&membership, 6, PACE);
    assert!(membership.connection().is_open());
}
