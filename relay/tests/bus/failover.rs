//! Primaries that die or change while messages are sent, and slots that move.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use relay::bus::Bus;
use relay_contract::admin::BusState;
use tokio::task::JoinHandle;

use crate::support::{Cluster, Node, Sentinels, Site, message, until};

/// What a fault cost.
#[derive(Debug)]
struct Report {
    published: u32,
    received: u32,
    /// What the receiver itself says that it never got.
    counted: u64,
    /// From the promotion until messages flowed again.
    resumed: Duration,
}

/// A user to whom a relay publishes all the time, one number after another.
struct Traffic {
    published: Arc<AtomicU32>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Traffic {
    /// Everything is accepted: what cannot be sent now waits.
    fn start(bus: &Arc<dyn Bus>, user: &str) -> Self {
        let (published, stop) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let (bus, user) = (Arc::clone(bus), user.to_owned());
        let (count, stopped) = (Arc::clone(&published), Arc::clone(&stop));
        let task = tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let id = count.load(Ordering::Relaxed);
                bus.publish(Arc::new(message(&user, id))).await.unwrap();
                count.store(id + 1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        Self { published, stop, task }
    }

    fn so_far(&self) -> u32 {
        self.published.load(Ordering::Relaxed)
    }

    async fn end(self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        self.published.load(Ordering::Relaxed)
    }
}

/// Two relays, and what one sends to the other meanwhile.
struct Scene {
    a: Node,
    b: Node,
    user: String,
    traffic: Traffic,
}

impl Scene {
    async fn start(site: &Site, user: &str) -> Self {
        let [a, b] = site.pair("default").await;
        let traffic = Traffic::start(&a.bus, user);
        let scene = Self { a, b, user: user.to_owned(), traffic };
        scene.flows().await;
        // A probe of each since the last has come: both know how many they are.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        scene
    }

    /// Waits until something came that was published after now. Answers how long that took.
    async fn flows(&self) -> Duration {
        let (start, now) = (Instant::now(), self.traffic.so_far());
        let last = || self.b.got(&self.user).last().map_or(0, |id| id.parse::<u32>().unwrap());
        until("messages flow", || last() > now + 1).await;
        start.elapsed()
    }

    /// Ends the traffic, and checks that nothing came twice or out of order, and that what never
    /// came was counted.
    async fn end(self, resumed: Duration) -> Report {
        let Self { a, b, user, traffic } = self;
        let published = traffic.end().await;
        let got = || -> Vec<u32> { b.got(&user).iter().map(|id| id.parse().unwrap()).collect() };
        until("the last message came", || got().last() == Some(&(published - 1))).await;
        let got = got();
        assert!(got.is_sorted_by(|a, b| a < b), "twice or out of order");
        let counters = b.bus.counters();
        let report = Report { published, received: got.len() as u32, counted: counters.missed, resumed };
        assert_eq!(u64::from(report.published - report.received), report.counted, "{report:?}");
        until("nothing waits", || a.bus.counters().outbox_items == 0).await;
        a.reaches(BusState::Ok).await;
        report
    }
}

async fn the_primary_is_killed() -> Report {
    let mut site = Site::Sentinel(Sentinels::start(2).await);
    let scene = Scene::start(&site, "alice").await;
    let Site::Sentinel(redis) = &mut site else { unreachable!() };
    redis.servers[0].kill();
    redis.promoted(0).await;
    let resumed = scene.flows().await;
    scene.end(resumed).await
}

#[tokio::test]
async fn a_killed_primary_is_followed_to_the_promoted_one() {
    println!("{:?}", the_primary_is_killed().await);
}

#[tokio::test]
async fn a_primary_that_was_demoted_and_still_answers_is_left() {
    let site = Site::Sentinel(Sentinels::start(1).await);
    let scene = Scene::start(&site, "alice").await;
    let Site::Sentinel(redis) = &site else { unreachable!() };
    redis.switch();
    redis.promoted(0).await;
    let resumed = scene.flows().await;
    println!("{:?}", scene.end(resumed).await);
}

/// The channel of alice as sharded channels have it, to find her slot by.
fn slot_of_alice(cluster: &Cluster) -> u16 {
    let channels =
        cluster.nodes.iter().map(|node| node.cli(&["PUBSUB", "SHARDCHANNELS"])).collect::<String>();
    assert!(channels.contains("{202}"), "her partition is subscribed somewhere");
    // Her partition is 112, by FNV-1a of `user:alice`, and its tag 202.
    cluster.slot("{202}")
}

async fn a_slot_moves() -> Report {
    let site = Site::cluster().await;
    let scene = Scene::start(&site, "alice").await;
    let Site::Cluster(cluster) = &site else { unreachable!() };
    let slot = slot_of_alice(cluster);
    let owner = cluster.owner(slot).unwrap();
    cluster.migrate(slot, (owner + 1) % 3).await;
    let resumed = scene.flows().await;
    cluster.migrate(slot, owner).await;
    scene.flows().await;
    scene.end(resumed).await
}

#[tokio::test]
async fn a_slot_that_moves_takes_its_messages_along_in_order() {
    println!("{:?}", a_slot_moves().await);
}

async fn a_primary_of_a_cluster_is_killed() -> Report {
    let mut site = Site::cluster().await;
    let scene = Scene::start(&site, "alice").await;
    let Site::Cluster(cluster) = &mut site else { unreachable!() };
    let slot = slot_of_alice(cluster);
    let owner = cluster.owner(slot).unwrap();
    cluster.nodes[owner].kill();
    cluster.promoted(slot, owner).await;
    let resumed = scene.flows().await;
    scene.end(resumed).await
}

#[tokio::test]
async fn a_killed_primary_of_a_cluster_is_replaced_by_its_replica() {
    println!("{:?}", a_primary_of_a_cluster_is_killed().await);
}

async fn a_primary_of_a_cluster_hands_over() -> Report {
    let site = Site::cluster().await;
    let scene = Scene::start(&site, "alice").await;
    let Site::Cluster(cluster) = &site else { unreachable!() };
    let owner = cluster.owner(slot_of_alice(cluster)).unwrap();
    cluster.fail_over(owner).await;
    let resumed = scene.flows().await;
    scene.end(resumed).await
}

#[tokio::test]
async fn a_primary_of_a_cluster_that_hands_over_is_left() {
    println!("{:?}", a_primary_of_a_cluster_hands_over().await);
}

#[tokio::test]
#[ignore = "ten repetitions of each; its table is in docs/redis.md"]
async fn ten_of_each() {
    println!(
        "| fault | published | lost, all counted | messages flow again after the promotion: median, worst |"
    );
    println!("| --- | --- | --- | --- |");
    for fault in
        ["Sentinel: primary killed", "Cluster: primary killed", "Cluster: failover", "Cluster: slot moved"]
    {
        let mut reports = Vec::new();
        for _ in 0..10 {
            reports.push(match fault {
                "Sentinel: primary killed" => the_primary_is_killed().await,
                "Cluster: primary killed" => a_primary_of_a_cluster_is_killed().await,
                "Cluster: failover" => a_primary_of_a_cluster_hands_over().await,
                _ => a_slot_moves().await,
            });
        }
        reports.sort_by_key(|report| report.resumed);
        let (published, lost) = reports
            .iter()
            .fold((0, 0), |(published, lost), report| (published + report.published, lost + report.counted));
        let [median, worst] = [5, 9].map(|index| reports[index].resumed.as_millis());
        println!("| {fault} | {published} | {lost} | {median} ms, {worst} ms |");
        assert!(worst < 5000, "{reports:?}");
    }
}
