//! Several relays with a real `redis-server` between them.

use std::process::Stdio;

use serde_json::json;
use tokio::process::{Child, Command};

use crate::support::{Client, Process, Received, TestRelay, free_port, until};

/// A Redis of this test's own; killed when dropped.
pub(crate) struct Redis {
    child: Child,
    /// What becomes the server, and its options.
    command: Vec<String>,
    pub(crate) url: String,
}

impl Redis {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// The same with more options of the command line.
    pub(crate) fn with(options: &[&str]) -> Self {
        Self::by(&[&["redis-server"], options].concat())
    }

    /// One that `command` becomes.
    pub(crate) fn by(command: &[&str]) -> Self {
        Self::on(free_port(), command.iter().map(|&word| word.to_owned()).collect())
    }

    /// Ends it with all that it held, and starts one in its place.
    pub(crate) async fn restart(mut self) -> Self {
        self.kill().await;
        let port = self.port();
        Self::on(port, std::mem::take(&mut self.command))
    }

    /// Ends it with all that it held.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again after a [kill](Self::kill).
    pub(crate) fn revive(&mut self) {
        let command = std::mem::take(&mut self.command);
        *self = Self::on(self.port(), command);
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The number of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Sends it a signal, such as `-STOP`.
    pub(crate) async fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    }

    fn on(port: u16, command: Vec<String>) -> Self {
        let port = port.to_string();
        let child = Command::new(&command[0])
            .args(&command[1..])
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server must be installed");
        Self { child, command, url: format!("redis://127.0.0.1:{port}") }
    }

    /// A relay that is ready.
    pub(crate) async fn relay(&self, node: &str) -> TestRelay {
        self.relay_with(node, &[]).await
    }

    /// The same with some settings.
    pub(crate) async fn relay_with(&self, node: &str, settings: &[(&str, &str)]) -> TestRelay {
        TestRelay::on(&self.url, node, settings).await
    }

    /// Runs `redis-cli` against it and answers what it printed.
    pub(crate) async fn cli(&self, words: &[&str]) -> String {
        let output = Command::new("redis-cli").args(["-u", &self.url]).args(words).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) async fn pair(&self) -> (TestRelay, TestRelay) {
        (self.relay("a").await, self.relay("b").await)
    }
}

#[tokio::test]
async fn a_push_reaches_a_socket_on_another_node() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = b.socket("alice").await;
    a.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}

#[tokio::test]
async fn r000_04_a_push_to_a_user_on_another_node_is_delivered() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let _alice = b.socket("alice").await;
    let (_, answer) = a.post("/sse/push", json!({"user_id": "alice", "data": {}})).await;
    assert_eq!(answer["message"], "Message delivered");
}

/// Pushes until the answer for `user` is this one.
async fn a_push_says(relay: &TestRelay, user: &str, expected: &str) {
    until(&format!("{expected} for {user}"), async || {
        let (_, answer) = relay.post("/sse/push", json!({"user_id": user, "data": {}})).await;
        answer["message"] == expected
    })
    .await;
}

#[tokio::test]
async fn r000_04_a_push_to_a_stream_on_another_node_is_delivered_until_it_ends() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let stream = b.stream("alice").await;
    a_push_says(&a, "alice", "Message delivered").await;
    drop(stream);
    a_push_says(&a, "alice", "User not connected").await;
}

#[tokio::test]
async fn r000_04_a_user_is_connected_as_long_as_one_of_several_nodes_has_a_stream() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let c = redis.relay("c").await;
    let (first, _second) = (b.stream("alice").await, c.stream("alice").await);
    a_push_says(&a, "alice", "Message delivered").await;
    drop(first);
    b.has_connections(0).await;
    // Goings are written in order: after this one, that of alice is known.
    drop(b.stream("bob").await);
    a_push_says(&a, "bob", "User not connected").await;
    a_push_says(&a, "alice", "Message delivered").await;
}

#[tokio::test]
async fn r004_12_a_message_reaches_a_stream_on_another_node() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = b.stream("alice").await;
    let message = json!({"type": "t", "content": "hi"});
    let (_, answer) = a.post("/api/messages", json!({"player_id": "alice", "message": message})).await;
    assert_eq!(answer["published"], true);
    assert_eq!(alice.json().await["content"], "hi");
}

#[tokio::test]
async fn r000_02_a_second_socket_on_another_node_is_refused() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let _first = a.socket("alice").await;
    let refused = Received::Close(1008, "User already connected".to_owned());
    assert_eq!(b.socket("alice").await.next().await, refused);
}

#[tokio::test]
async fn r000_02_a_user_who_left_one_node_may_join_another() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    a.socket("alice").await.close().await;
    assert_eq!(b.socket("alice").await.next_or_silence().await, None);
}

#[tokio::test]
async fn a_user_whom_a_drain_ended_may_join_another_node_at_once() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut first = a.socket("alice").await;
    let drain = json!({"rate": 100, "deadlineSeconds": 10, "reason": "Rollout"});
    reqwest::Client::new().put(a.admin_url("/admin/v1/drain")).json(&drain).send().await.unwrap();
    assert_eq!(first.close_code().await, 1012);
    assert_eq!(b.socket("alice").await.next_or_silence().await, None);
}

#[tokio::test]
async fn x03_a_newer_socket_replaces_one_on_another_node() {
    let redis = Redis::start();
    let settings = [("DUPLICATE_POLICY", "replace")];
    let (a, b) = (redis.relay_with("a", &settings).await, redis.relay_with("b", &settings).await);
    let mut former = a.socket("alice").await;
    let mut newer = b.socket("alice").await;
    let replaced = Received::Close(1008, "Replaced by a newer connection".to_owned());
    assert_eq!(former.next().await, replaced);
    assert_eq!(newer.next_or_silence().await, None);
}

#[tokio::test]
async fn r000_06_answers_of_a_socket_on_another_node_come_back() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = b.socket("alice").await;
    let body = json!({"user_id": "alice", "data": {}, "correlation_id": "c1"});
    let request = reqwest::Client::new().post(a.url("/sse/send")).json(&body);
    let mut answers = crate::support::Events::from(request.send().await.unwrap());
    alice.json().await;
    alice.send_json(json!({"correlation_id": "c1", "text": "yes", "is_final": true})).await;
    assert_eq!(answers.json().await["text"], "yes");
}

/// Takes half a minute, which is what answers may take.
#[tokio::test]
#[ignore = "the deadline of answers is 30 s"]
async fn r000_06_a_request_ends_at_its_deadline_when_the_answering_node_dies() {
    let redis = Redis::start();
    let a = redis.relay("a").await;
    let b = Process::start(&[("REDIS_URL", &*redis.url), ("NODE_NAME", "b")]).await;
    let mut alice = b.socket("alice").await;
    a_push_says(&a, "alice", "Message delivered").await;
    let body = json!({"user_id": "alice", "data": {}, "correlation_id": "c1"});
    let request = reqwest::Client::new().post(a.url("/sse/send")).json(&body).send().await.unwrap();
    alice.json().await;
    drop(b);
    let text =
        tokio::time::timeout(std::time::Duration::from_secs(60), request.text()).await.unwrap().unwrap();
    assert!(text.contains("Timeout waiting for response"), "{text}");
}

#[tokio::test]
async fn r000_06_answers_of_a_user_on_another_node_go_to_the_node_that_asked() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = b.socket("alice").await;
    let body = json!({"user_id": "alice", "data": {}, "correlation_id": "c1"});
    let request = reqwest::Client::new().post(a.url("/sse/send")).json(&body);
    let mut answers = crate::support::Events::from(request.send().await.unwrap());
    alice.json().await;
    let (status, _) = b.post("/sse/send", body).await;
    alice.send_json(json!({"correlation_id": "c1", "text": "one"})).await;
    alice.send_json(json!({"correlation_id": "c1", "text": "two", "is_final": true})).await;
    let got = [answers.json().await["text"].clone(), answers.json().await["text"].clone()];
    assert_eq!((status, got), (409, [json!("one"), json!("two")]));
}

#[tokio::test]
async fn r004_25_a_new_session_ends_connections_on_another_node() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut former = Client::connect(&format!("ws://{}/ws/alice?session_id=s1", a.address)).await;
    let mut new = Client::connect(&format!("ws://{}/ws/alice?session_id=s2", b.address)).await;
    assert_eq!(former.json().await["session_id"], "s2");
    assert_eq!(former.next().await, Received::Close(1008, "Session replaced".to_owned()));
    assert_eq!(new.next_or_silence().await, None);
}

#[tokio::test]
async fn r004_38_a_message_reaches_a_players_socket_on_another_node() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut alice = Client::connect(&format!("ws://{}/ws/alice", b.address)).await;
    let message = json!({"type": "t", "content": "hi"});
    a.post("/api/messages", json!({"player_id": "alice", "message": message})).await;
    assert_eq!(alice.json().await["content"], "hi");
}

#[tokio::test]
async fn r004_06_r004_38_a_player_on_another_node_is_online() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let _alice = Client::connect(&format!("ws://{}/ws/alice", b.address)).await;
    until("presence on the other node", async || {
        let told = a.get("/api/connections/alice").await;
        told["presence"] == "online" && told["on_other_nodes"] == true
    })
    .await;
    assert_eq!(a.get("/api/connections/alice").await["connections"]["total"], 0);
}

#[tokio::test]
async fn r001_02_an_event_reaches_a_subscriber_on_another_node() {
    let redis = Redis::start();
    let (a, b) = redis.pair().await;
    let mut subscriber = Client::connect(&format!("ws://{}/ws?subscribe=true", b.address)).await;
    let mut client = Client::connect(&format!("ws://{}/ws", a.address)).await;
    client.send_json(json!({"type": "test", "data": {"value": 42}})).await;
    assert_eq!(subscriber.json().await["data"]["value"], 42);
}

#[tokio::test]
async fn sockets_stay_and_local_messages_arrive_while_redis_is_away() {
    let redis = Redis::start();
    let relay = redis.relay("a").await;
    let mut alice = relay.socket("alice").await;
    drop(redis);
    until("a degraded bus", async || relay.status().await["bus"]["state"] == "degraded").await;
    relay.post("/sse/push", json!({"user_id": "alice", "data": {"message": "hi"}})).await;
    assert_eq!(alice.json().await["message"], "hi");
}
