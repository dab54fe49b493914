//! What the second socket of a user means (conflict X-03): `DUPLICATE_POLICY`.

use std::str::FromStr;
use std::sync::Arc;

use super::NAME;
use super::claims::{self, Claimed};
use super::newest::{self, Held};
use crate::app::App;
use crate::bus::Channel;
use crate::hub::{CloseCode, Connection, Farewell, Hub};
use crate::profiles::places::Place;

const DUPLICATE: Farewell = Farewell::new(CloseCode::Policy, "User already connected");
const TOO_MANY: Farewell = Farewell::new(CloseCode::Policy, "Too many connections");

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
    Only(Claimed),
    /// To one of several.
    Shared { _place: Place },
    /// To the newest one.
    Newest(Held),
}

/// Asks for the right to a socket of `user`.
///
/// # Errors
/// The goodbye to say.
pub(super) async fn ask(app: &Arc<App>, user: &str) -> Result<Right, Farewell> {
    let live = app.settings.live();
    let right = match live.duplicates {
        Duplicates::Reject => {
            let claimed = app.claims.claim(&claims::socket(user)).await;
            claimed.map(Right::Only).ok_or(DUPLICATE)
        }
        Duplicates::Allow => {
            let place = app.places.take(&format!("user:{user}"), live.dual.max_connections, 0).await;
            place.map(|place| Right::Shared { _place: place }).ok_or(TOO_MANY)
        }
        Duplicates::Replace => Ok(Right::Newest(newest::take(app, user).await)),
    };
    right.inspect_err(|farewell| {
        app.metrics.signals.duplicate_users.inc();
        tracing::warn!(user_id = user, "{}", farewell.reason);
    })
}

impl Right {
    /// Does what `connection`, which has just been opened by this right, means for others, and what has
    /// happened meanwhile means for it.
    pub(super) fn settle(&self, connection: &Connection) {
        match self {
            Self::Only(claimed) if claimed.is_lost() => drop(connection.finish(&DUPLICATE)),
            Self::Only(_) | Self::Shared { .. } => {}
            Self::Newest(held) => held.settle(connection),
        }
    }
}

/// Ends the socket of a user who has another one by right, on another node.
pub(super) fn end_refused(hub: &Hub, user: &str) {
    for connection in hub.members(&Channel::user(user)) {
        if connection.profile == NAME && connection.finish(&DUPLICATE) {
            tracing::warn!(user_id = user, "User is connected to another node: this socket ends");
        }
    }
}
