//! What waits for a relay that is away, and what is told of what did not.

use std::process::{Child, Command, Stdio};

use relay_contract::admin::BusState;

use crate::support::{Node, Redis, ids, until};

/// Two nodes that have heard of each other, of which the second has an account of its own.
async fn two_accounts() -> (Redis, Node, Node) {
    let redis = Redis::start(&[]);
    redis.cli(&["ACL", "SETUSER", "b", "on", ">word", "~*", "&*", "+@all"]);
    let a = Node::ready("a", &redis).await;
    let url = format!("redis://b@127.0.0.1:{}", redis.port());
    let b = Node::start("b", &url, Some("word"));
    b.reaches(BusState::Ok).await;
    a.publish("bob", 0).await;
    b.gets("bob", 1).await;
    (redis, a, b)
}

/// Ends the connections of the second node, and lets it make no others.
async fn banish(redis: &Redis, b: &Node) {
    redis.cli(&["ACL", "SETUSER", "b", "off"]);
    redis.cli(&["CLIENT", "KILL", "USER", "b"]);
    b.reaches(BusState::Degraded).await;
}

fn admit(redis: &Redis) {
    redis.cli(&["ACL", "SETUSER", "b", "on"]);
}

/// A subscription to all that relays are subscribed to, which ends with its test.
struct Stale(Child);

impl Stale {
    async fn start(redis: &Redis) -> Self {
        let channels = redis.cli(&["PUBSUB", "CHANNELS", "relay:default:*"]);
        let count = || redis.cli(&["CLIENT", "LIST", "TYPE", "pubsub"]).lines().count();
        let before = count();
        let child = Command::new("redis-cli")
            .args(["-p", &redis.port().to_string(), "SUBSCRIBE"])
            .args(channels.lines())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stale = Self(child);
        until("it is subscribed", || count() > before).await;
        stale
    }
}

impl Drop for Stale {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_subscription_that_nobody_hears_does_not_get_what_waits_for_a_relay() {
    let (redis, a, b) = two_accounts().await;
    banish(&redis, &b).await;
    let _stale = Stale::start(&redis).await;
    redis.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    until("a lost its connection", || a.bus.counters().reconnects > 0).await;
    for id in 0..20 {
        a.publish("alice", id).await;
    }
    a.reaches(BusState::Ok).await;
    admit(&redis);
    b.gets("alice", 20).await;
    assert_eq!(b.got("alice"), ids(0..20));
}

#[tokio::test]
async fn what_a_relay_missed_on_a_channel_on_which_it_heard_nothing_before_is_counted() {
    let (redis, a, b) = two_accounts().await;
    banish(&redis, &b).await;
    let sent = a.bus.counters().published;
    for id in 0..5 {
        a.publish("alice", id).await;
    }
    until("Redis has them", || a.bus.counters().published == sent + 5).await;
    admit(&redis);
    until("what b missed is counted", || b.bus.counters().missed == 5).await;
}
