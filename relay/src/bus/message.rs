//! The one internal message.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Position;

/// What channels of calls between nodes begin with.
const CALLS: &str = "calls:";

/// Name of a stream of messages that connections subscribe to, such as `user:alice`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Channel(String);

impl Channel {
    /// The channel of everything meant for one user or player.
    pub fn user(id: &str) -> Self {
        Self(format!("user:{id}"))
    }

    /// The channel of a user's answers to one request (requirement 000-06). Nobody else's answers
    /// are on it, whatever the names.
    pub fn reply(user: &str, correlation_id: &str) -> Self {
        Self(format!("reply:{}:{user}:{correlation_id}", user.len()))
    }

    /// The channel of a room of Socket.IO clients.
    pub fn room(id: &str) -> Self {
        Self(format!("room:{id}"))
    }

    /// The channel by which nodes tell each other of the sessions of a player.
    pub fn session(player: &str) -> Self {
        Self(format!("session:{player}"))
    }

    /// The channel by which a node calls all others.
    pub fn calls() -> Self {
        Self(CALLS.to_owned())
    }

    /// The channel of answers to the calls of a node.
    pub fn answers(node: &str) -> Self {
        Self(format!("{CALLS}{node}"))
    }

    /// Whether it is of calls between nodes, and of their answers.
    pub fn is_of_calls(&self) -> bool {
        self.0.starts_with(CALLS)
    }

    /// The channel by which nodes tell each other what was taken of quotas.
    pub fn limits() -> Self {
        Self("node:limits".to_owned())
    }

    /// The channel of all events of the stream profile.
    pub fn events() -> Self {
        Self("stream:events".to_owned())
    }

    /// The channel of this node's statistics; it never leaves the node.
    pub fn dashboard() -> Self {
        Self("stream:metrics".to_owned())
    }

    /// The channel of this very name, as another relay sent it.
    pub(crate) fn named(name: String) -> Self {
        Self(name)
    }

    /// The channel of a conversation (requirement 003-02).
    pub fn conversation(id: &str) -> Self {
        Self(format!("conversation:{id}"))
    }

    /// Whether it is that of a conversation.
    pub fn is_conversation(&self) -> bool {
        self.0.starts_with("conversation:")
    }

    /// Whether publishers are told if anyone takes its messages.
    pub fn has_presence(&self) -> bool {
        self.0.starts_with("user:")
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One message on its way to the connections of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Unique and stable: what clients see as the message's id (requirement 003-23).
    pub id: String,
    /// Who it is for.
    pub channel: Channel,
    /// Where it stands in the history of its channel; none of one that keeps none, and of what was
    /// delivered while Redis was away.
    pub position: Option<Position>,
    /// Milliseconds since the epoch at which it was accepted.
    pub timestamp: i64,
    /// What kind of event it is, such as `message`.
    pub kind: String,
    /// Body: one JSON value as the publisher's profile normalised it.
    pub payload: Bytes,
}

impl Message {
    /// A message that is accepted now.
    pub fn new(channel: Channel, kind: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            channel,
            position: None,
            timestamp: jiff::Timestamp::now().as_millisecond(),
            kind: kind.into(),
            payload: payload.into(),
        }
    }
}
