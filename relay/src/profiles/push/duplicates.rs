//! What the second socket of a user means (conflict X-03): `DUPLICATE_POLICY`.
//!
//! To replace sockets needs no lease: a node that takes a socket ends the user's others and tells
//! the other nodes, which do the same. Two nodes that take sockets of one user in the same moment
//! end both, and the next one stays.

use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::NAME;
use super::claims::{self, Claimed};
use crate::app::App;
use crate::bus::{Channel, Message};
use crate::hub::{CloseCode, Farewell, Hub, Slot};

/// Kind of the message by which nodes tell each other of a newer socket.
const REPLACED: &str = "user_replaced";

const DUPLICATE: Farewell = Farewell::new(CloseCode::Policy, "User already connected");
const TOO_MANY: Farewell = Farewell::new(CloseCode::Policy, "Too many connections");
const NEWER: Farewell = Farewell::new(CloseCode::Policy, "Replaced by a newer connection");

/// What a second socket of a user means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// It is refused, and the first one stays.
    Reject,
    /// Both get every message, up to `MAX_CONNECTIONS_PER_PLAYER`.
    Allow,
    /// It replaces the first one.
    Replace,
}

impl FromStr for Duplicates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "reject" => Ok(Self::Reject),
            "allow" => Ok(Self::Allow),
            "replace" => Ok(Self::Replace),
            other => Err(format!("{other:?} is none of reject, allow, replace")),
        }
    }
}

/// The right to a socket; dropping it gives it back.
pub(super) enum Right {
    /// To the only one.
    Only { _claimed: Claimed },
    /// To one of several.
    Shared { _slot: Slot },
    /// To the newest one.
    Newest,
}

/// Asks for the right to a socket of `user`.
///
/// # Errors
/// The goodbye to say.
pub(super) async fn ask(app: &App, user: &str) -> Result<Right, Farewell> {
    let live = app.settings.live();
    let right = match live.duplicates {
        Duplicates::Reject => {
            let claimed = app.claims.claim(&claims::socket(user)).await;
            claimed.map(|claimed| Right::Only { _claimed: claimed }).ok_or(DUPLICATE)
        }
        Duplicates::Allow => {
            let slot = app.claims.share(user, live.dual.max_connections);
            slot.map(|slot| Right::Shared { _slot: slot }).ok_or(TOO_MANY)
        }
        Duplicates::Replace => {
            replace(app, user);
            Ok(Right::Newest)
        }
    };
    right.inspect_err(|farewell| tracing::warn!(user_id = user, "{}", farewell.reason))
}

/// Ends the sockets that a user has, here and on the other nodes.
fn replace(app: &App, user: &str) {
    end(&app.hub, user, 0);
    let message = Arc::new(Message {
        id: Uuid::new_v4().to_string(),
        channel: Channel::session(user),
        seq: 0,
        timestamp: Timestamp::now().as_millisecond(),
        kind: REPLACED.to_owned(),
        payload: json!({ "user_id": user }).to_string().into(),
    });
    let bus = app.bus.clone();
    app.tasks.spawn(async move {
        if let Err(error) = bus.publish(message).await {
            tracing::warn!(%error, "Other nodes do not know of a user's newer socket");
        }
    });
}

/// Ends the sockets of a user that are at least `age` seconds old.
fn end(hub: &Hub, user: &str, age: u32) {
    for connection in hub.members(&Channel::user(user)) {
        if connection.profile == NAME && connection.age() >= age && connection.finish(&NEWER) {
            tracing::info!(user_id = user, "User connected again: the newer socket stays");
        }
    }
}

/// Takes news of newer sockets from other nodes. Tells whether the message was that.
pub(in crate::profiles) fn hear(hub: &Hub, message: &Message) -> bool {
    if message.kind != REPLACED {
        return false;
    }
    let body = serde_json::from_slice::<Value>(&message.payload).unwrap_or_default();
    if let Some(user) = body.get("user_id").and_then(Value::as_str) {
        // News may be late: a socket that came after them is the newer one.
        let passed = (Timestamp::now().as_millisecond() - message.timestamp) / 1000;
        end(hub, user, u32::try_from(passed).unwrap_or(0));
    }
    true
}
