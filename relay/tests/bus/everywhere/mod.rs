//! What holds in every topology of Redis, by the same code: single, Sentinel, Cluster; and with the
//! accounts that `docs/redis.md` gives relays and workers, and no more.

mod messages;
mod nodes;
mod state;
mod workers;

use crate::support::{Guarded, Site};

/// All of it, each in a namespace of its own. Nothing that a relay asks for is refused.
async fn holds(site: Site) {
    let site = Guarded(site);
    messages::cross_in_order(&site).await;
    messages::of_namespaces_stay_apart(&site).await;
    messages::that_are_kept_come_in_order_and_again(&site).await;
    messages::go_once_under_a_key(&site).await;
    state::leases_have_one_holder(&site).await;
    state::names_have_a_newest_holder(&site).await;
    state::places_are_counted(&site).await;
    state::presence_is_seen(&site).await;
    state::keys_are_remembered(&site).await;
    state::tokens_are_good_once(&site).await;
    state::sessions_are_kept(&site).await;
    state::socketio_sessions_go_on(&site).await;
    nodes::know_each_other(&site).await;
    workers::are_reached_and_heard_once(&site).await;
    workers::leave_entries_that_are_read_once(&site).await;
    assert_eq!(site.refusals(), "");
}

#[tokio::test]
async fn a_single_redis_carries_all() {
    holds(Site::single()).await;
}

#[tokio::test]
async fn a_redis_with_sentinels_carries_all() {
    holds(Site::sentinel().await).await;
}

#[tokio::test]
async fn a_cluster_carries_all() {
    holds(Site::cluster().await).await;
}

/// Users whose channels are in many partitions.
fn users() -> impl Iterator<Item = String> {
    (0..60).map(|user| format!("user-{user}"))
}
