//! What relays do together for clients, by the same code with sentinels and in a Cluster as with one
//! Redis; before and after it loses the primary by which the relays know each other.

mod calls;
mod sessions;

use crate::socketio::balanced;
use crate::support::Trio;
use crate::takeover::redis::{Redis, Site};
use crate::truth::{is_degraded, places, rates};

/// Keys of what relays know of each other.
const NODES: &str = "relay:*:nodes:*";

/// Pings often, and patience with an answer, as there is by default: a primary is away for seconds.
const PINGS: [(&str, &str); 2] = [("SOCKETIO_PING_INTERVAL", "1000"), ("SOCKETIO_PING_TIMEOUT", "20000")];

/// Three relays on `site`.
async fn trio(site: &Site) -> Trio {
    Trio::on(&site.url(), &[&PINGS[..], &[rates::QUOTA], &places::TWO].concat()).await
}

/// Waits until no relay is degraded.
async fn well(trio: &Trio) {
    for relay in &trio.relays {
        is_degraded(relay, false).await;
    }
}

/// Calls, quotas and places, of users called after `name` who have nothing yet.
async fn one_cluster(trio: &Trio, name: &str) {
    let [a, b, c] = &trio.relays;
    calls::are_answered_by_all(trio).await;
    // What is taken of a quota while Redis is away is told to nobody.
    well(trio).await;
    rates::has_one_quota(&format!("{name}-a"), a, b).await;
    places::has_two_places(&format!("{name}-b"), b, c).await;
}

/// Kills the primary that has what relays know of each other, and waits until another has its place.
async fn lose_primary(site: &mut Site) {
    let keys = |server: &Redis| server.cli(&["KEYS", NODES]);
    let has = |server: &Redis| server.is_primary() && !keys(server).is_empty();
    let primary = site.servers().iter().position(has).unwrap();
    let key = keys(&site.servers()[primary]).lines().next().unwrap().to_owned();
    match site {
        Site::Single(_) => unreachable!("it has nobody to take over"),
        Site::Sentinel(redis) => {
            redis.servers[primary].kill();
            redis.promoted(primary).await;
        }
        Site::Cluster(redis) => {
            let slot = redis.slot(&key);
            redis.nodes[primary].kill();
            redis.promoted(slot, primary).await;
        }
    }
}

async fn holds(site: Site) {
    let trio = trio(&site).await;
    one_cluster(&trio, "alice").await;
    let balancer = trio.balancer().await;
    let whole = serde_json::json!([true, true, 0]);
    assert_eq!(balanced::talk(balancer.address, "['polling']", false).await, whole);
    assert!(trio.figure("relay_forwarded_requests_total").await > 0);
}

/// Its relays have threads of their own: the test waits for programs that ask the servers, each of which
/// would hold up every request on its way from client to balancer, relay and owner.
async fn goes_on(mut site: Site) {
    let trio = trio(&site).await;
    one_cluster(&trio, "before").await;
    sessions::go_on(&trio, async {
        lose_primary(&mut site).await;
        well(&trio).await;
    })
    .await;
    one_cluster(&trio, "after").await;
}

#[tokio::test]
async fn r002_15_r003_01_r004_15_relays_on_a_redis_with_sentinels_are_one() {
    holds(Site::sentinel().await).await;
}

#[tokio::test]
async fn r002_15_r003_01_r004_15_relays_on_a_cluster_of_redis_are_one() {
    holds(Site::cluster().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r002_15_r003_01_r004_15_x16_relays_stay_one_when_sentinels_make_another_the_primary() {
    goes_on(Site::sentinel().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r002_15_r003_01_r004_15_x16_relays_stay_one_when_a_cluster_loses_a_primary() {
    goes_on(Site::cluster().await).await;
}
