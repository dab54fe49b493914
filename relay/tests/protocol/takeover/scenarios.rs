//! One run of each.

use super::fault::Fault;
use super::report::Report;
use super::stage::run;

/// What must hold: what Redis has of what was acknowledged comes to everyone in order, or who misses it
/// was told.
pub(super) fn holds(fault: Fault, report: &Report) {
    let never = [report.missing, report.disordered, report.ended, report.refused];
    assert_eq!(never, [0; 4], "missing, out of order, ended, refused: {fault:?}: {report:?}");
    if fault.loses() {
        assert!(report.lost > 0, "nothing was lost that could be told: {report:?}");
    }
}

async fn once(fault: Fault) {
    let report = run(fault).await;
    println!("{fault:?}: {report:?}");
    holds(fault, &report);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x16_a_killed_primary_with_sentinels_costs_nothing_that_was_replicated() {
    once(Fault::SentinelKill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x16_what_died_with_a_primary_with_sentinels_is_told() {
    once(Fault::SentinelKillBehind).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x16_what_a_failover_loses_that_a_sentinel_is_asked_for_is_told() {
    once(Fault::SentinelSwitch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x16_a_killed_primary_of_a_cluster_costs_nothing_that_was_replicated() {
    once(Fault::ClusterKill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x16_what_died_with_a_primary_of_a_cluster_is_told() {
    once(Fault::ClusterKillBehind).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x16_a_failover_that_a_cluster_is_asked_for_costs_nothing() {
    once(Fault::ClusterSwitch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x16_a_slot_that_moves_with_its_history_costs_nothing() {
    once(Fault::SlotMove).await;
}
