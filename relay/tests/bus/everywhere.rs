//! What holds in every topology of Redis, by the same code: single, Sentinel, Cluster.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use relay::bus::{Channel, Claim};

use crate::support::{Node, Redis, Site, ids, until, until_answered};

/// All of it, each in a namespace of its own.
async fn holds(site: &Site) {
    messages_cross_in_order(site).await;
    leases_have_one_holder(site).await;
    presence_is_seen(site).await;
    tokens_are_good_once(site).await;
    sessions_are_kept(site).await;
    namespaces_stay_apart(site).await;
    workers_are_reached_and_heard_once(site).await;
}

#[tokio::test]
async fn a_single_redis_carries_all() {
    holds(&Site::single()).await;
}

#[tokio::test]
async fn a_redis_with_sentinels_carries_all() {
    holds(&Site::sentinel().await).await;
}

#[tokio::test]
async fn a_cluster_carries_all() {
    holds(&Site::cluster().await).await;
}

/// Users whose channels are in many partitions.
fn users() -> impl Iterator<Item = String> {
    (0..60).map(|user| format!("user-{user}"))
}

async fn messages_cross_in_order(site: &Site) {
    let [a, b] = site.pair("messages").await;
    for id in 0..20 {
        for user in users() {
            a.publish(&user, id).await;
            b.publish(&format!("to-a-{user}"), id).await;
        }
    }
    for user in users() {
        b.gets(&user, 20).await;
        a.gets(&format!("to-a-{user}"), 20).await;
        assert_eq!(b.got(&user), ids(0..20));
        assert!(a.got(&user).is_empty(), "own messages came back");
    }
    assert_eq!((b.bus.counters().missed, b.bus.counters().outbox_items), (0, 0));
}

async fn leases_have_one_holder(site: &Site) {
    let [a, b] = site.pair("leases").await;
    for lease in users() {
        let (of_a, of_b) = tokio::join!(a.bus.claim(&lease), b.bus.claim(&lease));
        let granted = [&of_a, &of_b].into_iter().filter(|claim| **claim == Ok(Claim::Granted)).count();
        assert_eq!(granted, 1, "{of_a:?} {of_b:?}");
        let holder = if of_a == Ok(Claim::Granted) { &a } else { &b };
        holder.bus.release(&lease).await;
        assert_eq!(a.bus.holder(&lease).await, Ok(None));
    }
}

async fn presence_is_seen(site: &Site) {
    let [a, b] = site.pair("presence").await;
    let sees = async |user: &str, expected| {
        let channel = Channel::user(user);
        until_answered("presence is told", async || a.bus.elsewhere(&channel).await == Ok(expected)).await;
    };
    users().for_each(|user| b.bus.note(&Channel::user(&user), true));
    for user in users() {
        sees(&user, true).await;
    }
    users().for_each(|user| b.bus.note(&Channel::user(&user), false));
    for user in users() {
        sees(&user, false).await;
    }
}

async fn tokens_are_good_once(site: &Site) {
    let [a, b] = site.pair("tokens").await;
    for token in users() {
        a.bus.keep_token(&token, "value", Duration::from_secs(60)).await.unwrap();
        assert_eq!(b.bus.take_token(&token).await.unwrap().as_deref(), Some("value"));
        assert_eq!(b.bus.take_token(&token).await, Ok(None));
    }
}

async fn sessions_are_kept(site: &Site) {
    let [a, b] = site.pair("sessions").await;
    for player in users() {
        a.bus.keep_session(&player, "value", Duration::from_secs(60)).await.unwrap();
        assert_eq!(b.bus.session(&player).await.unwrap().as_deref(), Some("value"));
    }
}

async fn namespaces_stay_apart(site: &Site) {
    let ([a, b], [c, d]) = (site.pair("one").await, site.pair("two").await);
    for user in users() {
        a.publish(&user, "one").await;
        c.publish(&user, "two").await;
    }
    for user in users() {
        b.gets(&user, 1).await;
        d.gets(&user, 1).await;
        assert_eq!((b.got(&user), d.got(&user)), (vec!["one".to_owned()], vec!["two".to_owned()]));
    }
}

/// A worker outside that listens for tasks; it ends with its test.
struct Worker(Child);

impl Worker {
    fn listen(server: &Redis, channel: &str) -> Self {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &server.port().to_string(), "SUBSCRIBE", channel]);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn workers_are_reached_and_heard_once(site: &Site) {
    let [a, b] = site.pair("workers").await;
    let primaries = site.servers().iter().filter(|server| server.is_primary());
    for (number, server) in primaries.enumerate() {
        let worker = Worker::listen(server, "relay:workers:workers:tasks:0");
        until_answered("a worker listens", async || a.bus.tell_workers("{}".to_owned()).await == Ok(1)).await;
        drop(worker);
        until_answered("no worker listens", async || a.bus.tell_workers("{}".to_owned()).await == Ok(0))
            .await;
        let event = format!(r#"{{"conversation_id":"c","event":"chunk","id":"{number}"}}"#);
        server.cli(&["PUBLISH", "relay:workers:workers:events:0", &event]);
        hears_to(&[&a, &b], number as u32).await;
    }
}

/// Waits until all nodes have heard events up to `last`, and checks that each came once.
async fn hears_to(nodes: &[&Node], last: u32) {
    for node in nodes {
        let heard = || node.got_on(&Channel::conversation("c"));
        until("the event came", || heard().contains(&last.to_string())).await;
        assert_eq!(heard(), ids(0..last + 1));
    }
}
