use serde_json::{Value, json};

use super::*;
use crate::reconcile::fixtures::root;

fn check(spec: Value) -> Result<Validated, InvalidSpec> {
    validate(&root(spec), &Options::default())
}

#[test]
fn an_empty_spec_takes_all_defaults() {
    let valid = check(json!({})).unwrap();
    assert_eq!((valid.replicas, valid.surge, valid.publish_key), (2, 1, true));
}

#[test]
fn the_surge_is_a_share_of_the_relays_and_at_least_one() {
    for (replicas, percent, surge) in
        [(0, 25, 1), (1, 25, 1), (4, 25, 1), (5, 25, 2), (100, 25, 25), (3, 100, 3)]
    {
        let valid = check(json!({"replicas": replicas, "rollout": {"maxSurgePercent": percent}})).unwrap();
        assert_eq!((replicas, valid.surge), (replicas, surge));
    }
}

#[test]
fn what_an_earlier_definition_let_pass_is_refused_by_field() {
    let cases = [
        ("spec.replicas", json!({"replicas": -1})),
        ("spec.replicas", json!({"replicas": 501})),
        ("spec.service.port", json!({"service": {"port": 0}})),
        ("spec.drain.timeoutSeconds", json!({"drain": {"timeoutSeconds": 561}})),
        ("spec.rollout.maxSurgePercent", json!({"rollout": {"maxSurgePercent": 0}})),
        ("spec.limits.maxQueueBytes", json!({"limits": {"maxQueueBytes": 1}})),
        ("spec.podLabels", json!({"podLabels": {"relaycluster.dev/cluster": "other"}})),
        ("spec.redis.external", json!({"redis": {"mode": "External"}})),
        ("spec.ingress.hosts", json!({"ingress": {"hosts": []}})),
        ("spec.ingress.hosts", json!({"ingress": {"hosts": ["a_b"]}})),
        ("spec.ingress.path", json!({"ingress": {"hosts": ["a"], "path": "x"}})),
        ("spec.gateway.parentRefs", json!({"gateway": {"parentRefs": []}})),
        ("spec.gateway.hostnames", json!({"gateway": {"parentRefs": [{"name": "g"}], "hostnames": ["-"]}})),
        ("spec.networkPolicy", json!({"networkPolicy": {"clientPeers": [{}]}})),
        ("spec.monitoring.labels", json!({"monitoring": {"labels": {"relaycluster.dev/cluster": "x"}}})),
        ("spec.monitoring.intervalSeconds", json!({"monitoring": {"intervalSeconds": 0}})),
        ("spec.autoscaling.min", json!({"autoscaling": {"min": 3, "max": 2, "targetConnectionsPerPod": 1}})),
        (
            "spec.autoscaling.max",
            json!({"autoscaling": {"min": 1, "max": 501, "targetConnectionsPerPod": 1}}),
        ),
        (
            "spec.autoscaling.target",
            json!({"autoscaling": {"min": 1, "max": 2, "targetConnectionsPerPod": 0}}),
        ),
        ("spec.history.rooms.size", json!({"history": {"rooms": {"size": 0, "seconds": 1}}})),
        ("spec.rateLimits.requests", json!({"rateLimits": {"requests": -1}})),
        ("spec.profiles.stream.bufferSize", json!({"profiles": {"stream": {"bufferSize": 0}}})),
        ("spec.profiles.socketio.chatWorker", json!({"profiles": {"socketio": {"chatWorker": "a b"}}})),
        ("spec.profiles.socketio.transports", json!({"profiles": {"socketio": {"transports": []}}})),
        ("spec.trustedProxies", json!({"trustedProxies": ["10.0.0.0/33"]})),
        ("spec.auth.webhook.url", json!({"auth": {"webhook": {"url": "http://a.example"}}})),
        ("spec.auth.webhook.url", json!({"auth": {"webhook": {"url": "https://u:p@a.example"}}})),
        (
            "spec.auth.jwt.audiences",
            json!({"auth": {"jwt": {
            "audiences": ["a,b"], "secretRef": {"name": "jwt", "key": "secret"}}}}),
        ),
        (
            "spec.auth.jwt.issuers",
            json!({"auth": {"jwt": {
            "issuers": [{"issuer": "a", "jwksUrl": "http://a.example"}]}}}),
        ),
        ("spec.redis.managed.storage.size", json!({"redis": {"managed": {"storage": {"size": "1G"}}}})),
    ];
    for (field, spec) in cases {
        let error = check(spec.clone()).unwrap_err().to_string();
        assert!(error.starts_with(field), "{spec}: {error}");
    }
}

#[test]
fn no_text_can_end_its_line_in_the_settings_file() {
    let texts = [
        "https://a\nINSECURE=true",
        "https://a b",
        "https://a,https://b",
        "https://",
        "localhost",
        "https://a/",
        "https://u@a",
    ];
    for text in texts {
        assert!(check(json!({"cors": {"origins": [text]}})).is_err(), "{text:?}");
    }
    assert!(check(json!({"publicAccounts": ["a\nb"]})).is_err());
}

#[test]
fn every_broken_rule_is_named() {
    let error = check(json!({"replicas": 900, "service": {"port": 0}})).unwrap_err();
    assert_eq!(error.0.len(), 2);
}

#[test]
fn connection_tokens_that_anybody_gets_are_refused() {
    let error = check(json!({"auth": {"method": "None", "profiles": {"push": "Token"}}})).unwrap_err();
    assert!(error.to_string().starts_with("spec.auth.profiles: "), "{error}");
}

#[test]
fn connection_tokens_that_nobody_gets_are_refused() {
    let spec = json!({"auth": {"method": "Token"}, "publish": {"access": "Open"}});
    assert!(check(spec).unwrap_err().to_string().starts_with("spec.auth.method: "));
    assert!(check(json!({"auth": {"method": "Token"}})).is_ok());
}

#[test]
fn clients_are_anonymous_while_a_profile_that_is_on_asks_nothing() {
    let jwt = json!({"secretRef": {"name": "jwt", "key": "secret"}});
    let anonymous = |auth, profiles| {
        let spec = json!({"auth": auth, "profiles": profiles});
        check(spec).unwrap().auth.anonymous
    };
    let all = json!({"method": "JWT", "jwt": jwt});
    let but_push = json!({"method": "JWT", "jwt": jwt, "profiles": {"push": "None"}});
    assert!(!anonymous(all, json!({})));
    assert!(anonymous(but_push.clone(), json!({})));
    assert!(!anonymous(but_push, json!({"push": {"enabled": false}})));
}
