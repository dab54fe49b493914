use serde_json::{Value, json};

use super::super::apply::covers::difference;
use super::super::build::build;
use super::super::fixtures::{childless, keys, root};
use super::super::validate::validate;
use super::*;
use crate::options::Options;

/// An operator of this version; versions differ in the images that they run by default.
fn version(number: u32) -> Options {
    let (relay_image, redis_image) = (format!("relay:{number}"), format!("redis:{number}"));
    Options { relay_image, redis_image, ..Options::default() }
}

fn validated(spec: &Value, number: u32) -> Validated {
    validate(&root(spec.clone()), &version(number)).unwrap()
}

/// What an operator makes of a spec.
fn built(spec: &Value, number: u32) -> Wanted {
    build(&validated(spec, number), &keys())
}

/// A cluster whose relays and Redis stand there as one operator made them.
fn stands(wanted: Wanted) -> Observed {
    let mut observed = childless(root(json!({})));
    observed.children.deployments = vec![wanted.deployment];
    observed.children.redis.object = wanted.redis.map(|redis| redis.servers.sets()[0].clone());
    observed
}

/// What a second operator leaves and wants after a first one made `before`, and the spec became `after`.
fn upgraded(before: &Value, after: &Value, turn: bool) -> (Wanted, Kept) {
    let observed = stands(built(before, 1));
    let mut wanted = built(after, 2);
    let kept = keep(&mut wanted, &validated(after, 2), &observed, || turn);
    (wanted, kept)
}

fn image(wanted: &Wanted) -> String {
    let spec = wanted.deployment.spec.clone().unwrap();
    spec.template.spec.unwrap().containers.remove(0).image.unwrap()
}

fn redis_image(wanted: &Wanted) -> String {
    let spec = wanted.redis.clone().unwrap().servers.sets()[0].clone().spec.unwrap();
    spec.template.spec.unwrap().containers.remove(0).image.unwrap()
}

#[test]
fn f13_an_upgrade_keeps_relays_and_redis_as_they_are_and_says_that_it_would_not() {
    let (wanted, kept) = upgraded(&json!({}), &json!({}), false);
    assert_eq!((wanted.deployment, wanted.revision), {
        let before = built(&json!({}), 1);
        (before.deployment, before.revision)
    });
    assert_eq!(wanted.redis, built(&json!({}), 1).redis);
    assert_eq!(kept, Kept { relays: true, redis: true, waits: false });
}

#[test]
fn f13_settings_that_change_live_bring_no_new_defaults() {
    let live = json!({"replicas": 7, "cors": {"origins": ["*"]}, "log": {"level": "Debug"}, "limits": {"maxConnections": 9}});
    let (wanted, _) = upgraded(&json!({}), &live, false);
    assert_eq!(image(&wanted), "relay:1");
}

#[test]
fn f13_a_change_that_replaces_relays_anyway_brings_new_defaults_to_them_and_leaves_redis() {
    let (wanted, kept) = upgraded(&json!({}), &json!({"drain": {"timeoutSeconds": 9}}), false);
    assert_eq!([image(&wanted), redis_image(&wanted)], ["relay:2", "redis:1"]);
    assert_eq!(kept, Kept { relays: false, redis: true, waits: false });
}

#[test]
fn f13_a_change_of_redis_brings_new_defaults_to_it_and_leaves_the_relays() {
    let after = json!({"redis": {"managed": {"resources": {"limits": {"memory": "1Gi"}}}}});
    let (wanted, _) = upgraded(&json!({}), &after, false);
    assert_eq!([image(&wanted), redis_image(&wanted)], ["relay:1", "redis:2"]);
}

#[test]
fn f13_with_auto_new_defaults_come_when_it_is_the_clusters_turn() {
    let spec = json!({"upgradePolicy": "Auto"});
    let (waiting, kept) = upgraded(&spec, &spec, false);
    assert_eq!((image(&waiting).as_str(), kept.waits), ("relay:1", true));
    let (begun, kept) = upgraded(&spec, &spec, true);
    assert_eq!((image(&begun).as_str(), kept), ("relay:2", Kept::default()));
}

#[test]
fn f13_no_turn_is_taken_where_nothing_is_pending() {
    let spec = json!({"upgradePolicy": "Auto"});
    let observed = stands(built(&spec, 2));
    let kept = keep(&mut built(&spec, 2), &validated(&spec, 2), &observed, || panic!("it was asked for"));
    assert_eq!(kept, Kept::default());
}

#[test]
fn f13_a_template_edited_by_hand_is_put_back_to_what_the_former_operator_made() {
    let mut observed = stands(built(&json!({}), 1));
    let live = observed.children.deployments[0].spec.as_mut().unwrap();
    live.template.spec.as_mut().unwrap().host_network = Some(true);
    let mut wanted = built(&json!({}), 2);
    keep(&mut wanted, &validated(&json!({}), 2), &observed, || false);
    assert_eq!(wanted.deployment, built(&json!({}), 1).deployment);
}

#[test]
fn f13_relays_without_a_record_are_taken_as_they_are_if_the_status_says_they_are_of_this_spec() {
    let before = built(&json!({}), 1);
    let (revision, mut observed) = (before.revision.clone(), stands(before));
    observed.children.deployments[0].metadata.annotations = None;
    observed.root.stored_status = json!({"observedGeneration": 1, "rollout":
        {"revision": revision, "updated": 2, "remaining": 0}});
    let adopted = |observed: &Observed| {
        let mut wanted = built(&json!({}), 2);
        keep(&mut wanted, &validated(&json!({}), 2), observed, || false);
        (wanted.revision.clone(), image(&wanted))
    };
    assert_eq!(adopted(&observed), (revision, "relay:1".to_owned()));
    observed.root.stored_status["observedGeneration"] = json!(0);
    assert_eq!(adopted(&observed).1, "relay:2");
}

#[test]
fn f13_a_record_edited_by_hand_is_none() {
    let mut metadata = built(&json!({}), 1).deployment.metadata;
    let template = metadata.annotations.as_mut().unwrap().get_mut("relaycluster.dev/template").unwrap();
    *template = template.replace("relay:1", "evil:1");
    assert_eq!(Record::read(&metadata), None);
}

#[test]
fn f13_what_is_kept_is_no_difference_to_what_stands_there() {
    let (wanted, _) = upgraded(&json!({}), &json!({}), false);
    let live = built(&json!({}), 1);
    let json = |it: &Deployment| serde_json::to_value(it).unwrap();
    assert_eq!(difference(&json(&wanted.deployment), &json(&live.deployment)), None);
}

#[test]
fn f13_every_field_that_makes_other_pods_is_a_decision_of_the_user() {
    let none = built(&json!({}), 1);
    let cases = [
        json!({"image": "other"}),
        json!({"imagePullPolicy": "Always"}),
        json!({"imagePullSecrets": [{"name": "a"}]}),
        json!({"resources": {"requests": {"cpu": "1"}}}),
        json!({"nodeSelector": {"a": "b"}}),
        json!({"tolerations": [{"operator": "Exists"}]}),
        json!({"affinity": {"podAntiAffinity": {}}}),
        json!({"topologySpreadConstraints": []}),
        json!({"priorityClassName": "high"}),
        json!({"podLabels": {"a": "b"}}),
        json!({"podAnnotations": {"a": "b"}}),
        json!({"publish": {"access": "Open"}}),
        json!({"drain": {"timeoutSeconds": 9}}),
        json!({"drain": {"maxDisconnectsPerSecond": 9}}),
        json!({"replicas": 1, "redis": {"mode": "None"}}),
        json!({"redis": {"mode": "External", "external": {"urlSecretRef": {"name": "a"}}}}),
        json!({"history": {"users": {"size": 1, "seconds": 1}}}),
        json!({"profiles": {"dual": {"enabled": false}}}),
        json!({"profiles": {"dual": {"sessionSeconds": 60}}}),
        json!({"profiles": {"stream": {"bufferSize": 5}}}),
        json!({"profiles": {"tokens": {"chunkField": true}}}),
        json!({"profiles": {"socketio": {"pingIntervalSeconds": 5}}}),
        json!({"profiles": {"socketio": {"pingTimeoutSeconds": 5}}}),
        json!({"profiles": {"socketio": {"recoverySeconds": 5}}}),
        json!({"auth": {"method": "Token"}}),
        json!({"limits": {"maxNodeQueueMebibytes": 1}}),
    ];
    let inputs = |wanted: &Wanted| Record::read(&wanted.deployment.metadata).unwrap().inputs;
    for spec in cases {
        assert_ne!(inputs(&built(&spec, 1)), inputs(&none), "{spec}");
    }
}

/// Whoever has to change one of these hashes has every cluster replace its pods at the upgrade.
#[test]
fn f13_what_the_user_decided_has_the_same_hash_in_every_version() {
    let inputs = |spec: Value| Record::read(&built(&spec, 1).deployment.metadata).unwrap().inputs;
    let rich = json!({"image": "a", "drain": {"timeoutSeconds": 9}, "profiles": {"dual": {"enabled": false}},
        "history": {"users": {"size": 1, "seconds": 1}}, "podLabels": {"a": "b"}});
    let redis = built(&json!({}), 1).redis.unwrap().servers.sets()[0].clone().metadata;
    insta::assert_yaml_snapshot!([inputs(json!({})), inputs(rich), Record::read(&redis).unwrap().inputs]);
}
