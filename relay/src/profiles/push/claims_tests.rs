//! Claims against a bus that answers as a test wants.

use async_trait::async_trait;
use tokio::sync::Semaphore;

use std::sync::Mutex;

use super::*;
use crate::bus::BusError;
use crate::bus::testing::PartBus;
use crate::sync::lock;

/// A bus with one answer to claims, and a gate that releases wait for.
struct Scripted {
    answer: Result<Claim, BusError>,
    gate: Semaphore,
    calls: Mutex<Vec<&'static str>>,
}

#[async_trait]
impl PartBus for Scripted {
    async fn claim(&self, _: &str) -> Result<Claim, BusError> {
        lock(&self.calls).push("claim");
        self.answer.clone()
    }
    async fn release(&self, _: &str) {
        let _open = self.gate.acquire().await;
        lock(&self.calls).push("release");
    }
}

fn claims(answer: Result<Claim, BusError>) -> (Arc<Scripted>, Arc<Claims>) {
    let bus = Arc::new(Scripted { answer, gate: Semaphore::new(0), calls: Mutex::default() });
    (bus.clone(), Claims::new(bus, Arc::default(), TaskTracker::new()))
}

#[tokio::test]
async fn r000_02_a_user_has_one_socket_on_this_node() {
    let (_bus, claims) = claims(Ok(Claim::Granted));
    let _first = claims.claim("alice").await;
    assert!(claims.claim("alice").await.is_none());
}

#[tokio::test]
async fn r000_02_a_user_with_a_socket_elsewhere_is_refused() {
    let (_bus, claims) = claims(Ok(Claim::HeldBy("other".to_owned())));
    assert!(claims.claim("alice").await.is_none());
}

#[tokio::test]
async fn x03_while_the_bus_is_away_this_node_decides() {
    let (_bus, claims) = claims(Err(BusError::Unavailable("away".to_owned())));
    let _first = claims.claim("alice").await.unwrap();
    assert!(claims.claim("alice").await.is_none());
}

#[tokio::test]
async fn a_name_is_claimed_again_only_after_it_was_given_back() {
    let (bus, claims) = claims(Ok(Claim::Granted));
    drop(claims.claim("alice").await);
    let again = tokio::spawn(async move { claims.claim("alice").await });
    tokio::task::yield_now().await;
    bus.gate.add_permits(1);
    assert!(again.await.unwrap().is_some());
    assert_eq!(*lock(&bus.calls), ["claim", "release", "claim"]);
}
