//! The limits, each with a quota of its own, and what is left of them here by name.

use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Name;
use super::bucket::{Bucket, Limited, Quota};
use super::spent::{Spent, Taking};
use crate::metrics::{RateFigures, RateLimit};
use crate::recent::Recent;
use crate::sync::lock;

/// Names of one limit that are remembered at least; twice as many at most.
const NAMES: usize = 32_768;

/// Whom the quotas of names are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All nodes together.
    Cluster,
    /// Each node.
    Node,
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "cluster" => Ok(Self::Cluster),
            "node" => Ok(Self::Node),
            other => Err(format!("{other:?} is neither cluster nor node")),
        }
    }
}

/// The quotas, as the settings have them. 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Connections that one name may begin in a minute (requirement 004-14).
    pub connections: u32,
    /// Requests of one address within the window (requirement 004-20).
    pub requests: u32,
    /// The window.
    pub window: Duration,
    /// Connection tokens that one user may get in a minute (requirement 003-01).
    pub tokens: u32,
    /// Chat messages that one user may send in a minute (requirement 003-20).
    pub user_messages: u32,
    /// Messages that one connection may send in a second.
    pub messages: u32,
    /// Messages that one address may publish in a second.
    pub publishes: u32,
    /// Messages for one user, room or conversation in a second.
    pub channel: u32,
    /// Channels that one connection may be in.
    pub channels: u32,
    /// Whose quotas those of names are; those of connections are theirs.
    pub scope: Scope,
}

impl Quotas {
    /// The quota of a limit.
    pub fn of(&self, limit: RateLimit) -> Quota {
        match limit {
            RateLimit::Connections => Quota::per_minute(self.connections),
            RateLimit::Requests => Quota { count: self.requests, per: self.window },
            RateLimit::Tokens => Quota::per_minute(self.tokens),
            RateLimit::UserMessages => Quota::per_minute(self.user_messages),
            RateLimit::Messages => Quota::per_second(self.messages),
            RateLimit::Publishes => Quota::per_second(self.publishes),
            RateLimit::Channel => Quota::per_second(self.channel),
            // A number of things at a time, not of things in a time.
            RateLimit::Channels => Quota::per_second(0),
        }
    }
}

/// What is left of the quotas, by limit and name. Names are kept as keyed hashes, so that long ones
/// cost no more than short ones.
#[derive(Debug)]
pub struct Limits {
    figures: RateFigures,
    hasher: RandomState,
    left: Vec<(RateLimit, Mutex<Recent<u64, Bucket>>)>,
    spent: Mutex<Spent>,
}

impl Limits {
    /// Full quotas, whose ends are counted in `figures`.
    pub fn new(figures: RateFigures) -> Arc<Self> {
        let table = |limit| (limit, Mutex::new(Recent::new(NAMES)));
        let left = RateLimit::ALL.into_iter().map(table).collect();
        Arc::new(Self { figures, hasher: RandomState::new(), left, spent: Mutex::default() })
    }

    /// Takes one of what `name` may.
    ///
    /// # Errors
    /// [`Limited`] if nothing is left, which is counted.
    pub fn take<'a>(
        &self,
        limit: RateLimit,
        quotas: &Quotas,
        name: impl Into<Name<&'a str>>,
    ) -> Result<(), Limited> {
        let quota = quotas.of(limit);
        if quota.count == 0 {
            return Ok(());
        }
        let (now, name) = (Instant::now(), name.into());
        let taken = self.bucket(limit, &name, now, |bucket| bucket.take(quota, now)).unwrap_or(Ok(()));
        if taken.is_ok() && quotas.scope == Scope::Cluster {
            lock(&self.spent).add(limit, &name);
        }
        taken.inspect_err(|_| self.note(limit))
    }

    /// Takes off what a name took on another node.
    pub(super) fn owe(&self, quotas: &Quotas, taking: &Taking) {
        let Some(limit) = RateLimit::ALL.into_iter().find(|limit| limit.label() == taking.limit) else {
            return;
        };
        let (quota, now) = (quotas.of(limit), Instant::now());
        if quota.count > 0 {
            self.bucket(limit, &taking.name.borrowed(), now, |bucket| bucket.owe(quota, taking.count, now));
        }
    }

    /// What was taken here since the last call, for other nodes.
    pub(super) fn spent(&self) -> Vec<Taking> {
        lock(&self.spent).drain()
    }

    fn bucket<T>(
        &self,
        limit: RateLimit,
        name: &Name<&str>,
        now: Instant,
        then: impl FnOnce(&mut Bucket) -> T,
    ) -> Option<T> {
        let key = self.hasher.hash_one(name);
        let (_, table) = self.left.iter().find(|(known, _)| *known == limit)?;
        Some(then(lock(table).entry(key, || Bucket::full(now))))
    }

    /// Takes one of what the owner of `bucket` may, whom nobody else has to know.
    ///
    /// # Errors
    /// [`Limited`] if nothing is left, which is counted.
    pub fn take_own(&self, limit: RateLimit, quotas: &Quotas, bucket: &mut Bucket) -> Result<(), Limited> {
        bucket.take(quotas.of(limit), Instant::now()).inspect_err(|_| self.note(limit))
    }

    /// Counts a limit that was reached.
    pub fn note(&self, limit: RateLimit) {
        self.figures.reached(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTAS: Quotas = Quotas {
        connections: 2,
        requests: 1,
        window: Duration::from_secs(60),
        tokens: 0,
        user_messages: 0,
        messages: 0,
        publishes: 0,
        channel: 0,
        channels: 0,
        scope: Scope::Cluster,
    };

    fn limits() -> Arc<Limits> {
        Limits::new(RateFigures::new(&crate::metrics::Registry::default()).unwrap())
    }

    #[test]
    fn r004_14_each_name_has_a_quota_of_its_own() {
        let limits = limits();
        let take = |name: &str| limits.take(RateLimit::Connections, &QUOTAS, name).is_ok();
        assert_eq!([take("a"), take("a"), take("a"), take("b")], [true, true, false, true]);
    }

    #[test]
    fn r004_20_each_limit_has_a_quota_of_its_own() {
        let limits = limits();
        let take = |limit| limits.take(limit, &QUOTAS, "a").is_ok();
        assert_eq!(
            [take(RateLimit::Requests), take(RateLimit::Requests), take(RateLimit::Connections)],
            [true, false, true]
        );
    }

    #[test]
    fn r004_14_what_was_taken_on_another_node_is_taken_off_here() {
        let (here, there) = (limits(), limits());
        there.take(RateLimit::Connections, &QUOTAS, "a").unwrap();
        there.spent().iter().for_each(|taking| here.owe(&QUOTAS, taking));
        let take = || here.take(RateLimit::Connections, &QUOTAS, "a").is_ok();
        assert_eq!([take(), take()], [true, false]);
    }

    #[test]
    fn where_each_node_has_its_own_quota_nobody_is_told() {
        let (limits, quotas) = (limits(), Quotas { scope: Scope::Node, ..QUOTAS });
        limits.take(RateLimit::Connections, &quotas, "a").unwrap();
        assert!(limits.spent().is_empty());
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let limits = limits();
        assert!((0..100).all(|_| limits.take(RateLimit::Tokens, &QUOTAS, "a").is_ok()));
    }
}
