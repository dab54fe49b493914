//! What relays do together for clients, by the same code with sentinels and in a Cluster as with one
//! Redis; before and after it loses the primary by which the relays know each other.

mod calls;
mod sessions;

use crate::socketio::balanced::{self, PINGS};
use crate::support::Trio;
use crate::takeover::redis::Site;
use crate::truth::{is_degraded, places, rates};

/// Keys of what relays know of each other.
const NODES: &str = "relay:*:nodes:*";

/// Three relays on `site`.
async fn trio(site: &Site) -> Trio {
    Trio::on(&site.url(), &[&PINGS[..], &[rates::QUOTA], &places::TWO].concat()).await
}

/// Calls, quotas and places, of users called after `name` who have nothing yet.
async fn one_cluster(trio: &Trio, name: &str) {
    let [a, b, c] = &trio.relays;
    calls::are_answered_by_all(trio).await;
    rates::has_one_quota(&format!("{name}-a"), a, b).await;
    places::has_two_places(&format!("{name}-b"), b, c).await;
}

async fn holds(site: Site) {
    let trio = trio(&site).await;
    one_cluster(&trio, "alice").await;
    let balancer = trio.balancer().await;
    let whole = serde_json::json!([true, true, 0]);
    assert_eq!(balanced::talk(balancer.address, "['polling']", false).await, whole);
    assert!(trio.figure("relay_forwarded_requests_total").await > 0);
}

async fn goes_on(mut site: Site) {
    let trio = trio(&site).await;
    one_cluster(&trio, "before").await;
    sessions::go_on(&trio, async {
        site.lose_primary_with(NODES).await;
        for relay in &trio.relays {
            is_degraded(relay, false).await;
        }
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

#[tokio::test]
async fn r002_15_r003_01_r004_15_x16_relays_stay_one_when_sentinels_make_another_the_primary() {
    goes_on(Site::sentinel().await).await;
}

#[tokio::test]
async fn r002_15_r003_01_r004_15_x16_relays_stay_one_when_a_cluster_loses_a_primary() {
    goes_on(Site::cluster().await).await;
}
