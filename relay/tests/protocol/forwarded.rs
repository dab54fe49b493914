//! Forwarding headers, and whom they are believed from (rows 000-24 and 002-14, conflict X-23).

use crate::support::{Client, Process, TestRelay};

/// The status of `/debug/buffer` for a request with a header.
async fn debug(relay: &TestRelay, header: (&str, &str)) -> u16 {
    let request = reqwest::Client::new().get(relay.url("/debug/buffer")).header(header.0, header.1);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn r002_14_x23_whom_a_proxy_on_this_machine_forwards_is_not_here() {
    let relay = TestRelay::start();
    for header in [("x-forwarded-for", "9.9.9.9"), ("x-real-ip", "127.0.0.1"), ("forwarded", "for=127.0.0.1")]
    {
        assert_eq!(debug(&relay, header).await, 403, "{header:?}");
    }
    assert_eq!(reqwest::get(relay.url("/debug/buffer")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn r002_14_x23_a_trusted_proxy_tells_who_is_here() {
    let relay = TestRelay::with(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    for (chain, status) in [("9.9.9.9", 403), ("127.0.0.1, 9.9.9.9", 403), ("127.0.0.1", 200), ("test", 403)]
    {
        assert_eq!(debug(&relay, ("x-forwarded-for", chain)).await, status, "{chain}");
    }
}

#[tokio::test]
async fn r002_14_x23_details_of_a_player_are_not_for_the_forwarded_either() {
    let relay = TestRelay::start();
    let url = relay.url("/api/connections/alice");
    let forwarded = reqwest::Client::new().get(&url).header("x-forwarded-for", "9.9.9.9");
    assert_eq!(forwarded.send().await.unwrap().status(), 403);
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
}

#[tokio::test]
async fn r000_24_r002_14_logs_tell_the_client_behind_a_trusted_proxy() {
    let mut relay = Process::start(&[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let url = format!("ws://127.0.0.1:{}/ws?user_id=alice", relay.port);
    let _alice = Client::with_headers(&url, &[("x-forwarded-for", "1.1.1.1, 9.9.9.9")]).await.unwrap();
    let line: serde_json::Value = serde_json::from_str(&relay.logs("User connected").await).unwrap();
    assert_eq!(line["client_ip"], "9.9.9.9");
}
