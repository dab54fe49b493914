//! The bare API server that the operator's own tests run against.
//! Needs the binaries: `cargo run -p e2e -- binaries`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // A helper of a test says what it expects by failing.

use std::time::Duration;

use e2e::apiserver::ApiServer;
use e2e::audit::AuditLog;
use e2e::files;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ObjectMeta, Patch, PatchParams, PostParams};

async fn write_a_config_map(server: &ApiServer, name: &str) -> ConfigMap {
    let api = Api::default_namespaced(server.client().await.unwrap());
    let metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
    api.create(&PostParams::default(), &ConfigMap { metadata, ..ConfigMap::default() }).await.unwrap()
}

/// The log is written before a request is answered, so there is nothing to wait for.
fn logged(server: &ApiServer) -> Vec<serde_json::Value> {
    let log = files::read(&server.audit_log()).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn an_object_that_was_written_is_there() {
    let server = ApiServer::start().await.unwrap();
    assert!(write_a_config_map(&server, "written").await.metadata.uid.is_some());
}

#[tokio::test]
async fn a_write_is_in_the_audit_log_with_its_user_and_verb() {
    let server = ApiServer::start().await.unwrap();
    write_a_config_map(&server, "audited").await;
    let entry = logged(&server).into_iter().find(|entry| entry["objectRef"]["name"] == "audited").unwrap();
    assert_eq!((&entry["user"]["username"], &entry["verb"]), (&"admin".into(), &"create".into()));
}

#[tokio::test]
async fn an_apply_of_a_new_object_is_in_the_audit_log_as_a_patch_that_created() {
    let server = ApiServer::start().await.unwrap();
    let api = Api::<ConfigMap>::default_namespaced(server.client().await.unwrap());
    let body =
        serde_json::json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "applied" } });
    api.patch("applied", &PatchParams::apply("test"), &Patch::Apply(body)).await.unwrap();
    let requests = AuditLog::from_the_start(&server.audit_log()).new_requests().unwrap();
    let own = requests.iter().find(|request| request.object_ref.name == "applied").unwrap();
    assert_eq!((own.verb.as_str(), own.creates()), ("patch", true));
}

#[tokio::test]
async fn two_servers_beside_each_other_know_nothing_of_each_other() {
    let (one, two) = tokio::try_join!(ApiServer::start(), ApiServer::start()).unwrap();
    write_a_config_map(&one, "mine").await;
    let other: Api<ConfigMap> = Api::default_namespaced(two.client().await.unwrap());
    assert!(other.get_opt("mine").await.unwrap().is_none());
}

#[tokio::test]
async fn a_server_that_is_dropped_no_longer_answers() {
    let server = ApiServer::start().await.unwrap();
    let address = server.url().strip_prefix("https://").unwrap().to_owned();
    drop(server);
    let connected = tokio::time::timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(address));
    assert!(connected.await.unwrap().is_err());
}
