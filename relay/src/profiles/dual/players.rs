//! Players of this node, and the switch of a player's session in the whole cluster.
//!
//! A node that lets a player into a session which is new to it tells the others, which then end
//! what they have of the player's former session. Nobody keeps the sessions of all nodes: a node
//! without connections of the player has nothing to end. A message that a bus loses while it is
//! away leaves old connections until they end by themselves.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::errors::Errors;
use super::recent::Recent;
use super::retries::Retries;
use super::sessions::{Entered, Heard, Sessions};
use super::trends::Trends;
use super::{NAME, persist};
use crate::app::App;
use crate::bus::{Bus, Channel, KEY_TTL, Message};
use crate::hub::{CloseCode, Connection, Farewell, Hub};
use crate::sync::lock;

/// Kind of the message by which nodes tell each other of a session.
const ENTERED: &str = "session_entered";

/// Type of the message by which a client learns that its session was replaced.
const CHANGED: &str = "session_change";

/// Told to connections whose session was replaced.
const REPLACED: Farewell = Farewell::new(CloseCode::Policy, "Session replaced");

/// What is kept of a message that is being accepted, and of one that was.
const UNDER_WAY: &str = "under way";
const ACCEPTED: &str = "accepted";
/// Time in which a message is accepted, or its node is taken for dead.
const UNDER_WAY_TTL: Duration = Duration::from_secs(40);

/// The players of this node.
pub struct Players {
    hub: Arc<Hub>,
    pub(super) sessions: Sessions,
    pub(super) errors: Errors,
    pub(super) retries: Retries,
    pub(super) trends: Trends,
    recent: Mutex<Recent>,
}

impl Players {
    /// No players, with room for `capacity`.
    pub fn new(hub: Arc<Hub>, capacity: usize) -> Arc<Self> {
        let (sessions, errors) = (Sessions::with_capacity(capacity), Errors::default());
        let (retries, trends, recent) = (Retries::default(), Trends::default(), Mutex::default());
        Arc::new(Self { hub, sessions, errors, retries, trends, recent })
    }

    /// A player's connections of this profile on this node.
    pub(super) fn connections(&self, player: &str) -> Vec<Arc<Connection>> {
        let mut members = self.hub.members(&Channel::user(player));
        members.retain(|connection| connection.profile == NAME);
        members
    }

    /// Lets a player into a session, and ends the connections of another one, here and then on the
    /// other nodes. Tells how many ended here.
    pub(super) async fn enter(&self, app: &App, player: &str, session: &str) -> usize {
        persist::recall(app, player).await;
        self.enter_known(app, player, session)
    }

    /// The same for a player whose session this node knows if anyone does.
    fn enter_known(&self, app: &App, player: &str, session: &str) -> usize {
        let (entered, at) = self.sessions.enter(player, session, app.bus.now(), || self.hub.mark());
        let switched = matches!(entered, Entered::Switched { .. });
        app.metrics.signals.session_switches.inc_by(u64::from(switched));
        persist::keep(app, player);
        let ended = self.end_former(player, session, &entered);
        if entered != Entered::Same {
            let (bus, message) = (app.bus.clone(), Arc::new(announcement(player, session, at)));
            app.tasks.spawn(async move {
                if let Err(error) = bus.publish(message).await {
                    tracing::warn!(%error, "Other nodes do not know of a player's new session");
                }
            });
        }
        ended
    }

    /// Ends a connection whose session was replaced while it was being opened.
    pub(super) fn recheck(&self, connection: &Connection, session: Option<&str>) {
        let known = self.sessions.get(&connection.identity).and_then(|known| known.session);
        if let (Some(session), Some(known)) = (session, known)
            && *known.id != *session
        {
            connection.finish(&REPLACED);
        }
    }

    fn end_former(&self, player: &str, session: &str, entered: &Entered) -> usize {
        match entered {
            Entered::First => 0,
            Entered::Same => {
                tracing::info!(player_id = player, "Player {player} already in session {session}");
                0
            }
            Entered::Switched { from, mark } => {
                tracing::info!(player_id = player, session_id = %session, "Player {player} switched from {from} to {session}");
                let mut former = self.connections(player);
                former.retain(|connection| connection.came_before(*mark));
                let change = change(player, session, from);
                let end = |connection: &&Arc<Connection>| {
                    connection.tell(&change);
                    connection.finish(&REPLACED)
                };
                former.iter().filter(end).count()
            }
        }
    }

    /// What a message with this id is, on whichever node (requirement 004-24). A new one is to be
    /// [accepted](Self::accepted) or [forgotten](Self::forget). While the bus is away, this node decides
    /// by what it knows.
    pub(super) async fn begin(&self, bus: &dyn Bus, player: &str, id: &str) -> Seen {
        if !lock(&self.recent).note(player, id, Instant::now()) {
            return Seen::Before;
        }
        match bus.remember(&once(player, id), UNDER_WAY, UNDER_WAY_TTL).await {
            Ok(Some(known)) if known == UNDER_WAY => {
                lock(&self.recent).forget(player, id);
                Seen::UnderWay
            }
            Ok(Some(_)) => Seen::Before,
            Ok(None) | Err(_) => Seen::Never,
        }
    }

    /// A message is on its way: it is not taken again for as long as ids are remembered.
    pub(super) fn accepted(&self, app: &App, player: &str, id: &str) {
        let (bus, key) = (app.bus.clone(), once(player, id));
        app.tasks.spawn(async move { bus.amend(&key, Some(ACCEPTED), KEY_TTL).await });
    }

    /// A message did not reach all nodes: it may come again.
    pub(super) fn forget(&self, app: &App, player: &str, id: &str) {
        if lock(&self.recent).forget(player, id) {
            let (bus, key) = (app.bus.clone(), once(player, id));
            app.tasks.spawn(async move { bus.amend(&key, None, KEY_TTL).await });
        }
    }
}

/// Whether a message with an id came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is new.
    Never,
    /// It was accepted.
    Before,
    /// It came, and what becomes of it is not known: its node is at it, or is dead.
    UnderWay,
}

impl Players {
    /// The message, unless it is another node's news of a session, which are followed.
    pub fn pass_on(&self, message: Message) -> Option<Message> {
        if message.kind != ENTERED {
            return Some(message);
        }
        if let (Some(answer), Some(bus)) = (self.hear(&message), self.hub.bus()) {
            tokio::spawn(async move { bus.publish(Arc::new(answer)).await });
        }
        None
    }

    /// Follows another node's news of a session. What is known here may be newer, where clocks differ
    /// or news were lost: then the others are to hear that.
    fn hear(&self, message: &Message) -> Option<Message> {
        let body: Value = serde_json::from_slice(&message.payload).ok()?;
        let text = |field: &str| body.get(field).and_then(Value::as_str);
        let (player, session) = (text("player_id")?, text("session_id")?);
        let at = Timestamp::from_microsecond(body.get("entered")?.as_i64()?).ok()?;
        match self.sessions.follow(player, session, at, || self.hub.mark()) {
            Heard::Followed(entered @ Entered::Switched { .. }) => {
                self.end_former(player, session, &entered);
                None
            }
            Heard::Followed(_) | Heard::Stranger => None,
            Heard::Stale { session, entered } => Some(announcement(player, &session, entered)),
        }
    }
}

/// The key of a player's message. The length keeps names apart that share a beginning.
fn once(player: &str, id: &str) -> String {
    format!("message:{}:{player}:{id}", player.len())
}

fn announcement(player: &str, session: &str, at: Timestamp) -> Message {
    let body = json!({ "player_id": player, "session_id": session, "entered": at.as_microsecond() });
    Message {
        id: Uuid::new_v4().to_string(),
        channel: Channel::session(player),
        position: None,
        timestamp: at.as_millisecond(),
        kind: ENTERED.to_owned(),
        payload: body.to_string().into(),
    }
}

/// What connections of the former session are told before they end (requirement 004-40).
fn change(player: &str, session: &str, from: &str) -> Message {
    let payload = json!({ "type": CHANGED, "session_id": session, "previous_session_id": from });
    Message::new(Channel::user(player), CHANGED, payload.to_string())
}

#[cfg(test)]
#[path = "players_tests.rs"]
mod tests;
