//! A hub for unit tests.

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::bus::{self, Bus, Channel, Config, History, Message};

/// A hub with room for a MiB.
pub(crate) fn hub() -> Arc<Hub> {
    Hub::new(Shared {
        clock: Clock::start(),
        budget: Budget::new(1 << 20),
        inflow: Budget::new(1 << 20),
        limits: Limits::new(1 << 20, 100, Overflow::Disconnect).into(),
        counts: Counts::default(),
    })
}

/// A hub on a bus of this process that keeps what `history` says; who drops the bus ends that.
pub(crate) fn keeping(history: &str) -> (Arc<Hub>, Arc<dyn Bus>) {
    let hub = hub();
    let history: History = history.parse().unwrap();
    let bus = bus::connect(Config::Memory, history.into(), hub.clone(), "a".to_owned(), Default::default());
    hub.tell(&bus);
    (hub, bus)
}

/// A wire on which a message is its payload.
#[derive(Debug)]
pub(crate) struct Plain;

impl Wire for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }
    fn encode(&self, message: &Message) -> Frame {
        Frame { bytes: message.payload.clone(), last: false }
    }
    fn pulse(&self) -> Pulse {
        Pulse::Idle(Bytes::new())
    }
    fn goodbye(&self, _: &Farewell) -> Bytes {
        Bytes::from_static(b"bye")
    }
    fn awaits_answer(&self) -> bool {
        false
    }
}

/// A connection of alice whose messages wait to be fetched.
pub(crate) fn fetching(hub: &Arc<Hub>) -> Membership {
    hub.open(of_alice())
}

/// The same, which waits to be resumed.
pub(crate) fn held(hub: &Arc<Hub>) -> Membership {
    hub.open_held(of_alice())
}

fn of_alice() -> Opening {
    Opening {
        socket: Socket::later(),
        identity: "alice".to_owned(),
        channels: vec![Channel::user("alice")],
        profile: "test",
        transport: Transport::SocketIo,
        wire: &Plain,
        greeting: Bytes::new(),
    }
}

/// A message of `channel` with this payload.
pub(crate) fn message(channel: Channel, payload: &'static [u8]) -> Message {
    Message {
        id: "1".to_owned(),
        channel,
        position: None,
        timestamp: 0,
        kind: "message".to_owned(),
        payload: Bytes::from_static(payload),
    }
}
