//! Three relays behind balancers that keep nobody on one of them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};

use super::polls::Polls;
use crate::cluster::Redis;
use crate::proxies::configuration;
use crate::support::{Balancer, Process, Proxy, TestRelay, Trio, node, until};

/// Pings every second, so that clients see several.
const PINGS: [(&str, &str); 2] = [("SOCKETIO_PING_INTERVAL", "1000"), ("SOCKETIO_PING_TIMEOUT", "5000")];

/// Clients of both versions join with an acknowledgement, get events through all nodes, stay for
/// three pings, and get more: whether all were acknowledged, whether each got every event once, and
/// how many lost their connection.
const TALK: &str = r#"
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => connected(n % 2 ? 4 : 2, OPTIONS)));
    UPGRADED
    let lost = 0;
    const got = all.map((socket) => { const list = []; socket.on("n", (n) => list.push(n)); return list; });
    all.forEach((socket) => socket.on("disconnect", () => lost++));
    const joins = await Promise.all(all.map((socket) => ask(socket, "conversation:join", { conversationId: "c" })));
    const emit = (n) => post("/api/socketio/emit", { event: "n", conversationId: "c", data: n });
    for (let n = 0; n < 20; n++) await emit(n);
    await pause(3300);
    for (let n = 20; n < 40; n++) await emit(n);
    for (let waited = 0; got.some((list) => list.length < 40) && waited < 10000; waited += 10) await pause(10);
    const whole = (list) => list.length === 40 && list.sort((a, b) => a - b).every((n, at) => n === at);
    return [joins.every(([{ status }]) => status === "ok"), got.every(whole), lost];
"#;

/// Three relays, and the Redis between them.
async fn cluster() -> (Redis, Trio) {
    let redis = Redis::start();
    let trio = Trio::on(&redis.url, &PINGS).await;
    (redis, trio)
}

/// Talks to whoever is at `address`, and tells what [`TALK`] says.
pub(crate) async fn talk(address: impl std::fmt::Display, transports: &str, upgraded: bool) -> Value {
    let wait = if upgraded { "await Promise.all(all.map(upgraded));" } else { "" };
    let options = format!("{{ transports: {transports} }}");
    node(address, &TALK.replace("OPTIONS", &options).replace("UPGRADED", wait)).await
}

#[tokio::test]
async fn r002_15_clients_that_poll_need_no_sticky_sessions() {
    let (_redis, cluster) = cluster().await;
    let balancer = cluster.balancer().await;
    assert_eq!(talk(balancer.address, "['polling']", false).await, json!([true, true, 0]));
    assert!(cluster.figure("relay_forwarded_requests_total").await > 0);
}

#[tokio::test]
async fn r002_15_clients_that_upgrade_need_no_sticky_sessions() {
    let (_redis, cluster) = cluster().await;
    let balancer = cluster.balancer().await;
    assert_eq!(talk(balancer.address, "['polling', 'websocket']", true).await, json!([true, true, 0]));
    until("no socket goes through when its client is gone", async || {
        cluster.figure("relay_forwarded_sockets").await == 0
    })
    .await;
}

#[tokio::test]
async fn r002_15_nginx_may_take_each_request_anywhere() {
    let (_redis, cluster) = cluster().await;
    let [one, two, three] = &cluster.relays;
    let nginx = Proxy::nginx(&configuration("roundrobin.nginx.conf", &[one, two, three])).await;
    assert_eq!(talk(&nginx.address, "['polling', 'websocket']", false).await, json!([true, true, 0]));
}

/// Waits for the end of a node, and until every client is back and answered.
const COME_BACK: &str = r#"
    const options = [{ transports: ["polling"] }, {}];
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => connected(n % 3 ? 4 : 2, options[n % 2])));
    for (let alive = true; alive; ) alive = await fetch("http://VICTIM/livez").then(() => pause(20).then(() => true), () => false);
    const answered = async (socket) => {
        for (;;) {
            const join = ask(socket, "conversation:join", { conversationId: "c" });
            const answer = await Promise.race([join, pause(500)]);
            if (answer && socket.connected) return answer[0].status;
        }
    };
    return Promise.all(all.map(answered));
"#;

async fn process(redis: &Redis, name: &str) -> Process {
    let own = [("REDIS_URL", &*redis.url), ("NODE_NAME", name)];
    Process::start(&[&own[..], &PINGS].concat()).await
}

async fn sessions(relays: &[&Process]) -> Vec<u64> {
    let mut sessions = Vec::new();
    for relay in relays {
        let told = reqwest::get(relay.url("/metrics?format=json")).await.unwrap();
        sessions.push(told.json::<Value>().await.unwrap()["active_connections"].as_u64().unwrap());
    }
    sessions
}

#[tokio::test]
async fn r002_15_r002_16_clients_of_a_node_that_is_killed_come_back_by_themselves() {
    let redis = Redis::start();
    let (one, two, three) =
        (process(&redis, "one").await, process(&redis, "two").await, process(&redis, "three").await);
    let addresses = [&one, &two, &three].map(|relay| SocketAddr::from(([127, 0, 0, 1], relay.port)));
    let balancer = Balancer::before(addresses).await;
    let kill = async {
        until("sessions on every node", async || {
            let sessions = sessions(&[&one, &two, &three]).await;
            sessions.iter().sum::<u64>() == 12 && sessions.iter().all(|count| *count > 0)
        })
        .await;
        drop(one);
    };
    let script = COME_BACK.replace("VICTIM", &addresses[0].to_string());
    let (answers, ()) = tokio::join!(node(balancer.address, &script), kill);
    assert_eq!(answers, json!(vec!["ok"; 12]));
}

/// What a client is told whose session nobody has.
pub(super) const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;

#[tokio::test]
async fn r002_15_a_session_of_a_node_that_is_gone_is_unknown() {
    let redis = Redis::start();
    let relay = redis.relay("one").await;
    let url = relay.url("/socket.io/?EIO=4&transport=polling&sid=abc.ghost");
    let polls = Polls { url, sid: "abc.ghost".to_owned() };
    assert_eq!(polls.poll().await, (400, UNKNOWN.to_owned()));
}

/// What a poll of another node's session is told by `other`.
async fn elsewhere(redis: &Redis, other: &TestRelay, header: Option<(&str, &str)>) -> (u16, String) {
    let owner = redis.relay("owner").await;
    let begun = Polls::begin(&owner.address.to_string(), "/socket.io/", 4).await;
    begun.post("40").await;
    let url = begun.url.replace(&owner.address.to_string(), &other.address.to_string());
    let mut request = reqwest::Client::new().get(url);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn r002_15_a_poll_is_answered_by_the_owner_wherever_it_comes() {
    let redis = Redis::start();
    let other = redis.relay("other").await;
    let owner = redis.relay("owner").await;
    let begun = Polls::begin(&owner.address.to_string(), "/socket.io/", 4).await;
    let url = begun.url.replace(&owner.address.to_string(), &other.address.to_string());
    let astray = Polls { url, sid: begun.sid };
    until("an owner that is known", async || astray.post("40").await == (200, "ok".to_owned())).await;
    let answer = reqwest::get(&astray.url).await.unwrap();
    assert_eq!(answer.headers()["x-relay-node"], "owner");
    assert!(answer.text().await.unwrap().starts_with("40{"));
}

#[tokio::test]
async fn r002_15_forwarding_is_a_setting() {
    let redis = Redis::start();
    let other = redis.relay_with("other", &[("FORWARD_POLLS", "false")]).await;
    assert_eq!(elsewhere(&redis, &other, None).await, (400, UNKNOWN.to_owned()));
}

#[tokio::test]
async fn r002_15_what_was_forwarded_goes_no_further() {
    let redis = Redis::start();
    let other = redis.relay("other").await;
    let header = Some(("x-relay-forwarded", "127.0.0.1 true false AAAA"));
    assert_eq!(elsewhere(&redis, &other, header).await, (400, UNKNOWN.to_owned()));
}

#[tokio::test]
async fn r002_14_r004_20_the_owner_counts_a_forwarded_request_by_its_clients_address() {
    let redis = Redis::start();
    let owner = redis.relay_with("owner", &[("RATE_LIMIT_REQUESTS", "8")]).await;
    let other = redis.relay("other").await;
    let begun = Polls::begin(&owner.address.to_string(), "/socket.io/", 4).await;
    let url = begun.url.replace(&owner.address.to_string(), &other.address.to_string());
    let pong = async |from: [u8; 4]| {
        let client = reqwest::Client::builder().local_address(IpAddr::from(from));
        let client = client.timeout(Duration::from_secs(10)).build().unwrap();
        client.post(&url).body("3").send().await.unwrap().status().as_u16()
    };
    until("the limit of one address", async || pong([127, 0, 0, 2]).await == 429).await;
    assert_eq!(pong([127, 0, 0, 3]).await, 200);
}
