//! What holds in every fault, once each; ten of each make the table in `docs/redis.md`.

use std::time::Duration;

use super::fleet::Fleet;
use super::kind::Kind;
use super::namespace;
use super::run::{History, Report, run};
use crate::cluster::Redis;

/// What must hold whatever happened: nobody's connection ends, nothing is out of order or twice, and
/// what never came was counted. What is kept is missed by nobody.
pub(super) fn holds(kind: Kind, history: History, report: &Report) {
    let tally = report.tally;
    assert_eq!((tally.closed, tally.disordered), (0, 0), "{kind:?}: {report:?}");
    assert!(tally.missing <= 3 * report.counted, "{kind:?}: {report:?}");
    if kind.lets_messages_through() || history == History::On {
        assert_eq!(tally.missing, 0, "{kind:?}: {report:?}");
    }
}

async fn once(kind: Kind) {
    once_with(kind, History::Off).await;
}

async fn once_with(kind: Kind, history: History) -> Report {
    let report = run(kind, history, Duration::from_millis(500)).await;
    println!("{kind:?}: {report:?}");
    holds(kind, history, &report);
    report
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

#[tokio::test]
async fn x16_a_subscription_that_redis_gave_up_on_comes_back_and_what_it_missed_is_counted() {
    let report = once_with(Kind::Overflow, History::Off).await;
    assert!(report.counted > 0, "{report:?}");
}

#[tokio::test]
async fn x16_what_a_subscription_missed_that_redis_gave_up_on_is_refilled_where_it_is_kept() {
    let report = once_with(Kind::Overflow, History::On).await;
    assert!(report.refills > 0, "{report:?}");
}

#[tokio::test]
async fn x16_a_frozen_redis_loses_nothing_that_is_kept() {
    once_with(Kind::Frozen, History::On).await;
}

#[tokio::test]
async fn x16_killed_subscriptions_cost_nothing_that_is_kept() {
    once_with(Kind::SubscribersKilled, History::On).await;
}

#[tokio::test]
async fn x16_r003_21_a_redis_that_is_there_again_at_once_and_empty_ends_no_connection() {
    once(Kind::Restarted).await;
}

#[tokio::test]
async fn x16_what_a_redis_without_memory_refuses_to_keep_waits() {
    once_with(Kind::OutOfMemory, History::On).await;
}

#[tokio::test]
async fn x16_through_an_outage_that_is_too_long_nothing_is_accepted_and_dropped() {
    let mut fleet = Fleet::start(Redis::start(), &[]).await;
    fleet.redis.kill().await;
    fleet.says("degraded", "refused").await;
    for _ in 0..20 {
        assert!(fleet.publish().await);
    }
    fleet.fill_outbox().await;
    // What is smaller than the room that is left fits in.
    while fleet.publish_bulk().await {}
    fleet.redis.revive();
    fleet.says("ok", "").await;
    let tally = fleet.tally().await;
    assert!(fleet.refused > 0);
    assert_eq!((tally.missing, tally.disordered, tally.closed), (0, 0, 0), "{tally:?}");
}
