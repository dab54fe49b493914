//! Players whose connections are in trouble, and what is done for them (requirements 004-18,
//! 004-31 and 004-33): they are looked at again after five seconds, and a connection that is bad
//! three times in a row ends, for its client comes back on a good one.

use std::collections::{BTreeSet, HashMap};

use super::NAME;
use super::errors::Kind;
use crate::app::App;
use crate::hub::{CloseCode, Farewell};

/// Bad checks in a row after which a connection ends.
const STRIKES: u32 = 3;
/// Seconds from a bad check to the next one.
pub(super) const WAIT: u32 = 5;
/// Players who are named in one go.
const NAMED: usize = 20;

const UNHEALTHY: Farewell = Farewell::new(CloseCode::Internal, "Unhealthy connection");

/// Connections in trouble: bad checks in a row, by connection.
#[derive(Default)]
pub(super) struct Recovery(HashMap<u64, u32>);

/// What a check found.
#[derive(Default)]
struct Found {
    healthy: u64,
    unhealthy: u64,
    strikes: HashMap<u64, u32>,
    bad: BTreeSet<Box<str>>,
    recovered: BTreeSet<Box<str>>,
    ended: BTreeSet<Box<str>>,
}

impl Recovery {
    /// Whether anyone is to be looked at again soon.
    pub(super) fn is_under_way(&self) -> bool {
        !self.0.is_empty()
    }

    /// Looks at all connections of players, and tells how many are healthy and not.
    pub(super) fn check(&mut self, app: &App) -> (u64, u64) {
        let found = self.look(app);
        for player in found.bad.iter().take(NAMED) {
            tracing::warn!(player_id = %player, "Unhealthy connections for player {player}");
        }
        for player in found.recovered.iter().take(NAMED) {
            tracing::info!(player_id = %player, "Recovered connection for player {player}");
        }
        for player in found.ended.iter().take(NAMED) {
            let text = format!("Failed to recover connection for {player}: its client has to come back");
            app.players.errors.note(Kind::Connection, player, text);
        }
        self.0 = found.strikes;
        (found.healthy, found.unhealthy)
    }

    fn look(&self, app: &App) -> Found {
        let mut found = Found::default();
        app.hub.visit(|connection| {
            if connection.profile != NAME || !connection.is_open() {
                return true;
            }
            let before = self.0.get(&connection.id()).copied();
            if connection.is_healthy() {
                found.healthy += 1;
                found.recovered.extend(before.map(|_| connection.identity.clone()));
                return true;
            }
            found.unhealthy += 1;
            found.bad.insert(connection.identity.clone());
            let strikes = before.unwrap_or(0) + 1;
            if strikes < STRIKES {
                found.strikes.insert(connection.id(), strikes);
            } else if connection.finish(&UNHEALTHY) {
                found.ended.insert(connection.identity.clone());
            }
            true
        });
        found
    }
}
