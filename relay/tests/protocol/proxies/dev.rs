//! The proxy of a development server (requirement 003-25): the guide's entry for Vite, in the
//! package that Vite has its proxy from.

use serde_json::json;

use crate::support::{TestRelay, node};

const PROXY: &str = r#"
    process.env.VITE_WS_PROXY_TARGET = url.replace("http", "ws");
    // vite.config.ts - verify /ws proxy exists
    const entries = {
        '/ws': {
            target: process.env.VITE_WS_PROXY_TARGET || 'ws://localhost:8000',
            ws: true,
            changeOrigin: true,
        },
        '/api': { target: url, changeOrigin: true },
    };
    // As Vite does: the package throws the errors that nobody listens for, such as a page that leaves first.
    const proxies = Object.entries(entries).map(([path, entry]) =>
        [path, require("http-proxy").createProxyServer(entry).on("error", () => {})]);
    const proxy = (request) => proxies.find(([path]) => request.url.startsWith(path))[1];
    const server = require("http").createServer((request, response) => proxy(request).web(request, response));
    server.on("upgrade", (request, socket, head) => proxy(request).ws(request, socket, head));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const page = "http://127.0.0.1:" + server.address().port;
    const WebSocket = require("ws");
    const join = async (origin) => {
        const path = "/api/v1/auth/ws-connection-token/?user_id=alice";
        const { connection_token } = await (await fetch(page + path)).json();
        const at = page.replace("http", "ws") + "/ws/chat/42/?connection_token=" + connection_token;
        const socket = new WebSocket(at, { origin });
        const first = await Promise.race(["message", "close", "error"].map((event) => next(socket, event)));
        socket.terminate();
        return String(first[0]);
    };
"#;

#[tokio::test]
async fn r003_25_a_page_joins_through_a_proxy_that_changes_the_host() {
    let relay = TestRelay::start();
    let script = format!("{PROXY} return JSON.parse(await join('http://localhost:3000'));");
    let expected = json!({"event": "connected", "conversation_id": "42"});
    assert_eq!(node(relay.address, &script).await, expected);
}

#[tokio::test]
async fn r003_24_r003_25_only_a_listed_page_joins_through_it() {
    let relay = TestRelay::with(&[("CORS_ORIGINS", "http://localhost:3000")]);
    let joins = "return [await join('http://localhost:3000'), await join('https://evil.example')];";
    let told = node(relay.address, &format!("{PROXY} {joins}")).await;
    assert!(told[0].as_str().unwrap().contains("connected"), "{told}");
    assert_eq!(told[1], json!("4003"));
}
