use std::net::SocketAddr;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use relay_contract::admin::{CONFIG_PATH, ConfigRequest, STATUS_PATH};

use super::super::ask::{Address, NoAnswer, client};
use super::super::settings::Settings;
use super::*;
use crate::reconcile::secret_value::SecretValue;

const STATUS: &str = r#"{"version":"1","node":"a","startedAt":1,"accepting":true,
    "connections":{"total":7},"bus":{"kind":"redis","state":"ok"}}"#;

async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn relay(answer: (StatusCode, String)) -> SocketAddr {
    serve(Router::new().route(STATUS_PATH, get(move || async move { answer.clone() }))).await
}

async fn ask(address: SocketAddr) -> Result<u64, NoAnswer> {
    let (client, token) = (client().unwrap(), SecretValue::random());
    let answer = Address { client: &client, address, token: &token }.status().await;
    answer.map(|status| status.connections.total)
}

/// Tells a relay that takes `A=1` and nothing else.
async fn tell(text: &str) -> Result<u64, NoAnswer> {
    let answer = |Json(request): Json<ConfigRequest>| async move {
        if request.settings == "A=1\n" {
            (StatusCode::OK, STATUS)
        } else {
            (StatusCode::UNPROCESSABLE_ENTITY, "{}")
        }
    };
    let address = serve(Router::new().route(CONFIG_PATH, axum::routing::put(answer))).await;
    let (client, token) = (client().unwrap(), SecretValue::random());
    let relay = Address { client: &client, address, token: &token };
    relay.tell(&Settings::new(text.to_owned())).await.map(|status| status.connections.total)
}

#[tokio::test]
async fn a_relay_that_takes_its_settings_says_how_it_is_doing_then() {
    assert_eq!(tell("A=1\n").await, Ok(7));
}

#[tokio::test]
async fn a_relay_that_does_not_take_its_settings_is_told_from_a_broken_one() {
    assert_eq!(tell("A=2\n").await, Err(NoAnswer::Rejected));
}

#[tokio::test]
async fn a_status_document_is_an_answer() {
    assert_eq!(ask(relay((StatusCode::OK, STATUS.to_owned())).await).await, Ok(7));
}

#[tokio::test]
async fn nonsense_is_no_answer() {
    assert_eq!(ask(relay((StatusCode::OK, "<html>".to_owned())).await).await, Err(NoAnswer::Garbage));
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let long = "x".repeat(200_000);
    assert_eq!(ask(relay((StatusCode::OK, long)).await).await, Err(NoAnswer::Garbage));
}

#[tokio::test]
async fn a_refused_token_is_told_from_a_broken_relay() {
    assert_eq!(ask(relay((StatusCode::FORBIDDEN, String::new())).await).await, Err(NoAnswer::Refused));
    assert_eq!(ask(relay((StatusCode::BAD_GATEWAY, String::new())).await).await, Err(NoAnswer::Status));
}

#[tokio::test]
async fn nobody_at_the_address_is_no_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(ask(address).await, Err(NoAnswer::Unreachable));
}

/// A relay of the cluster `ns/a` at the address of these tests.
fn pod(uid: &str) -> Pod {
    let pod = serde_json::json!({
        "metadata": {
            "name": uid, "namespace": "ns", "uid": uid, "labels": { CLUSTER: "a", COMPONENT: RELAY },
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true, "name": "r", "uid": "r",
            }],
        },
        "status": { "phase": "Running", "podIP": "127.0.0.1" },
    });
    serde_json::from_value(pod).unwrap()
}

#[tokio::test]
async fn f16_a_relay_that_somebody_waits_for_is_asked_while_a_round_is_under_way() {
    let every = Duration::from_secs(600);
    let (store, mut writer) = kube::runtime::reflector::store();
    let mut comes = |uid: &str| {
        writer.apply_watcher_event(&kube::runtime::watcher::Event::Apply(pod(uid)));
    };
    ["a", "b", "c"].into_iter().for_each(&mut comes);
    let cluster = ClusterKey { namespace: "ns".to_owned(), name: "a".to_owned() };
    let (fleet, _changes) = Fleet::new(every);
    let token = SecretValue::random();
    fleet.watch(cluster, Target { uid: "u".to_owned(), token, settings: None, drain: None, scales: false });
    let port = relay((StatusCode::OK, STATUS.to_owned())).await.port();
    let engine = Engine::new(fleet.clone(), store, Metrics::new().unwrap(), port, every).unwrap();
    let waiting = async {
        // The round has begun, for the engine is polled first, and takes minutes.
        comes("urgent");
        fleet.hurry();
        fleet.all_asked(&["urgent"], Duration::from_secs(60)).await;
    };
    tokio::select! {
        biased;
        () = engine.run() => {}
        () = waiting => {}
    }
    assert!(fleet.status("urgent").is_some());
}
