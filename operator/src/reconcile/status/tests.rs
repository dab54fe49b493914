use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use relay_contract::admin::{self, BusState};
use serde_json::json;

use super::facts::{Facts, Relay};
use super::*;
use crate::api::{ConfigurationStatus, Profile, PublishAccess, Reason, RedisMode, Signal};
use crate::fleet::{Raised, Settings};
use crate::reconcile::fixtures::{root, serving, stored};
use crate::reconcile::keep::Kept;
use crate::reconcile::observed::Root;
use crate::reconcile::pods::{RelayPod, Trouble};

#[path = "disruption_tests.rs"]
mod disruption;

#[path = "figures_tests.rs"]
mod figures_of;

#[path = "gitops_tests.rs"]
mod gitops;

#[path = "servers_tests.rs"]
mod servers;

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn pod(name: &str, revision: &str) -> RelayPod {
    serving(name, revision, at(NOW - 100))
}

fn told(connections: u64, bus: &str) -> Option<Arc<admin::Status>> {
    let status = json!({"version": "1", "node": "a", "startedAt": 1, "accepting": true,
        "connections": {"total": connections, "websocket": connections},
        "bus": {"kind": "redis", "state": bus, "reason": "refused"}});
    Some(Arc::new(serde_json::from_value(status).unwrap()))
}

fn relay(name: &str, revision: &str) -> Relay {
    Relay { pod: pod(name, revision), told: told(100, "ok"), signals: Vec::new() }
}

/// Two relays of the revision `r`, all as it should be.
fn settled() -> Facts {
    Facts {
        root: root(json!({})),
        now: at(NOW),
        replicas: 2,
        redis_mode: RedisMode::Managed,
        anonymous: Profile::ALL.to_vec(),
        publish: PublishAccess::Key,
        progress_deadline: 300,
        revision: Some("r".to_owned()),
        revision_created: Some(at(NOW - 1_000)),
        others_remain: false,
        relays: vec![relay("p0", "r"), relay("p1", "r")],
        redis_pods: vec![RelayPod { redis: true, ..pod("redis-0", "") }],
        servers: None,
        missing_kinds: Vec::new(),
        ending: None,
        stopped: false,
        paused: false,
        withheld: Vec::new(),
        kept: Kept::default(),
        desired: None,
        scaling_limited: None,
        blocked: None,
        hindered: None,
        settings: None,
    }
}

/// The same cluster with this status stored, as it was written at this second.
fn with_status(status: &RelayClusterStatus, written: i64) -> Root {
    let mut object = stored(json!({}));
    object["status"] = serde_json::to_value(status).unwrap();
    object["metadata"]["managedFields"] = json!([{"manager": "relay-operator", "operation": "Apply",
        "subresource": "status", "time": at(written).to_string()}]);
    Root::parse(serde_json::from_value(object).unwrap())
}

/// Status and reason of a condition.
fn condition(facts: &Facts, type_: ConditionType) -> (String, String) {
    let status = compute(facts);
    let found = status.conditions.iter().find(|condition| condition.type_ == type_.as_str()).unwrap();
    (found.status.clone(), found.reason.clone())
}

fn is(status: &str, reason: Reason) -> (String, String) {
    (status.to_owned(), reason.as_str().to_owned())
}

#[test]
fn every_condition_is_there_whatever_is_known() {
    let nothing = Facts { relays: vec![], revision: None, redis_pods: vec![], ..settled() };
    for facts in [settled(), nothing] {
        let types: Vec<_> = compute(&facts).conditions.into_iter().map(|condition| condition.type_).collect();
        assert_eq!(types, ConditionType::ALL.iter().map(|type_| type_.as_str()).collect::<Vec<_>>());
    }
}

#[test]
fn a_settled_cluster_is_ready() {
    assert_eq!(condition(&settled(), ConditionType::Ready), is("True", Reason::AsSpecified));
    assert_eq!(compute(&settled()).summary, "2/2 serving, 200 connections, Redis ok");
}

#[test]
fn a_rollout_is_not_ready_and_available() {
    let mut facts = settled();
    facts.relays = vec![relay("p0", "r"), relay("p1", "old"), relay("p2", "old")];
    facts.others_remain = true;
    assert_eq!(condition(&facts, ConditionType::Ready), is("False", Reason::RollingOut));
    assert_eq!(condition(&facts, ConditionType::Reconciling), is("True", Reason::RollingOut));
    assert_eq!(condition(&facts, ConditionType::Available), is("True", Reason::MinimumReplicasAvailable));
}

#[test]
fn a_first_start_is_told_from_a_relay_that_failed_later() {
    let mut facts = settled();
    facts.relays[0].pod.ready = false;
    assert_eq!(condition(&facts, ConditionType::Ready), is("False", Reason::Starting));
    facts.root = with_status(&compute(&settled()), NOW);
    assert_eq!(condition(&facts, ConditionType::Ready), is("False", Reason::RelaysNotReady));
    assert_eq!(condition(&facts, ConditionType::Degraded), is("True", Reason::RelaysNotReady));
}

#[test]
fn an_image_that_cannot_be_pulled_stalls_and_names_pod_and_image() {
    let mut facts = settled();
    facts.relays[0].pod.ready = false;
    let message = "image relay:x: ErrImagePull: not found".to_owned();
    facts.relays[0].pod.trouble = Some(Trouble { reason: Reason::ImagePullFailed, message });
    assert_eq!(condition(&facts, ConditionType::Stalled), is("True", Reason::ImagePullFailed));
    let message = compute(&facts).conditions.into_iter().find(|it| it.type_ == "Stalled").unwrap().message;
    assert_eq!(message, "pod p0: image relay:x: ErrImagePull: not found");
}

#[test]
fn f11_an_image_that_one_of_several_servers_cannot_have_stalls_and_is_named() {
    let mut facts = settled();
    let message = "image redis:x: ErrImagePull: not found".to_owned();
    let trouble = Some(Trouble { reason: Reason::ImagePullFailed, message });
    let broken = RelayPod { redis: true, ready: false, trouble, ..pod("redis-data-2", "") };
    facts.redis_pods.push(broken);
    assert_eq!(condition(&facts, ConditionType::Stalled), is("True", Reason::ImagePullFailed));
    let message = compute(&facts).conditions.into_iter().find(|it| it.type_ == "Stalled").unwrap().message;
    assert_eq!(message, "pod redis-data-2: image redis:x: ErrImagePull: not found");
}

#[test]
fn trouble_of_an_older_revision_stalls_nothing() {
    let mut facts = settled();
    let trouble = Trouble { reason: Reason::CrashLooping, message: String::new() };
    facts.relays.push(Relay {
        pod: RelayPod { ready: false, trouble: Some(trouble), ..pod("p9", "old") },
        signals: Vec::new(),
        told: None,
    });
    assert_eq!(condition(&facts, ConditionType::Stalled), is("False", Reason::Progressing));
}

#[test]
fn a_dead_redis_pod_degrades_and_leaves_the_cluster_available() {
    let mut facts = settled();
    facts.redis_pods.clear();
    assert_eq!(condition(&facts, ConditionType::RedisReady), is("False", Reason::RedisPodNotReady));
    assert_eq!(condition(&facts, ConditionType::Ready), is("False", Reason::RedisPodNotReady));
    assert_eq!(condition(&facts, ConditionType::Degraded), is("True", Reason::RedisPodNotReady));
    assert_eq!(condition(&facts, ConditionType::Available), is("True", Reason::MinimumReplicasAvailable));
}

#[test]
fn what_relays_say_about_redis_counts_in_every_mode() {
    for mode in [RedisMode::Managed, RedisMode::External] {
        let mut facts = Facts { redis_mode: mode, ..settled() };
        facts.relays[1].told = told(1, "degraded");
        assert_eq!(condition(&facts, ConditionType::RedisReady), is("False", Reason::RelaysCannotReachRedis));
    }
}

#[test]
fn f09_what_a_relay_told_before_it_was_ready_is_no_loss_of_redis() {
    let mut facts = settled();
    facts.relays[1].told = told(0, "connecting");
    assert_eq!(condition(&facts, ConditionType::RedisReady), is("True", Reason::Connected));
    facts.relays[0].told = told(0, "connecting");
    assert_eq!(condition(&facts, ConditionType::RedisReady), is("Unknown", Reason::NotReported));
}

/// What of Redis is told when one of two relays reaches it and is degraded for `reason`.
fn limping(reason: &str, stalled_partitions: Option<u64>) -> (Facts, String) {
    let mut facts = settled();
    let mut status = Arc::unwrap_or_clone(told(1, "degraded").unwrap());
    (status.bus.lag_ms, status.bus.reason) = (Some(1), Some(reason.to_owned()));
    status.bus.stalled_partitions = stalled_partitions;
    facts.relays[1].told = Some(Arc::new(status));
    let told = compute(&facts).conditions;
    let told = told.into_iter().find(|condition| condition.type_ == "RedisReady").unwrap();
    (facts, told.message)
}

#[test]
fn a_redis_that_takes_no_writes_is_told_with_what_it_says() {
    let (facts, message) = limping("write: OOM command not allowed", None);
    assert_eq!(condition(&facts, ConditionType::RedisReady), is("False", Reason::RedisRefusesWrites));
    assert!(message.contains("1 of 2") && message.contains("OOM"), "{message}");
}

#[test]
fn partitions_that_are_stalled_are_told_with_what_redis_says() {
    let (facts, message) = limping("messages of 1 of 128 partitions do not cross; ASK", Some(1));
    assert_eq!(condition(&facts, ConditionType::RedisReady), is("False", Reason::RedisPartitionsStalled));
    assert!(message.contains("1 of 2") && message.contains("ASK"), "{message}");
}

#[test]
fn silence_of_all_relays_is_unknown_and_not_down() {
    let mut facts = settled();
    facts.relays.iter_mut().for_each(|relay| relay.told = None);
    assert_eq!(condition(&facts, ConditionType::RedisReady), is("Unknown", Reason::NotReported));
    assert_eq!(compute(&facts).connections, None);
}

#[test]
fn a_silent_relay_is_not_counted_as_empty() {
    let mut facts = settled();
    facts.relays[0].told = None;
    let connections = compute(&facts).connections.unwrap();
    assert_eq!((connections.total, connections.min, connections.unknown_pods), (100, 100, 1));
}

#[test]
fn a_rollout_without_progress_stalls_after_its_deadline() {
    let mut facts = Facts { revision_created: Some(at(NOW - 301)), ..settled() };
    facts.relays =
        vec![Relay { pod: RelayPod { ready: false, ..pod("p0", "r") }, told: None, signals: Vec::new() }];
    let mut rolling = compute(&facts);
    for condition in rolling.conditions.iter_mut().filter(|condition| condition.type_ == "Reconciling") {
        (condition.status, condition.last_transition_time.0) = ("True".to_owned(), at(NOW - 301));
    }
    facts.root = with_status(&rolling, NOW - 301);
    assert_eq!(condition(&facts, ConditionType::Stalled), is("True", Reason::ProgressDeadlineExceeded));
    facts.root = with_status(&compute(&facts), NOW);
    assert_eq!(condition(&facts, ConditionType::Stalled), is("True", Reason::ProgressDeadlineExceeded));
}

#[test]
fn a_relay_that_fails_long_after_the_rollout_gets_its_time() {
    let mut facts = settled();
    facts.root = with_status(&compute(&settled()), NOW - 50_000);
    facts.relays.iter_mut().for_each(|relay| relay.pod.ready_since = Some(at(NOW - 50_000)));
    facts.relays[0].pod.ready = false;
    assert_eq!(condition(&facts, ConditionType::Stalled), is("False", Reason::Progressing));
}

#[test]
fn a_growing_cluster_stays_available() {
    let mut facts = settled();
    facts.root = with_status(&compute(&settled()), NOW);
    facts.root.generation = 2;
    facts.replicas = 20;
    assert_eq!(condition(&facts, ConditionType::Available), is("True", Reason::MinimumReplicasAvailable));
    assert_eq!(condition(&facts, ConditionType::Ready), is("False", Reason::Scaling));
}

#[test]
fn f07_a_wish_that_is_held_back_is_told() {
    let limited = Some((Reason::MaximumReached, "need 9".to_owned()));
    let facts = Facts { desired: Some(2), scaling_limited: limited, ..settled() };
    assert_eq!(condition(&facts, ConditionType::ScalingLimited), is("True", Reason::MaximumReached));
    assert_eq!(compute(&facts).desired_replicas, Some(2));
}

#[test]
fn a_kind_that_is_not_installed_is_a_warning_and_stalls_nothing() {
    let missing = vec!["spec.gateway: this Kubernetes has no kind HTTPRoute".to_owned()];
    let facts = Facts { missing_kinds: missing, ..settled() };
    assert_eq!(condition(&facts, ConditionType::ConfigurationWarning), is("True", Reason::SeveralWarnings));
    assert_eq!(condition(&facts, ConditionType::Ready), is("True", Reason::AsSpecified));
}

#[test]
fn the_time_of_a_condition_changes_only_with_its_status() {
    let mut facts = settled();
    facts.root = with_status(&compute(&settled()), NOW);
    facts.now = at(NOW + 60);
    facts.relays[0].pod.ready = false;
    for condition in compute(&facts).conditions {
        let flipped = matches!(condition.type_.as_str(), "Ready" | "Reconciling" | "Degraded");
        let expected = if flipped { NOW + 60 } else { NOW };
        assert_eq!((&condition.type_, condition.last_transition_time.0), (&condition.type_, at(expected)));
    }
}

#[test]
fn the_list_of_pods_is_bounded_and_has_the_worst_first() {
    let mut facts = Facts { replicas: 30, ..settled() };
    facts.relays = (0..30).map(|n| relay(&format!("p{n:02}"), "r")).collect();
    facts.relays[29].pod.ready = false;
    let status = compute(&facts);
    assert_eq!((status.pods.len(), status.pods_omitted), (20, 10));
    assert_eq!(status.pods[0].name, "p29");
}

#[test]
fn the_same_facts_are_not_written_again() {
    let status = compute(&settled());
    let facts = Facts { root: with_status(&status, NOW), now: at(NOW + 90), ..settled() };
    assert_eq!(due(&facts.root, &compute(&facts), facts.now), Due::Never);
}

#[test]
fn figures_alone_wait_for_30_seconds() {
    let mut facts = Facts { root: with_status(&compute(&settled()), NOW), now: at(NOW + 10), ..settled() };
    facts.relays[0].told = told(900, "ok");
    let wait = due(&facts.root, &compute(&facts), facts.now);
    assert_eq!(wait, Due::In(std::time::Duration::from_secs(20)));
    assert_eq!(due(&facts.root, &compute(&facts), at(NOW + 30)), Due::Now);
}

#[test]
fn a_change_of_state_is_written_at_once() {
    let mut facts = Facts { root: with_status(&compute(&settled()), NOW), now: at(NOW + 1), ..settled() };
    facts.relays[0].told = told(100, "degraded");
    assert_eq!(facts.relays[0].told.as_ref().unwrap().bus.state, BusState::Degraded);
    assert_eq!(due(&facts.root, &compute(&facts), facts.now), Due::Now);
}

/// The settled cluster, whose relays are to run `A=2` and of which so many do.
fn configured(running: usize) -> Facts {
    let mut facts = settled();
    let newest = Settings::new("A=2\nCONFIG_GENERATION=7\n".to_owned());
    let count = facts.relays.len();
    for (relay, newest) in facts.relays.iter_mut().zip((0..count).map(|at| at < running)) {
        let hash = if newest {
            Settings::new("A=2\nCONFIG_GENERATION=7\n".to_owned()).hash().to_owned()
        } else {
            "old".to_owned()
        };
        runs(relay, hash, None);
    }
    facts.settings = Some(newest);
    facts
}

fn runs(relay: &mut Relay, hash: String, error: Option<&str>) {
    let mut status = admin::Status::clone(relay.told.as_ref().unwrap());
    status.config = admin::Config { hash, generation: 0, error: error.map(str::to_owned) };
    relay.told = Some(Arc::new(status));
}

#[test]
fn f11_redis_is_down_for_a_rollout_while_no_relay_reaches_it() {
    let relays = |states: [&str; 2]| states.map(|state| Relay { told: told(1, state), ..relay("p", "r") });
    assert!(none_reaches_redis(&relays(["degraded", "degraded"])));
    assert!(!none_reaches_redis(&relays(["degraded", "ok"])));
}

#[test]
fn f11_relays_that_tell_nothing_do_not_hold_up_a_rollout() {
    assert!(!none_reaches_redis(&[Relay { told: None, ..relay("p", "r") }]));
}

#[test]
fn relays_that_run_the_newest_settings_are_counted() {
    let counted = compute(&configured(1)).configuration.unwrap();
    assert_eq!(counted, ConfigurationStatus { generation: 7, running: 1, of: 2 });
}

#[test]
fn a_cluster_is_ready_when_all_relays_run_the_newest_settings() {
    assert_eq!(condition(&configured(2), ConditionType::Ready), is("True", Reason::AsSpecified));
    for type_ in [ConditionType::Ready, ConditionType::Reconciling] {
        let status = if type_ == ConditionType::Ready { "False" } else { "True" };
        assert_eq!(condition(&configured(1), type_), is(status, Reason::ApplyingSettings));
    }
    assert_eq!(
        condition(&configured(0), ConditionType::Available),
        is("True", Reason::MinimumReplicasAvailable)
    );
}

#[test]
fn a_relay_that_tells_nothing_holds_up_no_settings_and_is_not_counted() {
    let mut facts = configured(2);
    facts.relays[0].told = None;
    assert_eq!(condition(&facts, ConditionType::Ready), is("True", Reason::AsSpecified));
    assert_eq!(compute(&facts).configuration.unwrap().running, 1);
}

#[test]
fn a_relay_that_refuses_its_settings_stalls_the_cluster_and_is_named() {
    let mut facts = configured(1);
    runs(&mut facts.relays[1], "old".to_owned(), Some("LOG_LEVEL: unknown"));
    assert_eq!(condition(&facts, ConditionType::Stalled), is("True", Reason::SettingsNotApplied));
    let status = compute(&facts);
    let stalled = status.conditions.iter().find(|it| it.type_ == "Stalled").unwrap();
    assert_eq!(stalled.message, "p1: LOG_LEVEL: unknown");
}

fn showing(signal: Signal, figures: [u64; 2]) -> Facts {
    let mut facts = settled();
    for (relay, figure) in facts.relays.iter_mut().zip(figures) {
        relay.signals.push(Raised { signal, figure });
    }
    facts
}

#[test]
fn a_signal_names_the_pod_that_shows_it_most() {
    let status = compute(&showing(Signal::HighMemory, [86, 91]));
    assert_eq!(status.signals.len(), 1);
    assert!(status.signals[0].message.starts_with("p1: 91 % of its memory"), "{:?}", status.signals);
}

#[test]
fn what_hurts_clients_degrades_and_what_they_do_themselves_does_not() {
    let of = |signal| condition(&showing(signal, [1_000, 1_000]), ConditionType::Degraded);
    assert_eq!(of(Signal::BufferDrops), is("True", Reason::Signal(Signal::BufferDrops)));
    assert_eq!(of(Signal::OriginRefusals), is("False", Reason::AsSpecified));
}

#[test]
fn f19_a_paused_cluster_that_is_as_its_spec_asks_is_ready_and_paused() {
    let facts = Facts { paused: true, ..settled() };
    assert_eq!(reasons(&facts, [ConditionType::Ready, ConditionType::Paused]), ["AsSpecified", "Paused"]);
}

#[test]
fn f19_a_paused_cluster_says_what_is_left_undone_and_is_neither_ready_nor_on_its_way() {
    let facts = Facts { paused: true, withheld: vec!["Service demo".to_owned()], ..settled() };
    let status = compute(&facts);
    assert_eq!(reasons(&facts, [ConditionType::Ready, ConditionType::Reconciling]), ["Paused", "Paused"]);
    assert!(!is_true(&status, ConditionType::Ready) && !is_true(&status, ConditionType::Reconciling));
    let paused = status.conditions.iter().find(|it| it.type_ == "Paused").unwrap();
    assert_eq!(paused.message, "spec.paused: not written: Service demo");
}

#[test]
fn f19_a_rollout_that_is_paused_does_not_run_out_of_time() {
    let behind =
        Facts { revision: Some("s".to_owned()), revision_created: Some(at(NOW - 9_999)), ..settled() };
    let facts = Facts { paused: true, ..behind };
    assert_eq!(until_deadline(&facts), None);
    assert!(!is_true(&compute(&facts), ConditionType::Stalled));
}

#[test]
fn f19_a_stopped_cluster_is_as_its_spec_asks_and_serves_nobody() {
    let facts = Facts { stopped: true, replicas: 0, relays: Vec::new(), ..settled() };
    assert_eq!(reasons(&facts, [ConditionType::Ready, ConditionType::Available]), ["Stopped", "Stopped"]);
    assert!(is_true(&compute(&facts), ConditionType::Ready));
}

#[test]
fn f13_the_status_tells_what_an_upgrade_has_left_as_it_was() {
    let kept = Kept { relays: true, redis: true, waits: false };
    let pending = |kept| compute(&Facts { kept, ..settled() }).rollout.unwrap().upgrade_pending;
    assert_eq!([pending(kept), pending(Kept::default())], ["relays and Redis", ""]);
}

fn reasons<const N: usize>(facts: &Facts, types: [ConditionType; N]) -> [String; N] {
    let status = compute(facts);
    types.map(|type_| status.conditions.iter().find(|it| it.type_ == type_.as_str()).unwrap().reason.clone())
}

#[test]
fn f14_a_cluster_that_lets_go_of_its_connections_says_how_far_it_is() {
    let facts = Facts { ending: Some("3 connections are left".to_owned()), ..settled() };
    assert_eq!(reasons(&facts, [ConditionType::Ready, ConditionType::Reconciling]), ["Deleting", "Deleting"]);
}
