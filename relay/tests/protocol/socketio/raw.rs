//! The protocol by hand: what no client does.

use serde_json::{Value, json};

use crate::support::{Client, Received, TestRelay, node, until};

/// Begins a session that polls, and gives scripts `base`, its address.
const SESSION: &str = r#"
    const start = url + "/socket.io/?EIO=4&transport=polling";
    const { sid } = JSON.parse((await (await fetch(start)).text()).slice(1));
    const base = start + "&sid=" + sid;
    const poll = async () => { const a = await fetch(base); return [a.status, await a.text()]; };
    const send = async (body) => (await fetch(base, { method: "POST", body })).status;
"#;

async fn session(relay: &TestRelay, script: &str) -> Value {
    node(relay.address, &format!("{SESSION} {script}")).await
}

#[tokio::test]
async fn a_body_that_is_no_packet_ends_the_session() {
    let relay = TestRelay::start();
    let result = session(&relay, "return [await send('abc'), (await poll())[0]];").await;
    assert_eq!(result, json!([400, 400]));
}

#[tokio::test]
async fn a_poll_that_is_given_up_ends_the_session() {
    let relay = TestRelay::start();
    let script = r#"
        const stop = new AbortController();
        const first = fetch(base, { signal: stop.signal }).catch(() => "aborted");
        await pause(50);
        stop.abort();
        await first;
    "#;
    session(&relay, script).await;
    relay.has_connections(0).await;
}

#[tokio::test]
async fn bytes_go_through_polling_as_base64() {
    let relay = TestRelay::start();
    let script = r#"
        await send('40');
        await poll();
        await send('451-1["conversation:join",{"conversationId":"c","x":{"_placeholder":true,"num":0}}]\x1ebAQID');
        return await poll();
    "#;
    let ack = r#"431[{"conversationId":"c","status":"ok"}]"#;
    assert_eq!(session(&relay, script).await, json!([200, ack]));
}

#[tokio::test]
async fn r002_02_a_session_that_only_polled_is_counted_at_its_end() {
    let relay = TestRelay::start();
    session(&relay, "return await send('1');").await;
    relay.has_connections(0).await;
    let figures = async || reqwest::get(relay.admin_url("/metrics")).await.unwrap().text().await.unwrap();
    until("the session is counted", async || {
        figures().await.contains("\nrelay_socketio_fallbacks_total 1\n")
    })
    .await;
}

async fn socket(relay: &TestRelay) -> Client {
    let mut client =
        Client::connect(&format!("ws://{}/socket.io/?EIO=4&transport=websocket", relay.address)).await;
    assert!(matches!(client.next().await, Received::Text(terms) if terms.starts_with("0{")));
    client
}

#[tokio::test]
async fn what_breaks_the_protocol_ends_a_websocket() {
    let relay = TestRelay::start();
    for broken in ["abc", "4abc", "2", "42[\"x\"]", "451-[\"x\"]\u{0}4", "40{"] {
        let mut client = socket(&relay).await;
        client.send(tokio_tungstenite::tungstenite::Message::text(broken)).await;
        if broken.starts_with("451") {
            client.send(tokio_tungstenite::tungstenite::Message::text("42[]")).await;
        }
        assert_eq!(client.close_code().await, 1002, "{broken}");
    }
}

#[tokio::test]
async fn x14_a_silent_session_is_pinged_by_a_packet() {
    let relay = TestRelay::with(&[("SOCKETIO_PING_INTERVAL", "1000"), ("SOCKETIO_PING_TIMEOUT", "1000")]);
    let mut client = socket(&relay).await;
    assert_eq!(client.next().await, Received::Text("2".to_owned()));
    assert!(matches!(client.next().await, Received::Close(1011, _)));
}

#[tokio::test]
async fn x14_a_session_that_stops_to_poll_is_forgotten() {
    let relay = TestRelay::with(&[("SOCKETIO_PING_INTERVAL", "1000"), ("SOCKETIO_PING_TIMEOUT", "1000")]);
    session(&relay, "return 0;").await;
    until("the end of the session", async || relay.status().await["connections"]["total"] == 0).await;
}

#[tokio::test]
async fn r002_04_an_upgrade_that_is_not_completed_is_dropped_and_polling_goes_on() {
    let relay = TestRelay::with(&[("SOCKETIO_UPGRADE_TIMEOUT", "1000")]);
    let script = r#"
        await send("40");
        await poll();
        return sid;
    "#;
    let sid = session(&relay, script).await;
    let path = format!("/socket.io/?EIO=4&transport=websocket&sid={}", sid.as_str().unwrap());
    let mut probe = Client::connect(&format!("ws://{}{path}", relay.address)).await;
    probe.send(tokio_tungstenite::tungstenite::Message::text("2probe")).await;
    assert_eq!(probe.next().await, Received::Text("3probe".to_owned()));
    assert_eq!(probe.next().await, Received::Abnormal);
    let url = relay.url(&path.replace("websocket", "polling"));
    let waiting = tokio::spawn(async move { reqwest::get(url).await.unwrap().text().await.unwrap() });
    until("the event to be delivered", async || {
        relay.post("/api/socketio/emit", json!({"event": "x"})).await.1["delivered"] == 1
    })
    .await;
    assert_eq!(waiting.await.unwrap(), r#"42["x"]"#);
}
