//! Node.js: `eventsource`, which is what browsers have, and `@microsoft/fetch-event-source`.

use serde_json::json;

use crate::support::{TestRelay, node};

/// Ends all connections at the pace of a drain, and lets clients in again.
const DRAIN: &str = r#"
    const drain = async () => {
        const headers = { "content-type": "application/json" };
        const body = JSON.stringify({ rate: 100, deadlineSeconds: 10, reason: "Test" });
        await fetch("http://ADMIN/admin/v1/drain", { method: "PUT", headers, body });
    };
    const admit = () => fetch("http://ADMIN/admin/v1/drain", { method: "DELETE" });
    const say = (content, id) =>
        post("/api/messages", { player_id: "alice", message: { type: "message", content, id } });
    const requests = [];
    const watched = (input, init) => {
        requests.push(Object.fromEntries(new Headers(init.headers)));
        return fetch(input, init);
    };
"#;

async fn script(relay: &TestRelay, script: &str) -> serde_json::Value {
    let drain = DRAIN.replace("ADMIN", &relay.admin.to_string());
    node(relay.address, &format!("{drain} {script}")).await
}

#[tokio::test]
async fn r004_02_r004_12_event_source_gets_a_message_with_its_id() {
    let relay = TestRelay::start();
    let result = script(
        &relay,
        r#"
        const { EventSource } = require("eventsource");
        const source = new EventSource(url + "/sse/alice");
        await new Promise((resolve) => (source.onopen = resolve));
        const event = new Promise((resolve) => (source.onmessage = resolve));
        await say("hé", "m1");
        const { data, lastEventId } = await event;
        source.close();
        return [JSON.parse(data).content, lastEventId];
    "#,
    );
    assert_eq!(result.await, json!(["hé", "m1"]));
}

#[tokio::test]
async fn r001_20_event_source_comes_back_when_it_was_told_to_with_the_last_id() {
    let relay = TestRelay::start();
    let result = script(
        &relay,
        r#"
        const { EventSource } = require("eventsource");
        const source = new EventSource(url + "/sse/alice", { fetch: watched });
        await new Promise((resolve) => (source.onopen = resolve));
        const event = new Promise((resolve) => (source.onmessage = resolve));
        await say("one", "m1");
        await event;
        const [again, gone] = ["onopen", "onerror"].map((on) => new Promise((resolve) => (source[on] = resolve)));
        await drain();
        await gone;
        await admit();
        await again;
        const later = new Promise((resolve) => (source.onmessage = resolve));
        await say("two", "m2");
        const { data } = await later;
        source.close();
        return [requests.at(-1)["last-event-id"], JSON.parse(data).content];
    "#,
    );
    assert_eq!(result.await, json!(["m1", "two"]));
}

/// A browser has a document; this client looks whether a person sees it.
const FETCH_EVENT_SOURCE: &str = r#"
    globalThis.window = globalThis;
    globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
    const { fetchEventSource } = require("@microsoft/fetch-event-source");
"#;

#[tokio::test]
async fn r004_02_fetch_event_source_gets_a_message_with_its_id() {
    let relay = TestRelay::start();
    let body = r#"
        const stop = new AbortController();
        return new Promise((resolve) => fetchEventSource(url + "/sse/alice", {
            signal: stop.signal,
            onopen: async () => { say("hé", "m1"); },
            onmessage: ({ id, data }) => {
                if (!data) return;
                stop.abort();
                resolve([JSON.parse(data).content, id]);
            },
        }));
    "#;
    let result = script(&relay, &format!("{FETCH_EVENT_SOURCE} {body}")).await;
    assert_eq!(result, json!(["hé", "m1"]));
}

#[tokio::test]
async fn r001_20_fetch_event_source_comes_back_after_an_error_with_the_last_id() {
    let relay = TestRelay::start();
    let body = r#"
        const stop = new AbortController();
        let opened = 0;
        return new Promise((resolve) => fetchEventSource(url + "/sse/alice", {
            signal: stop.signal,
            fetch: watched,
            onopen: async () => { opened += 1; say("x", "m" + opened); },
            onmessage: ({ data }) => {
                if (!data) return;
                if (opened === 2) { stop.abort(); return resolve(requests.at(-1)["last-event-id"]); }
                drain().then(admit);
            },
            // An end is an end for this client, unless it is told that it is none.
            onclose: () => { throw new Error("come back"); },
        }));
    "#;
    let result = script(&relay, &format!("{FETCH_EVENT_SOURCE} {body}")).await;
    assert_eq!(result, json!("m1"));
}

#[tokio::test]
async fn r000_06_fetch_event_source_posts_a_request_and_reads_the_answers() {
    let relay = TestRelay::start();
    let body = r#"
        const WebSocket = require("ws");
        const socket = new WebSocket(url.replace("http", "ws") + "/ws?user_id=alice");
        await next(socket, "open");
        socket.on("message", (question) => {
            const { correlation_id } = JSON.parse(question);
            for (const n of [1, 2]) socket.send(JSON.stringify({ correlation_id, n, is_final: n === 2 }));
        });
        const answers = [];
        await fetchEventSource(url + "/sse/send", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ user_id: "alice", data: {} }),
            onmessage: ({ data }) => { if (data) answers.push(JSON.parse(data).n); },
        });
        return answers;
    "#;
    let result = script(&relay, &format!("{FETCH_EVENT_SOURCE} {body}")).await;
    assert_eq!(result, json!([1, 2]));
}
