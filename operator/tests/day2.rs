//! Visits after the first day, against an API server of a few lines: upgrades of the operator, pauses,
//! rests and restarts.

// The support functions are no tests themselves, and a failure of theirs is a failed test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use relay_operator::Options;
use serde_json::{Value, json};
use support::{CLUSTER, Shared};

const REDIS: &str = "/apis/apps/v1/namespaces/ns/statefulsets/demo-redis";

/// An operator of another version: it runs other images by default.
fn newer() -> Options {
    Options { relay_image: "relay:2".into(), redis_image: "redis:2".into(), ..Options::default() }
}

/// A cluster with this spec, as one operator made it.
async fn made(spec: Value) -> Shared {
    let server = Shared::with(spec);
    server.visit().await.unwrap();
    server.visit().await.unwrap();
    server.writes();
    server
}

/// Paths and content of the Deployments.
fn deployments(server: &Shared) -> Vec<(String, Value)> {
    let all = server.0.lock().unwrap().objects.clone();
    all.into_iter().filter(|(path, _)| path.contains("/deployments/")).collect()
}

fn templates(server: &Shared) -> Vec<Value> {
    let relays = deployments(server).into_iter().map(|(_, live)| live["spec"]["template"].clone());
    relays.chain(server.get(REDIS).map(|live| live["spec"]["template"].clone())).collect()
}

/// Changes the cluster as a person would.
fn edit(server: &Shared, change: impl FnOnce(&mut Value)) {
    let mut cluster = server.get(CLUSTER).unwrap();
    change(&mut cluster);
    server.put(CLUSTER, cluster);
}

fn status(server: &Shared) -> Value {
    server.get(CLUSTER).unwrap()["status"].clone()
}

#[tokio::test]
async fn f13_an_operator_with_other_defaults_writes_the_status_and_nothing_else() {
    let server = made(json!({})).await;
    let before = templates(&server);
    server.visit_with(newer()).await.unwrap();
    assert_eq!(server.writes(), [format!("PATCH {CLUSTER}/status")]);
    assert_eq!(templates(&server), before);
    assert_eq!(status(&server)["rollout"]["upgradePending"], "relays and Redis");
    server.visit_with(newer()).await.unwrap();
    assert_eq!(server.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn f13_what_an_operator_made_without_records_gets_them_and_keeps_its_pods() {
    let server = made(json!({})).await;
    let before = templates(&server);
    let mut paths: Vec<_> = deployments(&server).into_iter().map(|(path, _)| path).collect();
    paths.push(REDIS.to_owned());
    for path in &paths {
        let mut live = server.get(path).unwrap();
        live["metadata"].as_object_mut().unwrap().remove("annotations");
        server.put(path, live);
    }
    server.visit_with(newer()).await.unwrap();
    assert_eq!(templates(&server), before);
    for path in &paths {
        assert!(
            server.get(path).unwrap()["metadata"]["annotations"]["relaycluster.dev/template"].is_string()
        );
    }
}

#[tokio::test]
async fn f13_a_template_edited_by_hand_goes_back_to_what_a_former_operator_made() {
    let server = made(json!({})).await;
    let before = templates(&server);
    let (path, mut live) = deployments(&server).remove(0);
    live["spec"]["template"]["spec"]["containers"][0]["image"] = json!("evil:1");
    server.put(&path, live);
    server.visit_with(newer()).await.unwrap();
    assert_eq!(templates(&server), before);
}

#[tokio::test]
async fn f13_with_auto_a_new_revision_begins() {
    let server = made(json!({"upgradePolicy": "Auto"})).await;
    server.visit_with(newer()).await.unwrap();
    assert_eq!(deployments(&server).len(), 2);
}

#[tokio::test]
async fn f19_a_paused_cluster_is_not_written_to_and_says_what_is_left_undone() {
    let server = made(json!({})).await;
    let before = server.children();
    edit(&server, |cluster| cluster["spec"] = json!({"paused": true, "service": {"port": 81}}));
    server.visit().await.unwrap();
    assert_eq!(server.children(), before);
    assert_eq!(server.writes(), [format!("PATCH {CLUSTER}/status")]);
    assert_eq!(server.condition("Paused"), ("True".into(), "Paused".into()));
    assert_eq!(server.condition("Ready"), ("False".into(), "Paused".into()));
    let conditions = status(&server)["conditions"].to_string();
    assert!(conditions.contains("not written: Service demo"), "{conditions}");
}

#[tokio::test]
async fn f19_a_cluster_that_is_paused_from_the_start_makes_nothing() {
    let server = Shared::with(json!({"paused": true}));
    server.visit().await.unwrap();
    assert_eq!(server.writes(), [format!("PATCH {CLUSTER}/status")]);
}

#[tokio::test]
async fn f19_a_paused_cluster_removes_nothing() {
    let server = made(json!({})).await;
    edit(&server, |cluster| cluster["spec"] = json!({"paused": true, "replicas": 1}));
    server.visit().await.unwrap();
    assert!(server.writes().iter().all(|write| !write.starts_with("DELETE")));
}

#[tokio::test]
async fn f19_a_cluster_goes_on_after_a_pause() {
    let server = made(json!({"paused": true, "service": {"port": 81}})).await;
    edit(&server, |cluster| cluster["spec"]["paused"] = json!(false));
    server.visit().await.unwrap();
    let service = server.get("/api/v1/namespaces/ns/services/demo").unwrap();
    assert_eq!(service["spec"]["ports"][0]["port"], 81);
    assert_eq!(server.condition("Paused").0, "False");
}

#[tokio::test]
async fn f19_a_stopped_cluster_asks_for_no_relay_and_keeps_redis() {
    let server = made(json!({"replicas": 3})).await;
    edit(&server, |cluster| cluster["spec"]["stopped"] = json!(true));
    server.visit().await.unwrap();
    let size = |object: Value| object["spec"]["replicas"].clone();
    let relays: Vec<_> = deployments(&server).into_iter().map(|(_, live)| size(live)).collect();
    assert_eq!((relays, size(server.get(REDIS).unwrap())), (vec![json!(0)], json!(1)));
    server.visit().await.unwrap();
    assert_eq!(server.condition("Ready"), ("True".into(), "Stopped".into()));
    edit(&server, |cluster| cluster["spec"]["stopped"] = json!(false));
    server.visit().await.unwrap();
    assert_eq!(deployments(&server).remove(0).1["spec"]["replicas"], 3);
}

#[tokio::test]
async fn f19_each_new_value_of_the_restart_annotation_is_one_new_revision() {
    let server = made(json!({})).await;
    edit(&server, |cluster| {
        cluster["metadata"]["annotations"] = json!({"relaycluster.dev/restartedAt": "2026-11-22T05:00:00Z"});
    });
    server.visit().await.unwrap();
    assert_eq!(deployments(&server).len(), 2);
    server.visit().await.unwrap();
    server.writes();
    server.visit().await.unwrap();
    assert_eq!(server.writes(), Vec::<String>::new());
}
