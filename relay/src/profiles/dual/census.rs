//! Counts of players' connections on this node, made when somebody asks.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::NAME;
use crate::app::App;
use crate::hub::Transport;

/// What one look at all connections finds.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// Connections by player: WebSockets and event streams.
    pub(super) players: HashMap<Box<str>, (u64, u64)>,
    /// Healthy and unhealthy WebSockets.
    pub(super) websocket: (u64, u64),
    /// Healthy and unhealthy event streams.
    pub(super) sse: (u64, u64),
    /// Connections by age: below a minute, ten minutes, an hour, a day, and older.
    ages: [u64; 5],
}

/// Upper ends of ages in seconds, and their names.
const AGES: [(u32, &str); 4] =
    [(60, "under_1m"), (600, "under_10m"), (3600, "under_1h"), (86_400, "under_24h")];
const OLDEST: &str = "over_24h";

impl Census {
    pub(super) fn take(app: &App) -> Self {
        let mut census = Self::default();
        app.hub.visit(|connection| {
            if connection.profile == NAME {
                census.count(&connection.identity, connection.transport, connection.is_healthy());
                census.count_age(connection.age());
            }
            true
        });
        census
    }

    fn count(&mut self, player: &str, transport: Transport, healthy: bool) {
        let player = self.players.entry(player.into()).or_default();
        let (own, health) = match transport {
            Transport::WebSocket => (&mut player.0, &mut self.websocket),
            // Players have sockets and event streams only.
            Transport::Sse | Transport::SocketIo => (&mut player.1, &mut self.sse),
        };
        *own += 1;
        *(if healthy { &mut health.0 } else { &mut health.1 }) += 1;
    }

    fn count_age(&mut self, age: u32) {
        let place = AGES.iter().position(|(end, _)| age < *end).unwrap_or(AGES.len());
        if let Some(count) = self.ages.get_mut(place) {
            *count += 1;
        }
    }

    pub(super) fn connections(&self) -> u64 {
        self.websocket.0 + self.websocket.1 + self.sse.0 + self.sse.1
    }

    /// Players by the kinds of their connections.
    pub(super) fn distribution(&self) -> Value {
        let players =
            |wanted: fn(&(u64, u64)) -> bool| self.players.values().filter(|kinds| wanted(kinds)).count();
        json!({
            "websocket_only": players(|(websocket, sse)| *websocket > 0 && *sse == 0),
            "sse_only": players(|(websocket, sse)| *websocket == 0 && *sse > 0),
            "dual_connections": players(|(websocket, sse)| *websocket > 0 && *sse > 0),
        })
    }

    /// Connections by health.
    pub(super) fn health(&self) -> Value {
        health(self.websocket.0 + self.sse.0, self.websocket.1 + self.sse.1)
    }

    /// Connections by age.
    pub(super) fn ages(&self) -> Value {
        let names = AGES.iter().map(|(_, name)| *name).chain([OLDEST]);
        names
            .zip(self.ages)
            .map(|(name, count)| (name.to_owned(), count.into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// Counts and the part that is healthy; nobody is all healthy.
pub(super) fn health(healthy: u64, unhealthy: u64) -> Value {
    let total = healthy + unhealthy;
    let percentage = if total == 0 { 100.0 } else { healthy as f64 * 100.0 / total as f64 };
    json!({
        "total_connections": total,
        "healthy_connections": healthy,
        "unhealthy_connections": unhealthy,
        "health_percentage": percentage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_05_players_are_counted_by_the_kinds_of_their_connections() {
        let mut census = Census::default();
        for (player, transport) in [
            ("a", Transport::Sse),
            ("b", Transport::Sse),
            ("b", Transport::WebSocket),
            ("c", Transport::WebSocket),
        ] {
            census.count(player, transport, true);
        }
        let expected = json!({"websocket_only": 1, "sse_only": 1, "dual_connections": 1});
        assert_eq!((census.distribution(), census.connections()), (expected, 4));
    }

    #[test]
    fn r004_10_health_is_counted_and_told_in_percent() {
        assert_eq!(health(3, 1)["health_percentage"], 75.0);
        assert_eq!(health(0, 0)["health_percentage"], 100.0);
    }

    #[test]
    fn r004_10_connections_are_counted_by_age() {
        let mut census = Census::default();
        for age in [0, 59, 60, 90_000] {
            census.count_age(age);
        }
        let expected = json!({"under_1m": 2, "under_10m": 1, "under_1h": 0, "under_24h": 0, "over_24h": 1});
        assert_eq!(census.ages(), expected);
    }
}
