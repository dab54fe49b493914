//! What is kept of players for the next process, and what the last one kept (requirements 004-26
//! and 004-27).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::sessions::Session;
use crate::app::App;
use crate::hub::Connection;
use crate::persistence::{SavedConnection, SavedSession};

/// Time for the last writes of a process.
const LAST_WRITES: Duration = Duration::from_secs(3);

/// Writes what is to be kept, for ever, and takes the sessions that were.
pub async fn persist(app: Arc<App>) {
    let Some(persistence) = &app.persistence else { return std::future::pending().await };
    let recover = |saved: SavedSession| {
        let SavedSession { player, session, created } = saved;
        if app.players.sessions.restore(&player, Session::new(session.clone(), created)) {
            tracing::info!(
                player_id = %player,
                session_id = %session,
                "Recovered session {session} for player {player}"
            );
        }
    };
    persistence.run(recover).await;
}

/// Waits for the last writes, a little.
pub async fn flush(app: &App) {
    if let Some(persistence) = &app.persistence {
        persistence.flush(LAST_WRITES).await;
    }
}

/// Whether only the store may know the session of a player.
pub(super) fn is_to_be_recalled(app: &App, player: &str) -> bool {
    let known = || app.players.sessions.get(player).is_some_and(|known| known.session.is_some());
    app.persistence.is_some() && !known()
}

/// Asks the store for the session of a player whom this node does not know.
pub(super) async fn recall(app: &App, player: &str) {
    if !is_to_be_recalled(app, player) {
        return;
    }
    let Some(persistence) = &app.persistence else { return };
    if let Some(SavedSession { session, created, .. }) = persistence.load(player).await {
        app.players.sessions.restore(player, Session::new(session, created));
    }
}

/// Keeps the session that a player is in.
pub(super) fn keep(app: &App, player: &str) {
    let Some(persistence) = &app.persistence else { return };
    if let Some(session) = app.players.sessions.get(player).and_then(|known| known.session) {
        persistence.keep(SavedSession {
            player: player.into(),
            session: session.id,
            created: session.created,
        });
    }
}

/// Notes a connection that began.
pub(super) fn opened(app: &App, connection: &Connection) {
    let Some(persistence) = &app.persistence else { return };
    let known = app.players.sessions.get(&connection.identity);
    persistence.opened(SavedConnection {
        id: connection_id(app, connection).into(),
        player: connection.identity.clone(),
        session: known.and_then(|known| known.session).map(|session| session.id),
        kind: connection.transport.label(),
        created: Timestamp::now(),
    });
}

/// Notes the end of a connection.
pub(super) fn closed(app: &App, connection: &Connection) {
    if let Some(persistence) = &app.persistence {
        persistence.closed(connection_id(app, connection).into());
    }
}

/// Name of a connection in the cluster.
pub(super) fn connection_id(app: &App, connection: &Connection) -> String {
    format!("{}-{}", app.node, connection.id())
}
