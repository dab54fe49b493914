//! What the second socket of a user means (conflict X-03): `DUPLICATE_POLICY`.
//!
//! To replace sockets needs no lease: a node that takes a socket ends the user's others and tells
//! the other nodes, which do the same, unless theirs is newer by the clocks of both: news may be late.
//! Two nodes that take sockets of one user in the same millisecond end both, and the next one stays.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::NAME;
use super::claims::{self, Claimed};
use crate::app::App;
use crate::bus::{Channel, Message};
use crate::hub::{CloseCode, Farewell, Hub, Slot};
use crate::sync::lock;

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
    Newest { _held: Held },
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
        Duplicates::Replace => Ok(Right::Newest { _held: replace(app, user) }),
    };
    right.inspect_err(|farewell| tracing::warn!(user_id = user, "{}", farewell.reason))
}

/// Users whose newest socket is here, and since when, in milliseconds since the epoch. Bounded by
/// these sockets.
#[derive(Debug, Default)]
pub struct Newest(Mutex<HashMap<Box<str>, i64>>);

/// A user's newest socket on this node; dropping it forgets it.
pub(super) struct Held {
    newest: Arc<Newest>,
    user: Box<str>,
    since: i64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut newest = lock(&self.newest.0);
        if newest.get(&self.user) == Some(&self.since) {
            newest.remove(&self.user);
        }
    }
}

/// Ends the sockets that a user has, here and on the other nodes.
fn replace(app: &App, user: &str) -> Held {
    let since = Timestamp::now().as_millisecond();
    lock(&app.newest.0).insert(user.into(), since);
    end(&app.hub, user);
    let message = Arc::new(Message {
        id: Uuid::new_v4().to_string(),
        channel: Channel::session(user),
        position: None,
        timestamp: since,
        kind: REPLACED.to_owned(),
        payload: json!({ "user_id": user }).to_string().into(),
    });
    let bus = app.bus.clone();
    app.tasks.spawn(async move {
        if let Err(error) = bus.publish(message).await {
            tracing::warn!(%error, "Other nodes do not know of a user's newer socket");
        }
    });
    Held { newest: app.newest.clone(), user: user.into(), since }
}

/// Ends the sockets of a user.
fn end(hub: &Hub, user: &str) {
    for connection in hub.members(&Channel::user(user)) {
        if connection.profile == NAME && connection.finish(&NEWER) {
            tracing::info!(user_id = user, "User connected again: the newer socket stays");
        }
    }
}

/// Takes news of newer sockets from other nodes. Tells whether the message was that.
pub(in crate::profiles) fn hear(hub: &Hub, newest: &Newest, message: &Message) -> bool {
    if message.kind != REPLACED {
        return false;
    }
    let body = serde_json::from_slice::<Value>(&message.payload).unwrap_or_default();
    if let Some(user) = body.get("user_id").and_then(Value::as_str)
        && lock(&newest.0).get(user).is_none_or(|since| *since <= message.timestamp)
    {
        end(hub, user);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::testing;
    use crate::profiles::opening;
    use crate::profiles::push::shape::Bare;
    use crate::transport::ws::WsWire;

    /// Whether a socket that is the newest since 5 survives news of one at `timestamp`.
    fn survives(timestamp: i64) -> bool {
        let (hub, newest) = (testing::hub(), Newest::default());
        lock(&newest.0).insert("alice".into(), 5);
        let membership = hub.open(opening::of_user(NAME, "alice".to_owned(), &WsWire::<Bare>::WIRE));
        let message = Message {
            id: "m".to_owned(),
            channel: Channel::session("alice"),
            position: None,
            timestamp,
            kind: REPLACED.to_owned(),
            payload: r#"{"user_id":"alice"}"#.into(),
        };
        assert!(hear(&hub, &newest, &message));
        membership.connection().is_open()
    }

    #[test]
    fn x03_late_news_of_an_older_socket_do_not_end_a_newer_one() {
        assert_eq!([4, 5, 6].map(survives), [true, false, false]);
    }
}
