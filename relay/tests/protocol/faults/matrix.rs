//! What holds in every fault, once each; ten of each make the table in `docs/redis.md`.

use std::time::Duration;

use super::kind::Kind;
use super::namespace;
use super::run::{Report, run};

/// What must hold whatever happened: nobody's connection ends, nothing is out of order or twice, and
/// what never came was counted.
pub(super) fn holds(kind: Kind, report: &Report) {
    let tally = report.tally;
    assert_eq!((tally.closed, tally.disordered), (0, 0), "{kind:?}: {report:?}");
    assert!(tally.missing <= 3 * report.counted, "{kind:?}: {report:?}");
    if kind.lets_messages_through() {
        assert_eq!(tally.missing, 0, "{kind:?}: {report:?}");
    }
}

async fn once(kind: Kind) {
    let report = run(kind, &[], Duration::from_millis(500)).await;
    println!("{kind:?}: {report:?}");
    holds(kind, &report);
}

#[tokio::test]
async fn x16_a_redis_that_is_frozen_ends_no_connection_and_loses_nothing() {
    once(Kind::Frozen).await;
}

#[tokio::test]
async fn x16_r003_21_a_redis_that_refuses_dials_and_comes_back_empty_ends_no_connection() {
    once(Kind::Refused).await;
}

#[tokio::test]
async fn x16_a_black_holed_redis_ends_no_connection_and_loses_nothing_silently() {
    let name = "faults::matrix::x16_a_black_holed_redis_ends_no_connection_and_loses_nothing_silently";
    if namespace::is_inside(name) {
        once(Kind::BlackHole).await;
    }
}

#[tokio::test]
async fn r003_21_a_flushed_redis_is_nothing_that_a_client_notices() {
    once(Kind::Flushed).await;
}

#[tokio::test]
async fn x16_killed_subscriptions_end_no_connection_and_what_they_cost_is_counted() {
    once(Kind::SubscribersKilled).await;
}

#[tokio::test]
async fn x16_killed_command_connections_end_no_connection() {
    once(Kind::CommandsKilled).await;
}

#[tokio::test]
async fn x16_a_password_that_is_asked_for_all_at_once_is_told_and_waited_for() {
    once(Kind::Password).await;
}

#[tokio::test]
async fn x16_a_redis_that_became_a_replica_is_told_and_messages_go_on() {
    once(Kind::ReadOnly).await;
}

#[tokio::test]
async fn x16_a_redis_without_memory_is_told_and_messages_go_on() {
    once(Kind::OutOfMemory).await;
}

#[tokio::test]
async fn x16_a_redis_without_disk_is_told_and_messages_go_on() {
    once(Kind::DiskFull).await;
}
