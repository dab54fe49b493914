//! Buses of tests, which say only what the test is about.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::sync::lock;

/// A bus that takes everything, grants every claim and keeps nothing, but for what a test says otherwise.
#[async_trait]
pub(crate) trait PartBus: Send + Sync + 'static {
    async fn publish(&self, _: Arc<Message>) -> Result<(), BusError> {
        Ok(())
    }

    async fn claim(&self, _: &str) -> Result<Claim, BusError> {
        Ok(Claim::Granted)
    }

    async fn release(&self, _: &str) {}

    async fn take_place(&self, _: &str, _: u64, _: u32) -> Result<bool, BusError> {
        Ok(true)
    }

    fn leave_place(&self, _: &str, _: u64) {}

    fn note(&self, _: &Channel, _: bool) {}

    fn keeps(&self, _: &Channel) -> bool {
        false
    }

    fn follow(&self, _: &Log, _: bool) {}

    async fn publish_once(&self, message: Arc<Message>, _: &str) -> Result<Published, BusError> {
        self.publish(message).await?;
        Ok(Published { duplicate: false })
    }

    async fn nodes(&self) -> Result<Vec<Node>, BusError> {
        Ok(Vec::new())
    }

    async fn cluster_secret(&self) -> Result<Option<Secret>, BusError> {
        Ok(None)
    }

    async fn keep_snapshots(&self, snapshots: &[Snapshot]) -> Result<Vec<bool>, BusError> {
        Ok(vec![true; snapshots.len()])
    }

    async fn revive(&self, _: &str) -> Result<Option<Snapshot>, BusError> {
        Ok(None)
    }
}

#[async_trait]
impl<T: PartBus> Bus for T {
    async fn publish(&self, message: Arc<Message>) -> Result<(), BusError> {
        PartBus::publish(self, message).await
    }

    async fn claim(&self, lease: &str) -> Result<Claim, BusError> {
        PartBus::claim(self, lease).await
    }

    async fn release(&self, lease: &str) {
        PartBus::release(self, lease).await;
    }

    async fn take_place(&self, name: &str, id: u64, limit: u32) -> Result<bool, BusError> {
        PartBus::take_place(self, name, id, limit).await
    }

    fn leave_place(&self, name: &str, id: u64) {
        PartBus::leave_place(self, name, id);
    }

    fn note(&self, channel: &Channel, here: bool) {
        PartBus::note(self, channel, here);
    }

    fn keeps(&self, channel: &Channel) -> bool {
        PartBus::keeps(self, channel)
    }

    fn follow(&self, log: &Log, here: bool) {
        PartBus::follow(self, log, here);
    }

    async fn publish_once(&self, message: Arc<Message>, key: &str) -> Result<Published, BusError> {
        PartBus::publish_once(self, message, key).await
    }

    async fn nodes(&self) -> Result<Vec<Node>, BusError> {
        PartBus::nodes(self).await
    }

    async fn cluster_secret(&self) -> Result<Option<Secret>, BusError> {
        PartBus::cluster_secret(self).await
    }

    async fn keep_snapshots(&self, snapshots: &[Snapshot]) -> Result<Vec<bool>, BusError> {
        PartBus::keep_snapshots(self, snapshots).await
    }

    async fn revive(&self, id: &str) -> Result<Option<Snapshot>, BusError> {
        PartBus::revive(self, id).await
    }

    async fn holder(&self, _: &str) -> Result<Option<String>, BusError> {
        Ok(None)
    }

    async fn keep_token(&self, _: &str, _: &str, _: Duration) -> Result<(), BusError> {
        Ok(())
    }

    async fn take_token(&self, _: &str) -> Result<Option<String>, BusError> {
        Ok(None)
    }

    fn status(&self) -> admin::Bus {
        let (kind, state) = (admin::BusKind::Memory, admin::BusState::Ok);
        admin::Bus { kind, state, reason: None, lag_ms: None, stalled_partitions: None }
    }
}

/// The channels that have connections, and the histories that are followed, as far as it was told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    channels: Mutex<BTreeSet<Channel>>,
    follows: Mutex<BTreeSet<String>>,
}

impl Told {
    /// These channels.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        lock(&self.channels).iter().cloned().collect()
    }

    /// Names of these histories.
    pub(crate) fn follows(&self) -> Vec<String> {
        lock(&self.follows).iter().cloned().collect()
    }
}

impl PartBus for Told {
    fn note(&self, channel: &Channel, here: bool) {
        tell(&self.channels, channel.clone(), here);
    }

    fn keeps(&self, channel: &Channel) -> bool {
        Log::of(channel).is_some()
    }

    fn follow(&self, log: &Log, here: bool) {
        tell(&self.follows, log.as_str().to_owned(), here);
    }
}

fn tell<T: Ord>(known: &Mutex<BTreeSet<T>>, name: T, here: bool) {
    let mut known = lock(known);
    let news = if here { known.insert(name) } else { known.remove(&name) };
    assert!(news, "told twice");
}
