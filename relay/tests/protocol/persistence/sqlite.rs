//! A file of SQLite.

use std::path::PathBuf;

use super::{player, prints, session, store_is};
use crate::support::Process;

/// A folder for the guide's file.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("data/players/mythos.db")
    }

    async fn relay(&self) -> Process {
        let url = format!("sqlite:///{}", self.file().display());
        Process::start(&[("DATABASE_URL", &url)]).await
    }

    /// What `sqlite3 data/players/mythos.db STATEMENT` prints.
    async fn sqlite3(&self, statement: &str) -> String {
        let output = tokio::process::Command::new("sqlite3")
            .args(["data/players/mythos.db", statement])
            .current_dir(self.0.path())
            .output()
            .await
            .expect("sqlite3 must be installed");
        String::from_utf8(output.stdout).unwrap()
    }
}

const SESSIONS: &str = "SELECT * FROM sessions WHERE player_id = 'test_player';";
const CONNECTIONS: &str = "SELECT * FROM connections WHERE player_id = 'test_player';";

#[tokio::test]
async fn r004_26_the_guides_commands_show_the_session_and_the_connection() {
    let folder = Folder::new();
    let relay = folder.relay().await;
    let _socket = player(&relay, "test_player?session_id=s1").await;
    prints("test_player|s1|{\"node\":", async || folder.sqlite3(SESSIONS).await).await;
    prints("|test_player|s1|websocket|", async || folder.sqlite3(CONNECTIONS).await).await;
}

#[tokio::test]
async fn r004_26_a_connection_that_is_over_is_no_longer_shown() {
    let folder = Folder::new();
    let relay = folder.relay().await;
    let socket = player(&relay, "test_player?session_id=s1").await;
    prints("|websocket|", async || folder.sqlite3(CONNECTIONS).await).await;
    socket.close().await;
    crate::support::until("the end of the row", async || folder.sqlite3(CONNECTIONS).await.is_empty()).await;
}

#[tokio::test]
async fn r004_26_x17_a_session_survives_a_restart() {
    let folder = Folder::new();
    let relay = folder.relay().await;
    let _socket = player(&relay, "test_player?session_id=s1").await;
    relay.terminate().await;
    assert_eq!(relay.exit_code().await, Some(0));
    let mut relay = folder.relay().await;
    relay.logs("\"Recovered session s1 for player test_player\"").await;
    assert_eq!(session(&relay, "test_player").await, "s1");
}

#[tokio::test]
async fn r004_26_a_session_survives_a_process_that_was_killed() {
    let folder = Folder::new();
    let relay = folder.relay().await;
    let socket = player(&relay, "test_player?session_id=s1").await;
    prints("|s1|", async || folder.sqlite3(SESSIONS).await).await;
    drop((relay, socket));
    let mut relay = folder.relay().await;
    relay.logs("Recovered session s1").await;
    let _socket = player(&relay, "test_player?session_id=s2").await;
    relay.logs("Player test_player switched from s1 to s2").await;
}

#[tokio::test]
async fn r004_27_connections_have_the_guides_indexes() {
    let folder = Folder::new();
    let relay = folder.relay().await;
    store_is(&relay, "healthy").await;
    let indexes = folder.sqlite3(".indexes connections").await;
    for column in ["player_id", "session_id", "created_at"] {
        assert!(indexes.contains(&format!("idx_connections_{column}")), "{indexes}");
    }
}

#[tokio::test]
async fn r004_27_a_connection_to_the_database_is_logged_in_the_words_that_grep_looks_for() {
    let folder = Folder::new();
    let mut relay = folder.relay().await;
    relay.logs("Session persistence is ready").await;
    let line = relay.logs("\"Database connection successful\"").await;
    assert!(["database", "sqlite3"].iter().all(|word| line.contains(word)), "{line}");
}

#[tokio::test]
async fn r004_27_a_database_that_cannot_be_is_told_and_stops_nobody() {
    let mut relay = Process::start(&[("DATABASE_URL", "sqlite:////proc/none/mythos.db")]).await;
    let line = relay.logs("Database connection failed: ").await;
    assert!(line.contains("\"level\":\"ERROR\""), "{line}");
    let _socket = player(&relay, "test_player?session_id=s1").await;
    assert_eq!(session(&relay, "test_player").await, "s1");
    store_is(&relay, "unhealthy").await;
}
