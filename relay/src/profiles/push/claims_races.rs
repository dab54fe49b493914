//! Claims of many clusters at once, over buses whose answers take their time.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use tokio::time::sleep;

use super::*;
use crate::bus::BusError;
use crate::bus::testing::PartBus;
use crate::sync::lock;

/// Who holds what in one cluster.
type Leases = Arc<Mutex<HashMap<String, usize>>>;

/// The bus of one node: what it is asked happens some time later, and is told later still.
struct Slow {
    node: usize,
    leases: Leases,
}

async fn moment() {
    sleep(Duration::from_micros(rand::random_range(0..3000))).await;
}

#[async_trait]
impl PartBus for Slow {
    async fn claim(&self, lease: &str) -> Result<Claim, BusError> {
        moment().await;
        let holder = *lock(&self.leases).entry(lease.to_owned()).or_insert(self.node);
        moment().await;
        Ok(if holder == self.node { Claim::Granted } else { Claim::HeldBy(holder.to_string()) })
    }

    async fn release(&self, lease: &str) {
        moment().await;
        lock(&self.leases).retain(|name, holder| name != lease || *holder != self.node);
        moment().await;
    }
}

fn cluster() -> Vec<Arc<Claims>> {
    let leases = Leases::default();
    let node = |node| {
        let bus = Arc::new(Slow { node, leases: leases.clone() });
        Claims::new(bus, Arc::default(), TaskTracker::new())
    };
    (0..3).map(node).collect()
}

/// A client that wants the socket a few times. Tells how often it was not alone with it.
async fn client(claims: &Arc<Claims>, sockets: &AtomicU32) -> usize {
    let mut together = 0;
    for _ in 0..4 {
        moment().await;
        let Some(claimed) = claims.claim("socket:alice").await else { continue };
        together += usize::from(sockets.fetch_add(1, Ordering::SeqCst) != 0);
        moment().await;
        sockets.fetch_sub(1, Ordering::SeqCst);
        drop(claimed);
    }
    together
}

#[tokio::test]
async fn x03_no_race_of_three_nodes_gives_a_user_two_sockets() {
    let clusters: Vec<_> = (0..100).map(|_| (cluster(), AtomicU32::new(0))).collect();
    let clients = clusters
        .iter()
        .flat_map(|(nodes, sockets)| nodes.iter().chain(nodes).map(move |claims| client(claims, sockets)));
    assert_eq!(join_all(clients).await.into_iter().sum::<usize>(), 0);
}

#[tokio::test]
async fn x03_whoever_comes_after_a_race_gets_the_socket() {
    let race = async |nodes: Vec<Arc<Claims>>| {
        let sockets = AtomicU32::new(0);
        join_all(nodes.iter().map(|claims| client(claims, &sockets))).await;
        nodes[0].claim("socket:alice").await.is_some()
    };
    let came = join_all((0..100).map(|_| race(cluster()))).await;
    assert!(came.into_iter().all(|came| came));
}

#[tokio::test]
async fn x03_a_client_that_gives_up_while_it_is_asked_about_leaves_nothing_behind() {
    let nodes = cluster();
    for _ in 0..20 {
        let _ = tokio::time::timeout(Duration::from_millis(1), nodes[0].claim("socket:alice")).await;
    }
    assert!(nodes[1].claim("socket:alice").await.is_some());
}
