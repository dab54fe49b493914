//! What relays know of each other.

use crate::support::{Guarded, until_answered};

pub(super) async fn know_each_other(site: &Guarded) {
    let [a, b] = site.pair("nodes", "").await;
    a.bus.announce(Some("10.0.0.1:8080".to_owned()));
    b.bus.announce(Some("10.0.0.2:8080".to_owned()));
    let count = async || b.bus.nodes().await.map(|nodes| nodes.len());
    until_answered("both are known", async || count().await == Ok(2)).await;
    let secret = a.bus.cluster_secret().await.unwrap();
    assert_eq!(b.bus.cluster_secret().await, Ok(secret));
    a.shutdown.cancel();
    a.bus.closed().await;
    until_answered("one is left", async || count().await == Ok(1)).await;
}
