use k8s_openapi::api::apps::v1::StatefulSetSpec;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::super::{Wanted, WantedServers, build as build_all};
use super::*;
use crate::options::Options;
use crate::reconcile::fixtures::{keys, root};
use crate::reconcile::validate::validate;

fn wanted(managed: Value) -> Wanted {
    let spec = json!({"redis": {"managed": managed}});
    build_all(&validate(&root(spec), &Options::default()).unwrap(), &keys())
}

pub(super) fn sets(managed: Value) -> WantedSentinel {
    match wanted(managed).redis.unwrap().servers {
        WantedServers::Sentinel(all) => *all,
        WantedServers::One { .. } => panic!("sentinels were asked for"),
    }
}

pub(super) fn spec(set: &WantedSet) -> StatefulSetSpec {
    set.pods.spec.clone().unwrap()
}

fn variable(set: &WantedSet, name: &str) -> String {
    let env = spec(set).template.spec.unwrap().containers.remove(0).env.unwrap();
    env.into_iter().find(|it| it.name == name).unwrap().value.unwrap_or_default()
}

fn text(key: &str, wanted: &Wanted) -> String {
    let data = wanted.redis.clone().unwrap().secret.data.unwrap();
    String::from_utf8(data[key].0.clone()).unwrap()
}

#[test]
fn f11_servers_are_replaced_by_the_operator_and_sentinels_by_kubernetes() {
    let all = sets(json!({"sentinel": {}}));
    let strategy = |set: &WantedSet| spec(set).update_strategy.unwrap().type_.unwrap();
    assert_eq!((strategy(&all.data), strategy(&all.sentinels)), ("OnDelete".into(), "RollingUpdate".into()));
}

#[test]
fn f11_three_of_each_keep_apart_and_lose_one_at_a_time() {
    let all = sets(json!({"sentinel": {}}));
    for set in [&all.data, &all.sentinels] {
        let most = set.budget.spec.clone().unwrap().max_unavailable;
        let affinity = spec(set).template.spec.unwrap().affinity.unwrap().pod_anti_affinity.unwrap();
        let places = affinity.preferred_during_scheduling_ignored_during_execution.unwrap().len();
        assert_eq!((spec(set).replicas, most, places), (Some(3), Some(IntOrString::Int(1)), 2));
    }
}

#[test]
fn f11_who_waits_for_a_majority_or_a_primary_is_not_restarted_for_hours() {
    let all = sets(json!({"sentinel": {}}));
    for set in [&all.data, &all.sentinels] {
        let probe = spec(set).template.spec.unwrap().containers.remove(0).startup_probe.unwrap();
        let seconds = probe.period_seconds.unwrap() * probe.failure_threshold.unwrap();
        assert!(seconds >= 12 * 3_600, "{seconds} s");
    }
}

#[test]
fn f11_pods_are_found_by_their_names_before_they_are_ready() {
    let all = sets(json!({"sentinel": {}}));
    for set in [&all.data, &all.sentinels] {
        let service = set.service.spec.clone().unwrap();
        assert_eq!(service.cluster_ip.as_deref(), Some("None"));
        assert_eq!(service.publish_not_ready_addresses, Some(true));
        assert_eq!(spec(set).service_name, set.service.metadata.name);
    }
}

#[test]
fn f11_relays_ask_all_three_sentinels() {
    let pod = wanted(json!({"sentinel": {}})).deployment.spec.unwrap().template.spec.unwrap();
    let url = pod.containers[0].env.iter().flatten().find(|env| env.name == "REDIS_URL").unwrap();
    let hosts = (0..3).map(|at| format!("demo-sentinel-{at}.demo-sentinel:26379")).collect::<Vec<_>>();
    let expected = format!("redis+sentinel://{}?master=relay", hosts.join(","));
    assert_eq!(url.value.as_deref(), Some(expected.as_str()));
}

#[test]
fn f11_no_password_stands_in_a_pod() {
    let all = sets(json!({"sentinel": {}}));
    let pods = serde_json::to_string(&json!([all.data.pods, all.sentinels.pods])).unwrap();
    let keys = keys();
    for secret in [&keys.redis_password, &keys.redis_admin_password] {
        assert!(!pods.contains(secret.reveal()) && !pods.contains(&secret.sha256()));
    }
}

#[test]
fn f11_relays_cannot_end_a_primary() {
    let wanted = wanted(json!({"sentinel": {}}));
    let list = text("sentinel.acl", &wanted);
    let relays = list.lines().find(|line| line.starts_with("user default")).unwrap();
    assert!(relays.contains("-@all") && !relays.contains("failover"), "{relays}");
}

#[test]
fn f11_one_server_has_no_account_to_run_it() {
    let secret = wanted(json!({})).redis.unwrap().secret;
    assert_eq!(secret.data.unwrap().into_keys().collect::<Vec<_>>(), ["password", "users.acl"]);
}

#[test]
fn f11_another_password_starts_servers_and_sentinels_anew() {
    let valid =
        validate(&root(json!({"redis": {"managed": {"sentinel": {}}}})), &Options::default()).unwrap();
    let template = |keys: &Keys| match build_all(&valid, keys).redis.unwrap().servers {
        WantedServers::Sentinel(all) => (spec(&all.data).template, spec(&all.sentinels).template),
        WantedServers::One { .. } => panic!("sentinels were asked for"),
    };
    let other =
        Keys { redis_admin_password: crate::reconcile::secret_value::SecretValue::random(), ..keys() };
    let (before, after) = (template(&keys()), template(&other));
    assert!(before.0 != after.0 && before.1 != after.1);
}

#[test]
fn f11_with_storage_each_server_writes_to_a_volume_of_its_own() {
    let all = sets(json!({"sentinel": {}, "storage": {"size": "2Gi"}}));
    let claims = spec(&all.data).volume_claim_templates.unwrap();
    assert_eq!(claims.len(), 1);
    assert_eq!(variable(&all.data, "APPEND"), "yes");
    assert_eq!(spec(&all.sentinels).volume_claim_templates, None);
}

#[test]
fn f11_a_returning_primary_waits_longer_than_a_failover_takes() {
    for seconds in [1, 5, 60] {
        let all = sets(json!({"sentinel": {"downAfterSeconds": seconds}}));
        let patience: i32 = variable(&all.data, "PATIENCE").parse().unwrap();
        let down_after: i32 = variable(&all.sentinels, "DOWN_AFTER").parse().unwrap();
        assert!(patience > down_after / 1_000 + 15, "{patience} s");
    }
}

#[test]
fn f11_names_of_the_longest_cluster_fit_a_label() {
    let name = "a".repeat(40);
    for set in [Names(&name).redis_data(), Names(&name).sentinel()] {
        // Kubernetes labels pods with this name, a hyphen and a hash of up to ten characters.
        assert!(set.len() + 11 <= 63, "{set}");
    }
}
