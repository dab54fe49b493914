//! A bus of one node: there is nobody to tell, and every claim is ours. What is
//! [kept](Bus::keeps) is kept in the process, within bounds, and is gone with it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use relay_contract::admin;

use self::histories::{Histories, MAX_LOG_BYTES};
use self::keys::Keys;
use self::ring::Bounds;
use super::remembered::Remembered;
use super::snapshot::Snapshots;
use super::tokens::Tokens;
use super::{
    Bus, BusError, Channel, Claim, Inbox, Kept, Log, Message, Node, Policy, Position, Published, Recovered,
    Snapshot,
};
use crate::sync::lock;

mod histories;
mod keys;
mod ring;

/// The bus of a relay that runs alone.
pub(super) struct MemoryBus {
    node: String,
    /// Bounded by the connections that hold the claims.
    leases: Mutex<HashSet<String>>,
    tokens: Tokens,
    snapshots: Snapshots,
    me: Mutex<Option<Node>>,
    remembered: Remembered,
    policy: Policy,
    histories: Histories,
    keys: Mutex<Keys>,
    inbox: Arc<dyn Inbox>,
}

impl MemoryBus {
    /// A bus that keeps what `policy` says, and hands that to `inbox`.
    pub(super) fn new(node: String, policy: Policy, inbox: Arc<dyn Inbox>) -> Self {
        Self {
            node,
            leases: Mutex::default(),
            tokens: Tokens::default(),
            snapshots: Snapshots::default(),
            me: Mutex::default(),
            remembered: Remembered::default(),
            policy,
            histories: Histories::default(),
            keys: Mutex::default(),
            inbox,
        }
    }

    fn leases(&self) -> MutexGuard<'_, HashSet<String>> {
        // Each change of the set is one call, so that a panic elsewhere cannot leave it half done.
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bounds(kept: Kept) -> Bounds {
    Bounds { size: usize::try_from(kept.size).unwrap_or(usize::MAX), age: kept.ttl, bytes: MAX_LOG_BYTES }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, message: Arc<Message>) -> Result<(), BusError> {
        if let Some((log, kept)) = self.policy.log(&message.channel) {
            self.histories.append(&log, &message, bounds(kept), &*self.inbox);
        }
        Ok(())
    }

    async fn publish_once(&self, message: Arc<Message>, key: &str) -> Result<Published, BusError> {
        let duplicate = !lock(&self.keys).note(&message.channel, key, Instant::now());
        if !duplicate {
            self.publish(message).await?;
        }
        Ok(Published { duplicate })
    }

    fn keeps(&self, channel: &Channel) -> bool {
        self.policy.log(channel).is_some()
    }

    async fn recover(&self, log: &Log, since: Option<Position>) -> Result<Recovered, BusError> {
        let kept = self.policy.of(log.class());
        Ok(kept.map_or_else(Recovered::default, |kept| self.histories.after(log, since, bounds(kept))))
    }

    async fn claim(&self, lease: &str) -> Result<Claim, BusError> {
        self.leases().insert(lease.to_owned());
        Ok(Claim::Granted)
    }

    async fn release(&self, lease: &str) {
        self.leases().remove(lease);
    }

    async fn holder(&self, lease: &str) -> Result<Option<String>, BusError> {
        Ok(self.leases().contains(lease).then(|| self.node.clone()))
    }

    async fn remember(&self, key: &str, value: &str, ttl: Duration) -> Result<Option<String>, BusError> {
        self.remembered.keep(key, value, ttl)
    }

    async fn amend(&self, key: &str, value: Option<&str>, ttl: Duration) {
        self.remembered.amend(key, value, ttl);
    }

    async fn keep_token(&self, token: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        self.tokens.keep(token, value, ttl)
    }

    async fn take_token(&self, token: &str) -> Result<Option<String>, BusError> {
        Ok(self.tokens.take(token))
    }

    async fn keep_snapshots(&self, snapshots: &[Snapshot]) -> Result<Vec<bool>, BusError> {
        snapshots.iter().map(|snapshot| self.snapshots.keep(snapshot)).collect()
    }

    async fn revive(&self, id: &str) -> Result<Option<Snapshot>, BusError> {
        Ok(self.snapshots.revive(id))
    }

    fn announce(&self, address: Option<String>) {
        *lock(&self.me) = Some(Node { address, ..Node::beginning(&self.node, rand::random()) });
    }

    async fn nodes(&self) -> Result<Vec<Node>, BusError> {
        Ok(lock(&self.me).iter().cloned().collect())
    }

    fn status(&self) -> admin::Bus {
        let (kind, state) = (admin::BusKind::Memory, admin::BusState::Ok);
        admin::Bus { kind, state, reason: None, lag_ms: None, stalled_partitions: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{History, Resized};

    /// Nobody is there.
    struct Nobody;

    impl Inbox for Nobody {
        fn receive(&self, _: Message) {}
    }

    fn bus() -> MemoryBus {
        keeping(&History::default().into())
    }

    fn keeping(policy: &Policy) -> MemoryBus {
        MemoryBus::new("a".into(), policy.clone(), Arc::new(Nobody))
    }

    /// How many of ten messages are kept, of which the last came after the policy was `then`.
    async fn kept_of_ten(first: &str, then: &str) -> usize {
        let policy = Policy::from(first.parse::<History>().unwrap());
        let (bus, channel) = (keeping(&policy), Channel::user("alice"));
        let log = Log::of(&channel).unwrap();
        let since = bus.recover(&log, None).await.unwrap().top;
        for number in 1..=10 {
            if number == 6 {
                assert_eq!(policy.resize(&then.parse().unwrap()), Resized::Whole);
            }
            let message = Message::new(channel.clone(), "message", "{}");
            bus.publish(Arc::new(message)).await.unwrap();
        }
        bus.recover(&log, since).await.unwrap().messages.len()
    }

    #[tokio::test]
    async fn a_smaller_size_counts_from_the_next_message_on() {
        assert_eq!(kept_of_ten("users=100/300", "users=3/300").await, 3);
    }

    #[tokio::test]
    async fn a_larger_size_keeps_more_of_what_comes() {
        assert_eq!(kept_of_ten("users=3/300", "users=100/300").await, 8);
    }

    #[test]
    fn a_bus_of_one_node_always_works() {
        let status = bus().status();
        assert_eq!((status.state, status.reason), (admin::BusState::Ok, None));
    }

    #[tokio::test]
    async fn a_publish_to_nobody_succeeds() {
        let message = Message {
            id: "m".into(),
            channel: Channel::user("alice"),
            position: None,
            timestamp: 0,
            kind: "message".into(),
            payload: bytes::Bytes::new(),
        };
        assert_eq!(bus().publish(Arc::new(message)).await, Ok(()));
    }

    #[tokio::test]
    async fn the_only_node_is_this_one() {
        let bus = bus();
        bus.announce(Some("10.0.0.1:80".into()));
        let nodes = bus.nodes().await.unwrap();
        let told: Vec<_> = nodes.iter().map(|node| (&*node.name, node.address.as_deref())).collect();
        assert_eq!(told, [("a", Some("10.0.0.1:80"))]);
    }

    #[tokio::test]
    async fn the_holder_of_a_lease_is_this_node() {
        let bus = bus();
        bus.claim("user:alice").await.unwrap();
        assert_eq!(bus.holder("user:alice").await, Ok(Some("a".into())));
    }
}
