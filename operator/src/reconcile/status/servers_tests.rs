//! What is told of a managed Redis with sentinels while its servers are replaced.

use super::*;
use crate::fleet::redis::{Member, View};
use crate::reconcile::redis_roll::Server;
use crate::reconcile::status::facts::ServersFacts;

/// The settled cluster with three servers, of which the last is the primary and so many are to be replaced.
fn rolling(outdated: usize) -> Facts {
    let names = ["redis-data-0", "redis-data-1", "redis-data-2"];
    let pod = |name: &str| RelayPod { redis: true, ..pod(name, "") };
    let data = names.map(|name| Server { pod: pod(name), revision: String::new() }).to_vec();
    let view = View {
        primary: Some(Member { name: "redis-data-2".to_owned(), uid: "redis-data-2".to_owned() }),
        in_sync: ["redis-data-0".to_owned(), "redis-data-1".to_owned()].into(),
        agreeing: 3,
        quorum: true,
    };
    let servers = Some(ServersFacts { data, outdated, view: Some(view) });
    Facts { servers, redis_pods: names.map(pod).to_vec(), ..settled() }
}

/// The same cluster, whose first server is not ready, for this reason if there is one.
fn waiting(trouble: Option<Trouble>, unscheduled: Option<&str>) -> Facts {
    let mut facts = rolling(2);
    let unscheduled = unscheduled.map(str::to_owned);
    let broken = RelayPod { ready: false, trouble, unscheduled, ..facts.redis_pods[0].clone() };
    facts.redis_pods[0] = broken.clone();
    let servers = facts.servers.as_mut().unwrap();
    servers.data[0].pod = broken;
    servers.view.as_mut().unwrap().in_sync.remove("redis-data-0");
    facts
}

fn message(facts: &Facts, type_: ConditionType) -> String {
    let found = compute(facts).conditions.into_iter().find(|it| it.type_ == type_.as_str());
    found.unwrap().message
}

#[test]
fn f11_a_roll_that_goes_on_degrades_nothing() {
    for facts in [rolling(3), waiting(None, None)] {
        assert_eq!(condition(&facts, ConditionType::Degraded), is("False", Reason::AsSpecified));
        assert_eq!(condition(&facts, ConditionType::Ready), is("False", Reason::RedisRolling));
    }
}

#[test]
fn f11_a_roll_names_the_server_that_it_waits_for() {
    let message = message(&waiting(None, None), ConditionType::Ready);
    assert_eq!(message, "1 of 3 servers of Redis are as the spec asks; waiting for redis-data-0");
}

#[test]
fn f11_a_server_that_cannot_start_degrades_and_is_named_with_its_trouble() {
    let trouble =
        Trouble { reason: Reason::ImagePullFailed, message: "image redis:x: ErrImagePull: none".to_owned() };
    let facts = waiting(Some(trouble), None);
    assert_eq!(condition(&facts, ConditionType::Degraded), is("True", Reason::ImagePullFailed));
    assert_eq!(
        message(&facts, ConditionType::Degraded),
        "pod redis-data-0: image redis:x: ErrImagePull: none"
    );
}

#[test]
fn f11_a_server_that_no_node_takes_degrades_and_is_named_with_the_schedulers_words() {
    let facts = waiting(None, Some("0/3 nodes are available"));
    assert_eq!(condition(&facts, ConditionType::Degraded), is("True", Reason::RedisReplicasBehind));
    assert_eq!(message(&facts, ConditionType::Degraded), "pod redis-data-0: 0/3 nodes are available");
}

#[test]
fn f11_a_roll_of_servers_without_progress_stalls_and_degrades_after_its_deadline() {
    let mut facts = waiting(None, None);
    let mut stored = compute(&facts);
    for condition in stored.conditions.iter_mut().filter(|condition| condition.type_ == "Reconciling") {
        condition.last_transition_time.0 = at(NOW - 301);
    }
    facts.root = with_status(&stored, NOW - 301);
    for relay in &mut facts.relays {
        relay.pod.ready_since = Some(at(NOW - 9_999));
    }
    for server in &mut facts.servers.as_mut().unwrap().data {
        server.pod.ready_since = Some(at(NOW - 301));
    }
    for type_ in [ConditionType::Stalled, ConditionType::Degraded] {
        assert_eq!(condition(&facts, type_), is("True", Reason::ProgressDeadlineExceeded));
        assert!(message(&facts, type_).contains("waiting for redis-data-0"), "{}", message(&facts, type_));
    }
    facts.servers.as_mut().unwrap().data[1].pod.ready_since = Some(at(NOW - 10));
    assert_eq!(condition(&facts, ConditionType::Stalled), is("False", Reason::Progressing));
}

#[test]
fn f11_a_lost_quorum_is_told_before_a_server_that_cannot_start() {
    let mut facts = waiting(None, Some("0/3 nodes are available"));
    facts.servers.as_mut().unwrap().view.as_mut().unwrap().quorum = false;
    assert_eq!(condition(&facts, ConditionType::Degraded), is("True", Reason::SentinelQuorumLost));
}
