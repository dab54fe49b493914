//! Messages of a history that live connections missed, and that are not kept any more: each connection
//! is told before it gets what comes after them, or ended, so that it asks when it comes back.

use std::sync::Arc;

use super::catchup::At;
use super::{CloseCode, Connection, Farewell, Frame, Hub, Missed};
use crate::bus::{Log, Position};

/// Told to those who learn of what is missing by coming back.
const GAP: Farewell =
    Farewell::new(CloseCode::TryAgain, "Messages are missing: resume from the last position");

impl Hub {
    /// Tells the connections that follow `log` that some of its messages up to `position` are missing.
    /// It must be told between the messages before and those after.
    pub fn missed(&self, log: &Log, position: Position) {
        let at = At { log: Arc::new(log.clone()), position };
        self.followers(log).iter().for_each(|connection| connection.missed(&at));
    }
}

impl Connection {
    fn missed(&self, at: &At) {
        match self.wire.0.missed(at.position) {
            Missed::Untold => {}
            Missed::Told(bytes) => {
                self.deliver(&Frame { bytes, last: false }, Some(at));
            }
            // It came back since, and was told then.
            Missed::Ends if self.locked().catch_up.has(at) => {}
            Missed::Ends => {
                self.finish(&GAP);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::bus::{Channel, Epoch, Message};
    use crate::hub::{Membership, Opening, Pulse, Socket, Transport, Wire, testing};

    /// A wire whose clients learn of a gap in one way.
    #[derive(Debug)]
    struct Gapped(Missed);

    impl Wire for Gapped {
        fn name(&self) -> &'static str {
            "gapped"
        }
        fn encode(&self, message: &Message) -> Frame {
            testing::Plain.encode(message)
        }
        fn pulse(&self) -> Pulse {
            testing::Plain.pulse()
        }
        fn goodbye(&self, farewell: &Farewell) -> Bytes {
            testing::Plain.goodbye(farewell)
        }
        fn awaits_answer(&self) -> bool {
            false
        }
        fn missed(&self, _: Position) -> Missed {
            self.0.clone()
        }
    }

    static TELLS: Gapped = Gapped(Missed::Told(Bytes::from_static(b"gap")));
    static ENDS: Gapped = Gapped(Missed::Ends);

    fn opening(wire: &'static dyn Wire, channel: Channel) -> Opening {
        Opening {
            socket: Socket::later(),
            identity: "alice".to_owned(),
            channels: vec![channel],
            profile: "test",
            transport: Transport::SocketIo,
            wire,
            greeting: Bytes::new(),
        }
    }

    fn position(seq: u64) -> Position {
        Position { epoch: Epoch::new(1), seq }
    }

    /// Two messages of `channel` with a gap between them, to a connection of `member`.
    fn gap(hub: &Hub, channel: &Channel, member: &Membership) -> Vec<Bytes> {
        let at = |seq, payload| Message {
            position: Some(position(seq)),
            ..testing::message(channel.clone(), payload)
        };
        hub.deliver(&at(1, b"one"));
        hub.missed(&Log::of(channel).unwrap(), position(4));
        hub.deliver(&at(5, b"five"));
        member.connection().take()
    }

    #[test]
    fn a_connection_is_told_of_a_gap_before_what_comes_after_it() {
        let (hub, _bus) = testing::keeping("users=10/10,rooms=10/10");
        for channel in [Channel::user("alice"), Channel::room("1:/a")] {
            let member = hub.open(opening(&TELLS, channel.clone()));
            assert_eq!(gap(&hub, &channel, &member).concat(), b"onegapfive");
        }
    }

    #[test]
    fn a_connection_that_cannot_be_told_ends_before_what_comes_after() {
        let (hub, _bus) = testing::keeping("users=10/10");
        let member = hub.open(opening(&ENDS, Channel::user("alice")));
        assert_eq!(gap(&hub, &Channel::user("alice"), &member).concat(), b"onebye");
    }

    #[test]
    fn connections_of_other_histories_hear_nothing_of_a_gap() {
        let (hub, _bus) = testing::keeping("users=10/10");
        let bob = hub.open(opening(&TELLS, Channel::user("bob")));
        hub.missed(&Log::of(&Channel::user("alice")).unwrap(), position(4));
        assert!(bob.connection().take().is_empty());
    }
}
