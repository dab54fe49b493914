//! The part of the spec about what is kept for clients that come back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is kept, so that clients that come back miss nothing; of a kind of channel that is not
/// named, nothing.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct HistorySpec {
    /// Messages of each user or player.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<KeptSpec>,
    /// Messages of each namespace of Socket.IO rooms; without it no session is recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<KeptSpec>,
    /// Messages of each conversation of the profile `tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversations: Option<KeptSpec>,
    /// Batches of all events of the profile `stream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<KeptSpec>,
}

impl HistorySpec {
    /// The kinds by the names that relays give them, in one order.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, &KeptSpec)> {
        let all = [
            ("users", &self.users),
            ("rooms", &self.rooms),
            ("conversations", &self.conversations),
            ("events", &self.events),
        ];
        all.into_iter().filter_map(|(name, kept)| kept.as_ref().map(|kept| (name, kept)))
    }
}

/// How much of one history is kept: what is over either bound is forgotten.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct KeptSpec {
    /// The newest messages, so many at least.
    #[schemars(range(min = 1, max = 100_000))]
    pub size: i32,
    /// Seconds after the last message, at which all are forgotten.
    #[schemars(range(min = 1, max = 604_800))]
    pub seconds: i32,
}
