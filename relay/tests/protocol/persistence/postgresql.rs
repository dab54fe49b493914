//! A PostgreSQL server.

use super::postgres::{PASSWORD, Postgres};
use super::{player, prints, session, store_is};
use crate::support::{Process, until};

const SESSIONS: &str = "SELECT * FROM sessions WHERE player_id = 'test_player';";

#[tokio::test]
async fn r004_26_r004_27_a_session_in_postgresql_survives_a_restart_and_no_line_has_the_password() {
    let postgres = Postgres::start().await;
    let relay = Process::start(&[("DATABASE_URL", &postgres.url())]).await;
    let _socket = player(&relay, "test_player?session_id=s1").await;
    prints("test_player | s1 ", async || postgres.query(SESSIONS).await).await;
    relay.terminate().await;
    assert_eq!(relay.exit_code().await, Some(0));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mythos.log");
    let settings = [("DATABASE_URL", &*postgres.url()), ("LOG_FILE", file.to_str().unwrap())];
    let mut relay = Process::start(&settings).await;
    relay.logs("\"Recovered session s1 for player test_player\"").await;
    relay.logs("Database connection successful").await;
    // Lines are written to the file by a thread of its own.
    let lines = || std::fs::read_to_string(&file).unwrap();
    until("the address", async || lines().contains("postgresql://localhost")).await;
    assert!(!lines().contains(PASSWORD), "{}", lines());
}

#[tokio::test]
async fn r004_27_a_database_that_goes_away_stops_nobody_and_gets_what_it_missed() {
    let mut postgres = Postgres::start().await;
    let mut relay = Process::start(&[("DATABASE_URL", &postgres.url())]).await;
    relay.logs("Database connection successful").await;
    postgres.stop().await;
    let _socket = player(&relay, "test_player?session_id=s1").await;
    let line = relay.logs("Database connection failed: ").await;
    assert!(line.contains("refused"), "{line}");
    assert_eq!(session(&relay, "test_player").await, "s1");
    postgres.run().await;
    prints("test_player | s1 ", async || postgres.query(SESSIONS).await).await;
    store_is(&relay, "healthy").await;
}

#[tokio::test]
async fn r004_27_nodes_that_share_a_database_know_each_others_sessions() {
    let postgres = Postgres::start().await;
    let url = postgres.url();
    let settings = [("DATABASE_URL", &*url)];
    let (mut a, mut b) = tokio::join!(Process::start(&settings), Process::start(&settings));
    a.logs("Database connection successful").await;
    b.logs("Database connection successful").await;
    let _socket = player(&a, "test_player?session_id=s1").await;
    prints("test_player | s1 ", async || postgres.query(SESSIONS).await).await;
    assert_eq!(session(&b, "test_player").await, "s1");
}

#[tokio::test]
async fn r004_27_the_guides_statements_run() {
    let postgres = Postgres::start().await;
    let mut relay = Process::start(&[("DATABASE_URL", &postgres.url())]).await;
    relay.logs("Database connection successful").await;
    for (statement, answer) in [
        ("EXPLAIN ANALYZE SELECT * FROM connections WHERE player_id = 'test_player';", "Execution Time"),
        ("SELECT * FROM pg_locks WHERE NOT granted;", "(0 rows)"),
        ("SELECT * FROM pg_stat_activity WHERE state = 'active';", "pg_stat_activity"),
        ("VACUUM ANALYZE;", "VACUUM"),
    ] {
        let printed = postgres.query(statement).await;
        assert!(printed.contains(answer), "{statement} {printed}");
    }
}
