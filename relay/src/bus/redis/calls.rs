//! What is asked of the bus, and who answers it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use relay_contract::admin;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::audience::Sample;
use super::endpoint::CALL_DEADLINE;
use super::gather::GATHER_DEADLINE;
use super::leases::{Holder, LeaseError, node_of};
use super::outbox::Full;
use super::partition::Partition;
use super::pool::PoolError;
use super::roster::RosterError;
use super::routes::CallError;
use super::slot::Slot;
use super::{RedisBus, audience, once, snapshots};
use crate::bus::config::Secret;
use crate::bus::counters::Counters;
use crate::bus::wire::Frame;
use crate::bus::{
    Bus, BusError, Channel, Claim, Entry, KEY_TTL, Log, Message, Node, Position, Published, Recovered,
    Snapshot,
};

/// Longest that a call about a lease may take: its turn, and two commands.
const LEASE_DEADLINE: Duration = CALL_DEADLINE.saturating_mul(2);
/// The same of a place, which the other relays are waited for.
const PLACE_DEADLINE: Duration = GATHER_DEADLINE.saturating_add(LEASE_DEADLINE);
/// Longest that one write of sessions may take.
const SNAPSHOTS_DEADLINE: Duration = Duration::from_secs(5);
/// Longest that somebody who comes back to a snapshot waits for a Redis that is away for a moment.
const REVIVE_PATIENCE: Duration = Duration::from_secs(8);
/// Tries of a Redis that is there: it may have come back a moment ago.
const REVIVE_TRIES: u32 = 3;
/// Time between two tries.
const REVIVE_RETRY: Duration = Duration::from_millis(100);
/// Bytes that the name of a lease may have.
const MAX_LEASE_BYTES: usize = 1024;

impl RedisBus {
    /// Sends one command about `key` on a connection of the pool, unless it is known that there is
    /// no Redis.
    pub(super) async fn ask<T: redis::FromRedisValue>(
        &self,
        key: &str,
        command: &redis::Cmd,
    ) -> Result<T, BusError> {
        let slot = Slot::of(key);
        let primary = self.routes.primary(slot).map_err(|_| unavailable(self.state.why()))?;
        match self.pool.call(&primary.address, command).await {
            Err(PoolError::Redis(error)) if self.routes.redirect(&error).is_some() => {
                let call = self.routes.call(slot, command);
                let answer = tokio::time::timeout(LEASE_DEADLINE, call).await;
                answer.unwrap_or(Err(error.into())).map_err(|error| unavailable(error.to_string()))
            }
            answer => answer.map_err(|error| unavailable(error.to_string())),
        }
    }

    fn encode(&self, message: &Message) -> Result<Frame, BusError> {
        if self.shutdown.is_cancelled() {
            return Err(unavailable("this relay is shutting down".to_owned()));
        }
        Frame::encode(&self.origin, message).map_err(|error| {
            self.tally.too_large.add(1);
            unavailable(error.to_string())
        })
    }

    fn full(&self) -> BusError {
        self.tally.outbox_full.add(1);
        let why = self.histories.refusal().unwrap_or_else(|| self.state.why());
        unavailable(format!("too many messages wait for it: {why}"))
    }

    /// Publishes a message that no history keeps, unless its key is known: the key is noted first,
    /// and forgotten if nothing is sent under it.
    async fn publish_unkept_once(&self, message: Arc<Message>, key: &str) -> Result<Published, BusError> {
        let channel = message.channel.as_str();
        let key = self.layout.once(Partition::of(channel), channel, key);
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(&message.id).arg("NX").arg("EX").arg(KEY_TTL.as_secs());
        // Nobody to ask: it is taken to be new.
        let duplicate = matches!(self.ask::<Option<String>>(&key, &set).await, Ok(None));
        if !duplicate && let Err(error) = self.publish(message).await {
            // A key that stays ends by itself.
            let _ = self.ask::<u64>(&key, redis::cmd("DEL").arg(&key)).await;
            return Err(error);
        }
        Ok(Published { duplicate })
    }

    /// Why the roster does not answer.
    fn silent(&self, error: &RosterError) -> BusError {
        unavailable(match error {
            RosterError::NoLink(_) => self.state.why(),
            RosterError::Redis(error) => error.to_string(),
        })
    }

    /// Makes a call about `lease` within its deadline.
    async fn about<T>(
        &self,
        lease: &str,
        call: impl Future<Output = Result<T, LeaseError>>,
    ) -> Result<T, BusError> {
        self.within(LEASE_DEADLINE, lease, call).await
    }

    /// The same within another deadline.
    async fn within<T>(
        &self,
        deadline: Duration,
        lease: &str,
        call: impl Future<Output = Result<T, LeaseError>>,
    ) -> Result<T, BusError> {
        if lease.len() > MAX_LEASE_BYTES {
            return Err(unavailable(format!("a lease of {} bytes has too long a name", lease.len())));
        }
        match tokio::time::timeout(deadline, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(LeaseError::Call(CallError::NoLink(_)))) => Err(unavailable(self.state.why())),
            Ok(Err(error)) => Err(unavailable(error.to_string())),
            Err(_) => Err(unavailable(format!("no answer within {} ms", deadline.as_millis()))),
        }
    }
}

fn unavailable(why: String) -> BusError {
    BusError::Unavailable(why)
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, message: Arc<Message>) -> Result<(), BusError> {
        let frame = self.encode(&message)?;
        if self.keeps(&message.channel) {
            return self.histories.publish(&message, frame, None).map_err(|Full| self.full());
        }
        self.outbox.push(Partition::of(message.channel.as_str()), frame).map_err(|Full| self.full())
    }

    async fn publish_once(&self, message: Arc<Message>, key: &str) -> Result<Published, BusError> {
        if !self.keeps(&message.channel) {
            return self.publish_unkept_once(message, key).await;
        }
        let frame = self.encode(&message)?;
        let (asker, asked) = oneshot::channel();
        self.histories.publish(&message, frame, Some((key, asker))).map_err(|Full| self.full())?;
        // No answer yet is no refusal: it waits, and is left out later if it must be.
        let answer = tokio::time::timeout(CALL_DEADLINE, asked).await;
        Ok(Published { duplicate: matches!(answer, Ok(Ok(true))) })
    }

    fn keeps(&self, channel: &Channel) -> bool {
        self.histories.log(channel).is_some()
    }

    fn follow(&self, log: &Log, here: bool) {
        self.histories.follow(log, here);
    }

    async fn recover(&self, log: &Log, since: Option<Position>) -> Result<Recovered, BusError> {
        self.histories.recover(log, since).await.map_err(unavailable)
    }

    async fn claim(&self, lease: &str) -> Result<Claim, BusError> {
        let holder = self.about(lease, self.leases.claim(lease)).await?;
        let holder = match holder {
            Holder::Other(owner) if self.gone.is_gone(&owner, Partition::of(lease).slot()).await => {
                self.about(lease, self.leases.take_over(lease, owner)).await?
            }
            holder => holder,
        };
        Ok(match holder {
            Holder::Us => Claim::Granted,
            Holder::Other(owner) => Claim::HeldBy(node_of(&owner).to_owned()),
        })
    }

    async fn release(&self, lease: &str) {
        if let Err(error) = self.about(lease, self.leases.release(lease)).await {
            tracing::debug!(lease, %error, "a lease was not given back and ends by itself");
        }
    }

    async fn holder(&self, lease: &str) -> Result<Option<String>, BusError> {
        self.about(lease, self.leases.holder(lease)).await
    }

    async fn take_newest(&self, name: &str, id: u64) -> Result<i64, BusError> {
        self.about(name, self.newest.take(name, id)).await
    }

    async fn leave_newest(&self, name: &str, id: u64) {
        let leave = async { Ok(self.newest.leave(name, id).await?) };
        if let Err(error) = self.about(name, leave).await {
            tracing::debug!(name, %error, "a name was not given back and ends by itself");
        }
    }

    async fn take_place(&self, name: &str, id: u64, limit: u32) -> Result<bool, BusError> {
        self.places.want(name, id);
        let ask = async { Ok(self.places.take(name, id, limit).await?) };
        let answer = self.within(PLACE_DEADLINE, name, ask).await;
        self.tally.places_unasked.add(u64::from(answer.is_err()));
        answer
    }

    fn leave_place(&self, name: &str, id: u64) {
        self.places.leave(name, id);
    }

    fn note(&self, channel: &Channel, here: bool) {
        self.presence.note(channel.as_str(), here);
    }

    async fn elsewhere(&self, channel: &Channel) -> Result<bool, BusError> {
        let ask = async { Ok(self.presence.elsewhere(channel.as_str()).await?) };
        self.about(channel.as_str(), ask).await
    }

    fn now(&self) -> jiff::Timestamp {
        self.newest.time()
    }

    async fn remember(&self, key: &str, value: &str, ttl: Duration) -> Result<Option<String>, BusError> {
        let key = self.layout.done(key);
        if self.routes.is_away(&key) {
            return self.remembered.keep(&key, value, ttl);
        }
        for _ in 0..once::TRIES {
            if self.ask(&key, &once::begin(&key, value, ttl)).await? {
                return Ok(None);
            }
            if let Some(known) = self.ask(&key, redis::cmd("GET").arg(&key)).await? {
                return Ok(Some(known));
            }
        }
        Err(unavailable("the key changes hands too fast".to_owned()))
    }

    async fn amend(&self, key: &str, value: Option<&str>, ttl: Duration) {
        let key = self.layout.done(key);
        self.remembered.amend(&key, value, ttl);
        if let Err(error) = self.ask::<()>(&key, &once::amend(&key, value, ttl)).await {
            tracing::debug!(%error, "what is known of a key could not be changed");
        }
    }

    async fn keep_token(&self, token: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        let key = self.layout.token(token);
        self.ask(&key, redis::cmd("SET").arg(&key).arg(value).arg("EX").arg(ttl.as_secs())).await
    }

    async fn take_token(&self, token: &str) -> Result<Option<String>, BusError> {
        let key = self.layout.token(token);
        self.ask(&key, redis::cmd("GETDEL").arg(&key)).await
    }

    async fn keep_session(&self, player: &str, value: &str, ttl: Duration) -> Result<(), BusError> {
        let key = self.layout.session(player);
        self.ask(&key, redis::cmd("SET").arg(&key).arg(value).arg("EX").arg(ttl.as_secs().max(1))).await
    }

    async fn session(&self, player: &str) -> Result<Option<String>, BusError> {
        let key = self.layout.session(player);
        self.ask(&key, redis::cmd("GET").arg(&key)).await
    }

    async fn keep_snapshots(&self, snapshots: &[Snapshot]) -> Result<Vec<bool>, BusError> {
        let keep = snapshots::keep_all(snapshots, &self.layout, &self.routes);
        match tokio::time::timeout(SNAPSHOTS_DEADLINE, keep).await {
            Ok(Err(CallError::NoLink(_))) => Err(unavailable(self.state.why())),
            Ok(kept) => kept.map_err(|error| unavailable(error.to_string())),
            Err(_) => Err(unavailable(format!("no answer within {} s", SNAPSHOTS_DEADLINE.as_secs()))),
        }
    }

    async fn revive(&self, id: &str) -> Result<Option<Snapshot>, BusError> {
        let (key, begin, mut refused) = (self.layout.snapshot(id), Instant::now(), 0);
        let is_gone = || begin.elapsed() > REVIVE_PATIENCE || self.histories.is_gone(Partition::of(id));
        loop {
            match self.ask(&key, &snapshots::revive(&key)).await {
                // In a failover a client would lose a session of which nothing is lost.
                Err(_) if refused < REVIVE_TRIES && !is_gone() => sleep(REVIVE_RETRY).await,
                answer => return Ok(snapshots::revived(id, answer?)),
            }
            refused += u32::from(!self.routes.is_away(&key));
        }
    }

    async fn tell_workers(&self, task: String) -> Result<u64, BusError> {
        let channel = self.layout.tasks();
        let mut listeners: u64 = self.ask(&channel, redis::cmd("PUBLISH").arg(&channel).arg(task)).await?;
        // A node of a Cluster passes it on to all others, and counts its own subscribers only.
        let here = self.routes.primary(Slot::of(&channel)).ok().map(|primary| primary.address);
        for primary in self.routes.primaries() {
            if Some(&primary.address) != here.as_ref() {
                let sample = Sample { channel: &channel, sharded: false };
                let count = audience::count(sample, &mut primary.commands.clone()).await;
                listeners += count.ok().flatten().unwrap_or(0);
            }
        }
        Ok(listeners)
    }

    async fn entries(&self) -> Vec<Entry> {
        self.intake.entries(self).await
    }

    async fn done(&self, entries: Vec<Entry>) {
        self.intake.done(self, entries).await;
    }

    async fn settled(&self) {
        self.outbox.settled().await;
        self.histories.settled().await;
    }

    fn announce(&self, address: Option<String>) {
        self.roster.announce(Node { address, ..self.me.clone() });
    }

    async fn nodes(&self) -> Result<Vec<Node>, BusError> {
        self.roster.nodes().await.map_err(|error| self.silent(&error))
    }

    async fn cluster_secret(&self) -> Result<Option<Secret>, BusError> {
        self.roster.secret().await.map(Some).map_err(|error| self.silent(&error))
    }

    fn status(&self) -> admin::Bus {
        self.state.with(self.histories.refusal(), self.stalls.told())
    }

    fn counters(&self) -> Counters {
        let ((items, bytes), (kept, kept_bytes)) = (self.outbox.fill(), self.histories.fill());
        self.tally.snapshot(items + kept, bytes + kept_bytes)
    }

    async fn closed(&self) {
        self.ended.cancelled().await;
        self.intake.leave(self).await;
    }
}
