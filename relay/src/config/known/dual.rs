//! The profile `dual`.

use super::*;
use crate::config::setting::{Number, Text};

settings! {
    Topic::Profile("dual");
    /// Defaults of five that go together: 4 connections, 300, 30, 60 seconds, 1000 players
    /// (`default`); 4, 600, 15, 30, 2000 for connections that drop often (`stable`); 2, 180, 30, 60,
    /// 1000 for few resources (`tight`).
    CONNECTION_PRESET: Text = text("default", "default, stable, tight").live();
    /// Sockets and streams of one player on all nodes together.
    MAX_CONNECTIONS_PER_PLAYER: Number = number(4, 1..=10_000, "connections").live();
    /// Time without any byte after which a connection ends, in all profiles.
    CONNECTION_TIMEOUT: Number = number(300, 1..=86_400, "seconds").live();
    /// Time between looks at the health of connections.
    HEALTH_CHECK_INTERVAL: Number = number(30, 1..=86_400, "seconds").live();
    /// Time between looks for idle connections.
    CLEANUP_INTERVAL: Number = number(60, 1..=86_400, "seconds").live();
    /// Where sessions of players are kept. Without it: by `DATABASE_URL`, else in Redis if there is
    /// one, else in memory, where they end with the process.
    SESSION_STORE: Text = text("", "memory, redis, or the address of a database");
    /// The database for sessions, such as `sqlite:///./data/players/mythos.db`.
    DATABASE_URL: Text = text("", "sqlite:// or postgresql:// address");
    /// Holds this address, which may have a password.
    DATABASE_URL_FILE: Text = text("", "path of a file");
    /// Time for which the session of a player who is gone is kept.
    SESSION_TTL: Number = number(7 * 86_400, 1..=10 * 365 * 86_400, "seconds");
    /// Players that there is room for from the start.
    CONNECTION_POOL_SIZE: Number = number(1000, 1..=1_000_000, "players");
}
