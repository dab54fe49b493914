//! The part of the spec about the five profiles: which are on, and what their users decide.

// The schema derive repeats the struct where nobody can reach it.
#![allow(unreachable_pub)]

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DualSpec, OverflowPolicy, PushSpec, SocketIoSpec, StreamSpec, TokensSpec};

/// A profile: one family of protocols that relays speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// WebSockets of users, and pushes over HTTP.
    Push,
    /// Events of anonymous sockets.
    Stream,
    /// Socket.IO.
    SocketIo,
    /// Conversations behind connection tokens.
    Tokens,
    /// Sockets and event streams of players.
    Dual,
}

impl Profile {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Push, Self::Stream, Self::SocketIo, Self::Tokens, Self::Dual];

    /// Its name, in specs and in relays.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Stream => "stream",
            Self::SocketIo => "socketio",
            Self::Tokens => "tokens",
            Self::Dual => "dual",
        }
    }

    /// The profile of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == name)
    }
}

/// The profiles. All are on unless they are switched off; at least one stays on.
#[derive(Serialize, Deserialize, KubeSchema, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = Rule::new("self.push.enabled || self.stream.enabled || self.socketio.enabled || self.tokens.enabled || self.dual.enabled")
    .message("spec.profiles: at least one profile stays enabled, because relays without any serve nobody"))]
#[serde(rename_all = "camelCase")]
pub struct ProfilesSpec {
    /// WebSockets of users, and pushes to them over HTTP.
    #[serde(default)]
    pub push: PushSpec,
    /// Events of anonymous sockets, and streams of all events.
    #[serde(default)]
    pub stream: StreamSpec,
    /// Socket.IO, for clients of versions 4 and 2.
    #[serde(default)]
    pub socketio: SocketIoSpec,
    /// Conversations behind connection tokens.
    #[serde(default)]
    pub tokens: TokensSpec,
    /// Sockets and event streams of players, with sessions.
    #[serde(default)]
    pub dual: DualSpec,
}

impl ProfilesSpec {
    /// Whether a profile is on, and what happens to messages for its slow clients.
    #[must_use]
    pub fn of(&self, profile: Profile) -> (bool, Option<OverflowPolicy>) {
        match profile {
            Profile::Push => (self.push.enabled, self.push.overflow),
            Profile::Stream => (self.stream.enabled, self.stream.overflow),
            Profile::SocketIo => (self.socketio.enabled, self.socketio.overflow),
            Profile::Tokens => (self.tokens.enabled, self.tokens.overflow),
            Profile::Dual => (self.dual.enabled, self.dual.overflow),
        }
    }

    /// The profiles that are on.
    pub fn enabled(&self) -> impl Iterator<Item = Profile> {
        Profile::ALL.into_iter().filter(|profile| self.of(*profile).0)
    }
}

/// What a second socket of a user means.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicatePolicy {
    /// It is refused.
    #[default]
    Reject,
    /// Both stay, up to `spec.limits.maxConnectionsPerUser`.
    Allow,
    /// The first one ends.
    Replace,
}

impl DuplicatePolicy {
    /// The word that a relay's `DUPLICATE_POLICY` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Allow => "allow",
            Self::Replace => "replace",
        }
    }
}

/// How a Socket.IO session may be carried.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketIoTransport {
    /// By a WebSocket.
    WebSocket,
    /// By requests that wait for messages.
    Polling,
}

impl SocketIoTransport {
    /// The word that a relay's `SOCKETIO_TRANSPORTS` takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Polling => "polling",
        }
    }
}
