//! The statements, in the words that SQLite and PostgreSQL share. Tables and columns are a contract
//! with the people who look into them.
//!
//! | table | what |
//! | --- | --- |
//! | `sessions` | `player_id`, `session_id`, `data` (JSON), `created_at`: one row for each player, the newest session |
//! | `connections` | live connections of players: `connection_id`, `player_id`, `session_id`, `connection_type`, `node`, `created_at` |
//! | `relay_nodes` | `node`, `seen_at` (seconds since the epoch): whose connections are to be believed |
//!
//! Times are texts as RFC 3339 has them, in UTC with microseconds, which sort as they follow.

/// Makes what is not there yet.
pub(super) const SCHEMA: [&str; 6] = [
    "CREATE TABLE IF NOT EXISTS sessions (player_id TEXT PRIMARY KEY, session_id TEXT NOT NULL, \
     data TEXT NOT NULL, created_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS connections (connection_id TEXT PRIMARY KEY, player_id TEXT NOT NULL, \
     session_id TEXT, connection_type TEXT NOT NULL, node TEXT NOT NULL, created_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS relay_nodes (node TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS idx_connections_player_id ON connections(player_id)",
    "CREATE INDEX IF NOT EXISTS idx_connections_session_id ON connections(session_id)",
    "CREATE INDEX IF NOT EXISTS idx_connections_created_at ON connections(created_at)",
];

/// Writes a session, unless a newer one of the player is there: nodes may be late.
pub(super) const SAVE_SESSION: &str = "INSERT INTO sessions (player_id, session_id, data, created_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (player_id) DO UPDATE SET session_id = excluded.session_id, \
     data = excluded.data, created_at = excluded.created_at \
     WHERE sessions.created_at <= excluded.created_at";

/// The session of one player.
pub(super) const LOAD_SESSION: &str =
    "SELECT player_id, session_id, created_at FROM sessions WHERE player_id = $1 AND created_at >= $2";

/// The newest sessions, for a relay that begins.
pub(super) const RECOVER_SESSIONS: &str = "SELECT player_id, session_id, created_at FROM sessions \
     WHERE created_at >= $1 ORDER BY created_at DESC LIMIT 100000";

/// Forgets sessions that began before a time and have nobody connected.
pub(super) const FORGET_SESSIONS: &str = "DELETE FROM sessions WHERE created_at < $1 \
     AND player_id NOT IN (SELECT player_id FROM connections)";

/// Writes a connection.
pub(super) const OPEN_CONNECTION: &str = "INSERT INTO connections \
     (connection_id, player_id, session_id, connection_type, node, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (connection_id) DO NOTHING";

/// A connection is over.
pub(super) const CLOSE_CONNECTION: &str = "DELETE FROM connections WHERE connection_id = $1";

/// A former process of the same name is over.
pub(super) const CLOSE_OWN: &str = "DELETE FROM connections WHERE node = $1";

/// This node is there.
pub(super) const SEE_NODE: &str = "INSERT INTO relay_nodes (node, seen_at) VALUES ($1, $2) \
     ON CONFLICT (node) DO UPDATE SET seen_at = excluded.seen_at";

/// Nodes that were not seen since are gone.
pub(super) const FORGET_NODES: &str = "DELETE FROM relay_nodes WHERE seen_at < $1";

/// And their connections with them.
pub(super) const CLOSE_ORPHANS: &str =
    "DELETE FROM connections WHERE node NOT IN (SELECT node FROM relay_nodes)";
