//! A client in one namespace, and the rooms that it can be in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::emission::{ack, event};
use super::offset;
use super::packet::{Kind, Packet};
use super::recovery::Session;
use super::{Args, Reason, client::Link};
use crate::bus::Channel;
use crate::hub::{CloseCode, Connection, Farewell, Sent};
use crate::transport::engineio::Data;

/// A named set of clients of one namespace, on all nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    namespace: String,
    name: String,
}

/// Told to a client whose connection is ended from outside.
const ENDED: Farewell = Farewell::new(CloseCode::Normal, "");

/// What channels of rooms begin with.
const PREFIX: &str = "room:";

impl Room {
    /// The room `name` of a namespace.
    pub fn named(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The room of all clients of a namespace.
    pub fn everyone(namespace: &str) -> Self {
        Self::named(namespace, "")
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The channel of what is sent to it.
    // The length tells where the namespace ends, so that no two rooms share a channel.
    pub fn channel(&self) -> Channel {
        Channel::room(&format!("{}:{}{}", self.namespace.len(), self.namespace, self.name))
    }

    pub(super) fn is_room(channel: &Channel) -> bool {
        channel.as_str().starts_with(PREFIX)
    }
}

/// A client in one namespace. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Peer {
    pub(super) link: Arc<Link>,
    pub(super) namespace: Arc<str>,
    pub(super) sid: Arc<str>,
    pub(super) user: Option<Arc<str>>,
    pub(super) recovered: bool,
    /// What its client can have back.
    pub(super) session: Option<Arc<Session>>,
    /// Whether it has left the namespace.
    pub(super) left: Arc<AtomicBool>,
}

impl Peer {
    /// Its id in this namespace, which is also the name of a room of its own.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The user that it is, if it is one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether it has come back as who it was, to its rooms, and with all that it missed.
    pub fn recovered(&self) -> bool {
        self.recovered
    }

    /// Sends an event to this client alone. No history keeps it.
    pub fn emit(&self, name: &str, args: &Args) -> Sent {
        if self.session.is_some() {
            let mut args = args.clone();
            offset::end_without(&mut args);
            return self.link.send(&event(&self.namespace, name, None, &args));
        }
        self.link.send(&event(&self.namespace, name, None, args))
    }

    /// Sends an event that is to be acknowledged with `id`; clients note no offsets of those.
    pub(super) fn emit_with_id(&self, name: &str, args: &Args, id: u64) -> Sent {
        self.link.send(&event(&self.namespace, name, Some(id), args))
    }

    /// Acknowledges an event that asked for it.
    pub fn ack(&self, id: u64, args: &Args) -> Sent {
        self.link.send(&ack(&self.namespace, id, args))
    }

    /// Joins a room of its namespace. Tells whether it is in it now, which a client in too many
    /// rooms is not.
    pub fn join(&self, room: &str) -> bool {
        let joined = self.link.subscribe(Room::named(&self.namespace, room).channel());
        if let Some(session) = self.session.as_ref().filter(|_| joined) {
            session.entered(room);
        }
        joined
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) {
        self.link.unsubscribe(&Room::named(&self.namespace, room).channel());
        if let Some(session) = &self.session {
            session.left(room);
        }
    }

    /// Names of the rooms that it is in, the one of its own included.
    pub fn rooms(&self) -> Vec<String> {
        let everyone = Room::everyone(&self.namespace).channel();
        let channels = self.connection().subscribed_under(everyone.as_str());
        let names = channels.iter().filter_map(|channel| channel.as_str().strip_prefix(everyone.as_str()));
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// Puts it out of the namespace; with `close`, out of all, by ending its connection. It is told so,
    /// and does not come back by itself.
    pub async fn disconnect(&self, close: bool) {
        if !self.has_left() {
            let goodbye = Packet::new(Kind::Disconnect, &self.namespace, String::new());
            self.link.send(&[Data::Text(goodbye.encode())]);
            self.depart(Reason::Forced).await;
        }
        if close {
            self.connection().finish(&ENDED);
        }
    }

    /// Leaves the namespace and its rooms, once.
    pub(super) async fn depart(&self, reason: Reason) {
        if !self.left.swap(true, Ordering::AcqRel) {
            self.link.depart(self, reason).await;
        }
    }

    pub(super) fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        self.link.connection()
    }

    /// Takes the messages of a user of this relay, whichever profile they come by.
    pub fn take_messages_of(&self, user: &str) -> bool {
        self.link.subscribe(Channel::user(user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_of_different_namespaces_never_share_a_channel() {
        assert_ne!(Room::named("/a", "b").channel(), Room::named("/ab", "").channel());
        assert_ne!(Room::named("/a", "1:/b").channel(), Room::named("/a1:", "/b").channel());
    }
}
