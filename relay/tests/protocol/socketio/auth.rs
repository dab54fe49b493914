//! Who Socket.IO clients are (conflict X-21): each version, each way, each place of a token.

use serde_json::{Value, json};

use crate::auth::{PAGE, SECRET, relay, token};
use crate::support::node;

const WAYS: [&str; 2] = ["['polling']", "['websocket']"];

/// What becomes of a client of `version` with these options: its `connect`, or the error.
async fn outcome(address: impl std::fmt::Display, version: u8, options: &str) -> Value {
    let (failed, told) = match version {
        4 => ("connect_error", "[error.message, error.data?.code]"),
        _ => ("error", "[error.message, error.code]"),
    };
    let script = format!(
        r#"
        const socket = connect({version}, {{ reconnection: false, {options} }});
        return new Promise((resolve) => {{
            socket.on("connect", () => {version} === 4 && resolve("connected"));
            socket.on("{failed}", (error) => resolve({told}));
            // The server of version 2 lets clients in before it refuses them: what it answers tells.
            if ({version} === 2) socket.emit("conversation:join", {{ conversationId: "c" }}, () => resolve("connected"));
        }});
        "#
    );
    node(address, &script).await
}

#[tokio::test]
async fn x21_version_4_shows_its_token_in_auth_by_both_ways() {
    let (relay, _file) = relay(&[]);
    for way in WAYS {
        let good = format!("transports: {way}, auth: {{ token: '{}' }}", token("alice", 60));
        assert_eq!(outcome(relay.address, 4, &good).await, "connected", "{way}");
    }
}

#[tokio::test]
async fn x21_version_4_without_a_good_token_gets_a_connect_error_with_4001() {
    let (relay, _file) = relay(&[]);
    for way in WAYS {
        for auth in ["{}".to_owned(), format!("{{ token: '{}' }}", token("alice", -60))] {
            let refused = outcome(relay.address, 4, &format!("transports: {way}, auth: {auth}")).await;
            assert_eq!(refused, json!(["Unauthenticated", 4001]), "{way}");
        }
    }
}

#[tokio::test]
async fn x21_version_2_shows_its_token_in_the_query_by_both_ways() {
    let (relay, _file) = relay(&[]);
    for way in WAYS {
        let good = format!("transports: {way}, query: {{ token: '{}' }}", token("alice", 60));
        assert_eq!(outcome(relay.address, 2, &good).await, "connected", "{way}");
        let none = outcome(relay.address, 2, &format!("transports: {way}")).await;
        assert_eq!(none, json!(["Unauthenticated", 4001]), "{way}");
    }
}

#[tokio::test]
async fn x21_a_token_may_be_in_a_header_by_both_ways() {
    let (relay, _file) = relay(&[]);
    for way in WAYS {
        let header = format!("extraHeaders: {{ authorization: 'Bearer {}' }}", token("alice", 60));
        assert_eq!(
            outcome(relay.address, 4, &format!("transports: {way}, {header}")).await,
            "connected",
            "{way}"
        );
    }
}

#[tokio::test]
async fn r003_16_a_cookie_counts_on_a_websocket_from_a_listed_page_only() {
    let (relay, _file) = relay(&[("JWT_COOKIE", "access_token")]);
    let cookie = token("alice", 60);
    let with = async |origin: &str| {
        let headers = format!("{{ cookie: 'access_token={cookie}' {origin} }}");
        let options = format!("transports: ['websocket'], extraHeaders: {headers}");
        outcome(relay.address, 4, &options).await
    };
    assert_eq!(with(&format!(", origin: '{PAGE}'")).await, "connected");
    assert_eq!(with("").await, json!(["Unauthenticated", 4001]));
    assert_ne!(with(", origin: 'https://evil.example'").await, "connected");
}

#[tokio::test]
async fn x21_another_name_than_the_tokens_is_refused_with_4003() {
    let (relay, _file) = relay(&[]);
    let auth = format!("auth: {{ token: '{}', userId: 'bob' }}", token("alice", 60));
    let refused = outcome(relay.address, 4, &auth).await;
    assert_eq!(refused, json!(["The token is not for this name", 4003]));
}

#[tokio::test]
async fn x21_a_client_gets_the_messages_of_whom_its_token_names() {
    let (relay, _file) = relay(&[]);
    let script = format!(
        r#"
        const socket = await connected(4, {{ auth: {{ token: '{}' }} }});
        const event = next(socket, "hello");
        await post("/api/socketio/emit", {{ event: "hello", user: "alice", data: {{ text: "hi" }} }});
        return (await event)[0].text;
        "#,
        token("alice", 60)
    );
    assert_eq!(node(relay.address, &script).await, "hi");
}

/// A token that the script signs when it is about to connect: Node.js may take its time to start.
const FRESH: &str = r#"
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const exp = Math.floor(Date.now() / 1000) + 5;
    const text = part({ alg: "HS256", typ: "JWT" }) + "." + part({ sub: "alice", exp });
    const sign = process.getBuiltinModule("crypto").createHmac("sha256", SECRET).update(text);
    const auth = { token: text + "." + sign.digest("base64url") };
"#;

#[tokio::test]
async fn a_session_ends_when_its_token_does_by_both_ways() {
    let (relay, _file) = relay(&[]);
    for way in WAYS {
        let script = format!(
            r#"
            const SECRET = "{SECRET}";
            {FRESH}
            const socket = await connected(4, {{ transports: {way}, reconnection: false, auth }});
            return (await next(socket, "disconnect"))[0];
            "#
        );
        assert_eq!(node(relay.address, &script).await, "transport close", "{way}");
    }
}

#[tokio::test]
async fn x21_a_client_that_was_refused_may_come_back_with_a_better_token() {
    let (relay, _file) = relay(&[]);
    let script = format!(
        r#"
        const socket = connect(4, {{ auth: {{ token: "bad" }} }});
        await next(socket, "connect_error");
        socket.auth = {{ token: '{}' }};
        socket.connect();
        await next(socket, "connect");
        return true;
        "#,
        token("alice", 60)
    );
    assert_eq!(node(relay.address, &script).await, true);
}
