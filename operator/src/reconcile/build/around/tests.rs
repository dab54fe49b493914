use serde_json::{Value, json};

use super::WantedAround;
use crate::options::Options;
use crate::reconcile::build::build;
use crate::reconcile::fixtures::{keys, root};
use crate::reconcile::validate::validate;

/// What is built around the relays of an operator in the namespace `relay-system`.
fn around(spec: Value) -> WantedAround {
    let options = Options { namespace: Some("relay-system".to_owned()), ..Options::default() };
    build(&validate(&root(spec), &options).unwrap(), &keys()).around
}

fn policy(spec: Value) -> Value {
    serde_json::to_value(around(spec).relay_policy.unwrap().spec.unwrap()).unwrap()
}

#[test]
fn an_empty_spec_asks_for_no_kind_that_a_cluster_may_not_have() {
    let WantedAround { ingress, route, pod_monitor, rules, .. } = around(json!({}));
    assert_eq!((ingress, route, pod_monitor, rules), (None, None, None, None));
}

#[test]
fn ingress_nginx_keeps_silent_connections_for_an_hour() {
    let ingress = around(json!({"ingress": {"className": "nginx", "hosts": ["a.example"]}})).ingress.unwrap();
    let annotations = ingress.metadata.annotations.unwrap();
    assert_eq!(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"], "3600");
}

#[test]
fn an_annotation_of_the_user_wins() {
    let key = "nginx.ingress.kubernetes.io/proxy-read-timeout";
    let spec = json!({"ingress": {"className": "nginx", "hosts": ["a.example"], "annotations": {key: "60"}}});
    assert_eq!(around(spec).ingress.unwrap().metadata.annotations.unwrap()[key], "60");
}

#[test]
fn an_ingress_of_another_class_has_no_annotations_but_the_users() {
    for class in [json!(null), json!("traefik")] {
        let ingress =
            around(json!({"ingress": {"className": class, "hosts": ["a.example"]}})).ingress.unwrap();
        assert_eq!(ingress.metadata.annotations, None);
    }
}

#[test]
fn an_ingress_asks_for_tls_only_with_a_certificate() {
    let without = around(json!({"ingress": {"hosts": ["a.example"]}})).ingress.unwrap();
    let with = around(json!({"ingress": {"hosts": ["a.example"], "tlsSecretName": "cert"}})).ingress.unwrap();
    assert_eq!(without.spec.unwrap().tls, None);
    let tls = with.spec.unwrap().tls.unwrap();
    assert_eq!(
        (tls[0].secret_name.as_deref(), tls[0].hosts.as_ref().unwrap()[0].as_str()),
        (Some("cert"), "a.example")
    );
}

#[test]
fn a_route_ends_no_stream() {
    let route = around(json!({"gateway": {"parentRefs": [{"name": "public"}]}})).route.unwrap();
    assert_eq!(route.spec["rules"][0]["timeouts"], json!({"request": "0s", "backendRequest": "0s"}));
}

#[test]
fn clients_come_from_anywhere_by_default() {
    let policy = policy(json!({}));
    assert_eq!(policy["ingress"][0], json!({"ports": [{"port": 8080, "protocol": "TCP"}]}));
}

#[test]
fn relays_forward_to_each_other_whoever_the_clients_are() {
    let policy = policy(json!({"networkPolicy": {"clientPeers": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}}));
    let relays = json!({"podSelector": {"matchLabels": {
        "relaycluster.dev/cluster": "demo", "app.kubernetes.io/component": "relay"}}});
    assert_eq!(policy["ingress"][0]["from"], json!([{"ipBlock": {"cidr": "10.0.0.0/8"}}, relays]));
}

#[test]
fn the_admin_port_is_closed_to_what_is_no_pod() {
    let policy = policy(json!({}));
    let expected = json!({"from": [{"namespaceSelector": {}}], "ports": [{"port": 9090, "protocol": "TCP"}]});
    assert_eq!(policy["ingress"][1], expected);
}

#[test]
fn the_operator_reaches_the_admin_port_whoever_else_may() {
    let policy = policy(json!({"networkPolicy": {"monitoringPeers": [{"podSelector": {}}]}}));
    let operator =
        json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "relay-system"}}});
    assert_eq!(policy["ingress"][1]["from"], json!([{"podSelector": {}}, operator]));
}

#[test]
fn an_operator_outside_of_kubernetes_is_not_shut_out() {
    let spec = json!({"networkPolicy": {"monitoringPeers": [{"podSelector": {}}]}});
    let wanted = build(&validate(&root(spec), &Options::default()).unwrap(), &keys()).around;
    assert_eq!(wanted.relay_policy.unwrap().spec.unwrap().ingress.unwrap()[1].from, None);
}

#[test]
fn the_managed_redis_serves_its_own_cluster_and_the_operator_alone() {
    let policy = serde_json::to_value(around(json!({})).redis_policy.unwrap().spec.unwrap()).unwrap();
    let peers = json!([
        {"podSelector": {"matchLabels": {"relaycluster.dev/cluster": "demo"}}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "relay-system"}}},
    ]);
    assert_eq!(policy["ingress"], json!([{"from": peers}]));
}

#[test]
fn there_is_no_policy_for_a_redis_that_there_is_not() {
    let spec = json!({"replicas": 1, "redis": {"mode": "None"}});
    assert_eq!(around(spec).redis_policy, None);
}

#[test]
fn policies_can_be_left_to_somebody_else() {
    let WantedAround { relay_policy, redis_policy, .. } =
        around(json!({"networkPolicy": {"enabled": false}}));
    assert_eq!((relay_policy, redis_policy), (None, None));
}

#[test]
fn both_objects_of_prometheus_have_the_label_that_it_selects_by() {
    let around = around(json!({"monitoring": {"labels": {"release": "p"}}}));
    for metadata in [around.pod_monitor.unwrap().metadata, around.rules.unwrap().metadata] {
        assert_eq!(metadata.labels.unwrap()["release"], "p");
    }
}

#[test]
fn every_alert_is_about_this_cluster_alone_and_has_a_runbook() {
    let docs = include_str!("../../../../../docs/monitoring.md");
    let rules = around(json!({"monitoring": {}})).rules.unwrap().spec;
    for rule in rules["groups"][0]["rules"].as_array().unwrap() {
        let (name, expression) = (rule["alert"].as_str().unwrap(), rule["expr"].as_str().unwrap());
        assert!(expression.contains(r#"{namespace="ns",relaycluster="demo"}"#), "{expression}");
        assert!(docs.contains(&format!("### {name}\n")), "docs/monitoring.md has no section {name}");
    }
}

#[test]
fn without_redis_there_is_no_alert_about_it() {
    let spec = json!({"replicas": 1, "redis": {"mode": "None"}, "monitoring": {}});
    assert!(!around(spec).rules.unwrap().spec.to_string().contains("relay_bus_up"));
}
