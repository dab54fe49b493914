//! A client in one namespace, and the rooms that it can be in.

use std::sync::Arc;

use super::emission::{ack, event};
use super::offset;
use super::recovery::Session;
use super::{Args, client::Link};
use crate::bus::Channel;
use crate::hub::Sent;

/// A named set of clients of one namespace, on all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    namespace: String,
    name: String,
}

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

    /// The length tells where the namespace ends, so that no two rooms share a channel.
    pub(super) fn channel(&self) -> Channel {
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
