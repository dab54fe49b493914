//! Engine.IO 4 and 3, case by case as the documents of the protocol have it, with the pace that its
//! conformance suites use (requirements 002-01 to 002-06).

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::polls::Polls;
use crate::support::{Client, Example, Received, soon, until};

const PACE: [(&str, &str); 3] =
    [("PING_INTERVAL", "300"), ("PING_TIMEOUT", "200"), ("MAX_PAYLOAD", "1000000")];

/// Where answers may take their time.
const PATIENT: [(&str, &str); 2] = [("PING_INTERVAL", "300"), ("PING_TIMEOUT", "10000")];

/// Where pings would only be in the way.
const CALM: [(&str, &str); 1] = [("MAX_PAYLOAD", "1000000")];

async fn server(settings: &[(&str, &str)]) -> Example {
    Example::start("engineio_echo", settings).await
}

async fn socket(server: &Example, version: u8) -> Client {
    let url = format!("ws://{}/engine.io/?EIO={version}&transport=websocket", server.address);
    let mut client = Client::connect(&url).await;
    assert!(matches!(client.next().await, Received::Text(terms) if terms.starts_with("0{")));
    client
}

async fn polls(server: &Example, version: u8) -> Polls {
    Polls::begin(&server.address, "/engine.io/", version).await
}

fn text(text: &str) -> (u16, String) {
    (200, text.to_owned())
}

#[tokio::test]
async fn r002_03_r002_05_both_ways_tell_the_terms_that_are_set() {
    let server = server(&PACE).await;
    let url = format!("{}/engine.io/?EIO=4&transport=", server.address);
    let body = reqwest::get(format!("http://{url}polling")).await.unwrap().text().await.unwrap();
    let mut client = Client::connect(&format!("ws://{url}websocket")).await;
    let Received::Text(first) = client.next().await else { panic!("the terms come first") };
    for (terms, upgrades) in [(body, json!(["websocket"])), (first, json!([]))] {
        let mut terms: Value = serde_json::from_str(terms.strip_prefix('0').unwrap()).unwrap();
        assert!(terms["sid"].take().is_string());
        let told = json!({"sid": null, "upgrades": upgrades, "pingInterval": 300, "pingTimeout": 200,
            "maxPayload": 1_000_000});
        assert_eq!(terms, told);
    }
}

#[tokio::test]
async fn r002_01_a_handshake_with_a_wrong_parameter_or_method_is_refused() {
    let server = server(&PACE).await;
    let http = reqwest::Client::new();
    for (method, query) in [
        ("GET", "transport=polling"),
        ("GET", "EIO=abc&transport=polling"),
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=abc"),
        ("POST", "EIO=4&transport=polling"),
        ("PUT", "EIO=4&transport=polling"),
    ] {
        let url = format!("http://{}/engine.io/?{query}", server.address);
        let answer = http.request(method.parse().unwrap(), url).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{method} {query}");
    }
    for query in ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"] {
        let url = format!("ws://{}/engine.io/?{query}", server.address);
        assert!(Client::with_headers(&url, &[]).await.is_err(), "{query}");
    }
}

#[tokio::test]
async fn r002_03_version_4_is_pinged_and_stays_as_long_as_it_answers() {
    let server = server(&PATIENT).await;
    let (polls, mut client) = (polls(&server, 4).await, socket(&server, 4).await);
    let polling = async {
        for _ in 0..3 {
            assert_eq!(polls.poll().await, text("2"));
            assert_eq!(polls.post("3").await, text("ok"));
        }
    };
    let listening = async {
        for _ in 0..3 {
            assert_eq!(client.next().await, Received::Text("2".to_owned()));
            client.send(Message::text("3")).await;
        }
    };
    tokio::join!(polling, listening);
}

#[tokio::test]
async fn r002_03_version_4_that_answers_no_ping_is_closed() {
    let server = server(&PACE).await;
    let polls = polls(&server, 4).await;
    let mut client = socket(&server, 4).await;
    assert_eq!(client.next().await, Received::Text("2".to_owned()));
    assert!(matches!(client.next().await, Received::Close(..)));
    until("the end of the session that polls", async || polls.poll().await.0 == 400).await;
}

#[tokio::test]
async fn r002_06_version_3_pings_and_is_answered_with_its_text() {
    let server = server(&CALM).await;
    let (polls, mut client) = (polls(&server, 3).await, socket(&server, 3).await);
    assert_eq!(polls.post("6:2probe").await, text("ok"));
    assert_eq!(polls.poll().await, text("6:3probe"));
    client.send(Message::text("2")).await;
    assert_eq!(client.next().await, Received::Text("3".to_owned()));
}

#[tokio::test]
async fn r002_06_version_3_that_does_not_ping_is_closed() {
    let server = server(&PACE).await;
    let mut client = socket(&server, 3).await;
    assert!(matches!(client.next().await, Received::Close(..)));
}

/// What a poll and a request after it bring. The second one may overtake the first, which shows in
/// what they bring: then once more, with another session.
async fn polled_and(
    server: &Example,
    version: u8,
    expected: ((u16, String), u16),
    request: impl AsyncFn(&Polls) -> u16,
) {
    until(&format!("{expected:?} for {version}"), async || {
        let polls = polls(server, version).await;
        let after = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            request(&polls).await
        };
        let brought = tokio::join!(polls.poll(), after);
        assert_eq!(polls.poll().await.0, 400, "the session is over");
        brought == expected
    })
    .await;
}

#[tokio::test]
async fn a_client_that_polls_may_close_its_session() {
    let server = server(&CALM).await;
    polled_and(&server, 4, (text("6"), 200), async |polls| polls.post("1").await.0).await;
    polled_and(&server, 3, (text("1:6"), 200), async |polls| polls.post("1:1").await.0).await;
}

#[tokio::test]
async fn two_polls_at_once_close_the_session() {
    let server = server(&CALM).await;
    polled_and(&server, 4, (text("1"), 400), async |polls| polls.poll().await.0).await;
    polled_and(&server, 3, (text("1:1"), 400), async |polls| polls.poll().await.0).await;
}

#[tokio::test]
async fn a_client_on_a_websocket_may_close_its_session() {
    let server = server(&CALM).await;
    for version in [4, 3] {
        let mut client = socket(&server, version).await;
        client.send(Message::text("1")).await;
        assert!(matches!(client.next().await, Received::Close(..)), "{version}");
    }
}

#[tokio::test]
async fn messages_come_back_by_polling() {
    let server = server(&CALM).await;
    for body in ["4hello", "4hé€\u{1f600}", "4one\u{1e}4two\u{1e}4three", "bAQIDBA==", "4a\u{1e}bAQIDBA=="]
    {
        let polls = polls(&server, 4).await;
        assert_eq!((polls.post(body).await, polls.poll().await), (text("ok"), text(body)));
    }
}

#[tokio::test]
async fn r002_06_messages_of_version_3_come_back_in_text_to_who_cannot_take_bytes() {
    let server = server(&CALM).await;
    for body in ["6:4hello", "5:4h\u{e9}\u{1f600}", "4:4one4:4two6:4three", "10:b4AQIDBA=="] {
        let url = format!("http://{}/engine.io/?EIO=3&transport=polling&b64=1", server.address);
        let terms = reqwest::get(&url).await.unwrap().text().await.unwrap();
        let sid = terms.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap();
        let polls = Polls { url: format!("{url}&sid={sid}"), sid: sid.to_owned() };
        assert_eq!(polls.post(body).await, text("ok"), "{body}");
        assert_eq!(polls.poll().await, text(body), "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_packet_closes_the_session() {
    let server = server(&CALM).await;
    for (version, body) in [(4, "abc"), (4, "4a\u{1e}"), (4, "b!"), (3, "abc"), (3, "9:4a"), (3, "3:9ab")] {
        let polls = polls(&server, version).await;
        assert_eq!((polls.post(body).await.0, polls.poll().await.0), (400, 400), "{version} {body}");
    }
}

#[tokio::test]
async fn what_is_no_packet_closes_a_websocket() {
    let server = server(&CALM).await;
    for version in [4, 3] {
        let mut client = socket(&server, version).await;
        client.send(Message::text("abc")).await;
        assert!(matches!(client.next().await, Received::Close(..)), "{version}");
    }
}

/// An upgraded session, and its address for requests by polling.
async fn upgraded(server: &Example, version: u8) -> (Client, Polls) {
    let polls = polls(server, version).await;
    let url =
        format!("ws://{}/engine.io/?EIO={version}&transport=websocket&sid={}", server.address, polls.sid);
    let mut client = Client::connect(&url).await;
    client.send(Message::text("2probe")).await;
    assert_eq!(client.next().await, Received::Text("3probe".to_owned()));
    client.send(Message::text("5")).await;
    client.send(Message::text("4hello")).await;
    assert_eq!(client.next().await, Received::Text("4hello".to_owned()));
    (client, polls)
}

#[tokio::test]
async fn r002_02_an_upgraded_session_refuses_requests_by_polling_and_lives_on() {
    let server = server(&CALM).await;
    for version in [4, 3] {
        let (mut client, polls) = upgraded(&server, version).await;
        assert_eq!((polls.poll().await.0, polls.post("4hello").await.0), (400, 400), "{version}");
        client.send(Message::text("4still")).await;
        assert_eq!(client.next().await, Received::Text("4still".to_owned()));
    }
}

#[tokio::test]
async fn r002_02_an_upgraded_session_refuses_a_second_websocket_and_lives_on() {
    let server = server(&CALM).await;
    let (mut client, polls) = upgraded(&server, 4).await;
    let url = format!("ws://{}/engine.io/?EIO=4&transport=websocket&sid={}", server.address, polls.sid);
    assert!(soon(Client::with_headers(&url, &[])).await.is_err());
    client.send(Message::text("4still")).await;
    assert_eq!(client.next().await, Received::Text("4still".to_owned()));
}

#[tokio::test]
async fn r002_05_a_message_over_the_limit_that_is_set_closes_a_websocket() {
    let server = server(&[("MAX_PAYLOAD", "1000")]).await;
    let mut client = socket(&server, 4).await;
    client.send(Message::text(format!("4{}", "x".repeat(999)))).await;
    assert!(matches!(client.next().await, Received::Text(_)));
    client.send(Message::text(format!("4{}", "x".repeat(1000)))).await;
    assert_eq!(client.close_code().await, 1009);
}
