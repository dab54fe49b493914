//! Log lines (requirements 002-11 and 002-12).

use serde_json::Value;

use crate::support::{Process, node};

async fn line(relay: &mut Process, text: &str) -> Value {
    serde_json::from_str(&relay.logs(&format!("\"message\":\"{text}\"")).await).unwrap()
}

#[tokio::test]
async fn r002_11_a_client_is_logged_from_its_coming_to_its_going() {
    let mut relay = Process::start(&[]).await;
    let script = r#"
        const socket = await connected(4);
        await upgraded(socket);
        await post("/api/socketio/emit", { event: "x" });
        await ask(socket, "chat:message", {});
        socket.disconnect();
    "#;
    node(format!("127.0.0.1:{}", relay.port), script).await;
    assert_eq!(line(&mut relay, "Session opened").await["transport"], "polling");
    assert!(line(&mut relay, "Socket connected").await["sid"].is_string());
    assert_eq!(line(&mut relay, "Transport upgraded").await["transport"], "websocket");
    assert_eq!(line(&mut relay, "Event emitted").await["delivered"], 1);
    assert_eq!(line(&mut relay, "Event failed").await["error"], "Missing required field: content");
    line(&mut relay, "Socket disconnected").await;
}

#[tokio::test]
async fn r002_11_r002_12_tokens_are_logged_where_the_guide_switches_details_on() {
    let mut relay = Process::start(&[("DEBUG", "socket.io:*")]).await;
    let script = r#"await post("/api/socketio/emit", { event: "chat:token" });"#;
    node(format!("127.0.0.1:{}", relay.port), script).await;
    assert_eq!(line(&mut relay, "Token streamed").await["level"], "DEBUG");
}

#[tokio::test]
async fn r002_16_the_built_in_health_check_tells_by_its_exit_code() {
    let relay = Process::start(&[]).await;
    for (port, healthy) in [(relay.port, true), (crate::support::free_port(), false)] {
        let mut check = tokio::process::Command::new(env!("CARGO_BIN_EXE_relay"));
        let output = check.arg("healthcheck").env("PORT", port.to_string()).output().await.unwrap();
        assert_eq!(output.status.success(), healthy);
    }
}
