//! What waits for a relay that is away, and what is told of what did not.

use std::process::{Child, Command, Stdio};

use relay_contract::admin::BusState;

use crate::support::{Redis, Site, admit, banish, each, ids, two_accounts, until};

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
    let site = Site::single();
    let (a, b) = two_accounts(&site).await;
    banish(&site, &b).await;
    let _stale = Stale::start(&site.servers()[0]).await;
    each(&site, &["CLIENT", "KILL", "TYPE", "normal"]);
    until("a lost its connection", || a.bus.counters().reconnects > 0).await;
    for id in 0..20 {
        a.publish("alice", id).await;
    }
    a.reaches(BusState::Ok).await;
    admit(&site);
    b.gets("alice", 20).await;
    assert_eq!(b.got("alice"), ids(0..20));
}

/// The second node misses what the first sends while it is away, and counts it when it is back.
async fn counts_what_it_missed(site: Site) {
    let (a, b) = two_accounts(&site).await;
    banish(&site, &b).await;
    let sent = a.bus.counters().published;
    for id in 0..5 {
        a.publish("alice", id).await;
    }
    until("Redis has them", || a.bus.counters().published == sent + 5).await;
    admit(&site);
    until("what b missed is counted", || b.bus.counters().missed == 5).await;
}

#[tokio::test]
async fn what_a_relay_missed_on_a_channel_on_which_it_heard_nothing_before_is_counted() {
    counts_what_it_missed(Site::single()).await;
}

#[tokio::test]
async fn what_a_relay_missed_on_such_a_channel_of_a_cluster_is_counted() {
    counts_what_it_missed(Site::cluster().await).await;
}
