//! Three relays behind one nginx, as the dual guide has them.

use std::collections::HashSet;

use serde_json::json;

use super::configuration;
use crate::cluster::Redis;
use crate::support::{Client, Events, Proxy, TestRelay, node};

struct Cluster {
    _redis: Redis,
    relays: [TestRelay; 3],
    nginx: Proxy,
}

async fn cluster() -> Cluster {
    let redis = Redis::start();
    let relays = [redis.relay("one").await, redis.relay("two").await, redis.relay("three").await];
    let [one, two, three] = &relays;
    let nginx = Proxy::nginx(&configuration("dual.nginx.conf", &[one, two, three])).await;
    Cluster { _redis: redis, relays, nginx }
}

#[tokio::test]
async fn r004_36_r004_37_ip_hash_keeps_a_client_on_one_node() {
    let cluster = cluster().await;
    let mut nodes = HashSet::new();
    for n in 0..6 {
        let url = format!("ws://{}/ws/player{n}", cluster.nginx.address);
        nodes.insert(Client::connect(&url).await.headers["x-relay-node"].clone());
    }
    assert_eq!(nodes.len(), 1, "{nodes:?}");
}

async fn node_of_session(cluster: &Cluster, session: &str, player: &str) -> String {
    let url = format!("http://{}/sse/{player}?session_id={session}", cluster.nginx.address);
    Events::get(&url).await.response.headers()["x-relay-node"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn r004_36_a_hash_of_the_session_keeps_a_session_on_one_node() {
    let cluster = cluster().await;
    let mut nodes = HashSet::new();
    for player in ["alice", "bob", "carol"] {
        nodes.insert(node_of_session(&cluster, "s1", player).await);
    }
    assert_eq!(nodes.len(), 1, "{nodes:?}");
}

#[tokio::test]
async fn r004_36_a_hash_of_the_session_uses_all_nodes() {
    let cluster = cluster().await;
    let mut nodes = HashSet::new();
    for n in 0..40 {
        nodes.insert(node_of_session(&cluster, &format!("s{n}"), &format!("p{n}")).await);
    }
    assert_eq!(nodes.len(), 3, "{nodes:?}");
}

#[tokio::test]
async fn r004_36_r004_38_a_message_reaches_a_player_through_whichever_node() {
    let cluster = cluster().await;
    let mut alice = Client::connect(&format!("ws://{}/ws/alice", cluster.nginx.address)).await;
    for relay in &cluster.relays {
        let message = json!({"type": "t", "content": relay.address.to_string()});
        relay.post("/api/messages", json!({"player_id": "alice", "message": message})).await;
        assert_eq!(alice.json().await["content"], relay.address.to_string());
    }
}

#[tokio::test]
async fn r002_15_r004_36_socket_io_polls_one_of_three_nodes_and_hears_all_of_them() {
    let cluster = cluster().await;
    let [one, two, three] = cluster.relays.each_ref().map(|relay| format!("\"http://{}\"", relay.address));
    let script = format!(
        r#"
        const socket = await connected(4, {{ transports: ["polling"] }});
        await ask(socket, "conversation:join", {{ conversationId: "c" }});
        const heard = [];
        for (const relay of [{one}, {two}, {three}]) {{
            const event = next(socket, "x");
            const body = JSON.stringify({{ event: "x", conversationId: "c", data: heard.length }});
            await fetch(relay + "/api/socketio/emit", {{ method: "POST", body }});
            heard.push((await event)[0]);
        }}
        return heard;"#
    );
    assert_eq!(node(&cluster.nginx.address, &script).await, json!([0, 1, 2]));
}
