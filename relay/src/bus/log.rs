//! Histories: which messages are kept together, in one order.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Channel;

/// Kind of channels that have a policy of their own for what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// What is meant for one user or player.
    Users,
    /// Rooms of Socket.IO clients.
    Rooms,
    /// Conversations.
    Conversations,
    /// Events of the stream profile.
    Events,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Users, Self::Rooms, Self::Conversations, Self::Events];

    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Rooms => "rooms",
            Self::Conversations => "conversations",
            Self::Events => "events",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no class has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of users, rooms, conversations, events")]
pub struct NoClass(String);

impl FromStr for Class {
    type Err = NoClass;

    fn from_str(text: &str) -> Result<Self, NoClass> {
        Self::ALL.into_iter().find(|class| class.name() == text).ok_or_else(|| NoClass(text.to_owned()))
    }
}

/// Name of a history: the messages of its channels have one order and one line of
/// [positions](super::Position).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Log {
    class: Class,
    name: String,
}

impl Log {
    /// The history that messages of `channel` belong to, if channels of its kind can have one.
    ///
    /// It is the channel's own, but all rooms of a namespace of Socket.IO share one: a client
    /// follows its rooms by one position.
    pub fn of(channel: &Channel) -> Option<Self> {
        let name = channel.as_str();
        let (class, name) = match name.split_once(':')? {
            ("user", _) => (Class::Users, name),
            ("room", room) => (Class::Rooms, namespace_of(name, room)),
            ("conversation", _) => (Class::Conversations, name),
            ("stream", "events") => (Class::Events, name),
            _ => return None,
        };
        Some(Self { class, name: name.to_owned() })
    }

    /// The policy that it is kept by.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Its name, unique among all.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// The part of a room's channel up to the end of its namespace: after the prefix stands the length
/// of the namespace, and the namespace. A room of no namespace is one of its own.
fn namespace_of<'a>(channel: &'a str, room: &str) -> &'a str {
    let end = room.split_once(':').and_then(|(length, _)| {
        let length: usize = length.parse().ok()?;
        (channel.len() - room.len()).checked_add(room.find(':')? + 1)?.checked_add(length)
    });
    end.and_then(|end| channel.get(..end)).unwrap_or(channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(channel: &Channel) -> Option<(Class, String)> {
        Log::of(channel).map(|log| (log.class(), log.as_str().to_owned()))
    }

    #[test]
    fn a_user_has_a_history_of_their_own() {
        assert_eq!(log(&Channel::user("a:b")), Some((Class::Users, "user:a:b".to_owned())));
    }

    #[test]
    fn rooms_of_one_namespace_share_a_history() {
        let rooms = ["1:/", "1:/a", "1:/a:b"].map(|room| log(&Channel::room(room)));
        assert!(rooms.iter().all(|log| *log == Some((Class::Rooms, "room:1:/".to_owned()))), "{rooms:?}");
    }

    #[test]
    fn rooms_of_no_namespace_have_their_own() {
        for room in ["r", "9:/", "x:/a", "18446744073709551615:/"] {
            let channel = Channel::room(room);
            assert_eq!(log(&channel), Some((Class::Rooms, channel.as_str().to_owned())));
        }
    }

    #[test]
    fn what_concerns_one_moment_only_has_none() {
        for channel in [Channel::reply("u", "c"), Channel::session("p"), Channel::dashboard()] {
            assert_eq!(Log::of(&channel), None);
        }
    }

    #[test]
    fn a_class_has_one_name() {
        assert!(Class::ALL.into_iter().all(|class| class.name().parse() == Ok(class)));
    }
}
