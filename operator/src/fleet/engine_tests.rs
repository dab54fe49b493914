use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use relay_contract::admin::STATUS_PATH;

use super::super::ask::{NoAnswer, client, status};
use crate::reconcile::secret_value::SecretValue;

async fn relay(answer: (StatusCode, String)) -> SocketAddr {
    let app = Router::new().route(STATUS_PATH, get(move || async move { answer.clone() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn ask(address: SocketAddr) -> Result<u64, NoAnswer> {
    let token = SecretValue::random();
    let answer = status(&client().unwrap(), address.ip(), address.port(), &token).await;
    answer.map(|status| status.connections.total)
}

#[tokio::test]
async fn a_status_document_is_an_answer() {
    let document = r#"{"version":"1","node":"a","startedAt":1,"accepting":true,
        "connections":{"total":7},"bus":{"kind":"redis","state":"ok"}}"#;
    assert_eq!(ask(relay((StatusCode::OK, document.to_owned())).await).await, Ok(7));
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
