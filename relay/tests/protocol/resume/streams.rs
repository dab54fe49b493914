//! Event streams.

use serde_json::json;

use super::{push, relay};
use crate::support::{Events, TestRelay, until};

/// A stream of alice that goes on after `id`.
async fn stream(relay: &TestRelay, id: Option<&str>) -> Events {
    let request = reqwest::Client::new().get(relay.url("/sse/alice"));
    let request = id.into_iter().fold(request, |request, id| request.header("Last-Event-ID", id));
    Events::from(request.send().await.unwrap())
}

fn field<'a>(event: &'a str, name: &str) -> Option<&'a str> {
    event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The first event of a stream: its id, and what it says.
async fn told(stream: &mut Events) -> (Option<String>, String) {
    let mut event = stream.next().await.unwrap();
    if event.starts_with("retry: ") {
        event = stream.next().await.unwrap();
    }
    assert_eq!(field(&event, "event"), Some("recovery"));
    (field(&event, "id").map(str::to_owned), field(&event, "data").unwrap().to_owned())
}

/// The text of the next message and its id.
async fn message(stream: &mut Events) -> (String, String) {
    let event = stream.next().await.unwrap();
    let data: serde_json::Value = serde_json::from_str(field(&event, "data").unwrap()).unwrap();
    (data["text"].as_str().unwrap().to_owned(), field(&event, "id").unwrap().to_owned())
}

const NEW: &str = r#"{"recovered":false,"replayed":0}"#;

#[tokio::test]
async fn a_stream_that_comes_back_gets_what_it_missed_and_then_what_comes() {
    let relay = relay();
    let mut first = stream(&relay, None).await;
    assert_eq!(told(&mut first).await.1, NEW);
    push(&relay, &["one"]).await;
    let (text, id) = message(&mut first).await;
    assert_eq!(text, "one");
    drop(first);
    push(&relay, &["two", "three"]).await;
    let mut second = stream(&relay, Some(&id)).await;
    assert_eq!(told(&mut second).await, (Some(id), r#"{"recovered":true,"replayed":2}"#.to_owned()));
    push(&relay, &["four"]).await;
    for expected in ["two", "three", "four"] {
        assert_eq!(message(&mut second).await.0, expected);
    }
}

#[tokio::test]
async fn a_stream_that_got_nothing_yet_can_come_back_too() {
    let relay = relay();
    let (id, _) = told(&mut stream(&relay, None).await).await;
    push(&relay, &["one"]).await;
    let mut second = stream(&relay, id.as_deref()).await;
    assert_eq!(told(&mut second).await.1, r#"{"recovered":true,"replayed":1}"#);
    assert_eq!(message(&mut second).await.0, "one");
}

#[tokio::test]
async fn a_polyfill_tells_the_id_in_the_address() {
    let relay = relay();
    let (id, _) = told(&mut stream(&relay, None).await).await;
    for name in ["lastEventId", "last_event_id"] {
        let path = format!("/sse/alice?{name}={}", id.as_ref().unwrap());
        let mut again = Events::get(&relay.url(&path)).await;
        assert_eq!(told(&mut again).await.1, r#"{"recovered":true,"replayed":0}"#, "{name}");
    }
}

#[tokio::test]
async fn an_id_of_another_server_or_another_life_is_not_recovered() {
    let relay = relay();
    for id in ["17", "m1", "00000000deadbeef-1"] {
        assert_eq!(told(&mut stream(&relay, Some(id)).await).await.1, NEW, "{id}");
    }
}

#[tokio::test]
async fn a_stream_that_missed_more_than_is_kept_is_told_so() {
    let relay = TestRelay::with(&[("HISTORY", "users=2/300")]);
    let (id, _) = told(&mut stream(&relay, None).await).await;
    push(&relay, &["one", "two", "three"]).await;
    let mut second = stream(&relay, id.as_deref()).await;
    assert_eq!(told(&mut second).await, (None, r#"{"recovered":false,"replayed":2}"#.to_owned()));
    assert_eq!(message(&mut second).await.0, "two");
}

#[tokio::test]
async fn how_much_is_kept_changes_and_ends_no_stream() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "HISTORY=users=2/300\n").unwrap();
    let relay = TestRelay::with(&[("CONFIG_FILE", file.path().to_str().unwrap())]);
    let mut stays = stream(&relay, None).await;
    let (id, _) = told(&mut stays).await;
    let settings = json!({"settings": "HISTORY=users=3/300\n"});
    let request = reqwest::Client::new().put(relay.admin_url("/admin/v1/config")).json(&settings);
    assert_eq!(request.send().await.unwrap().status(), 200);
    push(&relay, &["one", "two", "three"]).await;
    let mut second = stream(&relay, id.as_deref()).await;
    assert_eq!(told(&mut second).await.1, r#"{"recovered":true,"replayed":3}"#);
    assert_eq!(message(&mut stays).await.0, "one");
}

#[tokio::test]
async fn r004_24_the_id_of_a_message_stays_in_its_body() {
    let relay = relay();
    let mut alice = stream(&relay, None).await;
    told(&mut alice).await;
    let body = json!({"player_id": "alice", "message": {"type": "t", "content": "c", "id": "mine"}});
    relay.post("/api/messages", body).await;
    assert_eq!(alice.json().await["id"], "mine");
}

#[tokio::test]
async fn r000_04_a_push_that_is_kept_says_whether_somebody_is_there() {
    let relay = relay();
    let answer =
        async || relay.post("/sse/push", json!({"user_id": "alice", "data": {}})).await.1["message"].clone();
    assert_eq!(answer().await, "User not connected");
    let _alice = stream(&relay, None).await;
    relay.has_connections(1).await;
    assert_eq!(answer().await, "Message delivered");
}

#[tokio::test]
async fn a_message_for_a_player_who_is_away_is_kept_once_and_not_tried_again() {
    let relay = relay();
    let (id, _) = told(&mut stream(&relay, None).await).await;
    relay.has_connections(0).await;
    let body = json!({"player_id": "alice", "message": {"type": "t", "content": "c"}});
    assert_eq!(relay.post("/api/messages", body).await.1["retrying"], false);
    let mut second = stream(&relay, id.as_deref()).await;
    assert_eq!(told(&mut second).await.1, r#"{"recovered":true,"replayed":1}"#);
}

#[tokio::test]
async fn r001_21_events_are_recovered_too() {
    let relay = relay();
    let events = async |id: &str| Events::get(&relay.url(&format!("/stream/events?lastEventId={id}"))).await;
    let (id, _) = told(&mut events("").await).await;
    let mut sender = crate::support::Client::connect(&format!("ws://{}/ws/ingest", relay.address)).await;
    for number in 0..3 {
        sender.send_json(json!({"type": "click", "number": number})).await;
    }
    let id = id.unwrap();
    until("three events", async || relay.get("/api/events").await["events"].as_array().unwrap().len() == 3)
        .await;
    let mut again = events(&id).await;
    assert!(told(&mut again).await.1.starts_with(r#"{"recovered":true"#));
    for number in 0..3 {
        assert_eq!(again.json().await["number"], number);
    }
}
