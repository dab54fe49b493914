//! The limits of this node, each with a quota of its own, and what is left of them by name.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::bucket::{Bucket, Limited, Quota};
use crate::metrics::{RateFigures, RateLimit};
use crate::recent::Recent;
use crate::sync::lock;

/// Names of one limit that are remembered at least; twice as many at most.
const NAMES: usize = 32_768;

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
}

impl Limits {
    /// Full quotas, whose ends are counted in `figures`.
    pub fn new(figures: RateFigures) -> Arc<Self> {
        let table = |limit| (limit, Mutex::new(Recent::new(NAMES)));
        let left = RateLimit::ALL.into_iter().map(table).collect();
        Arc::new(Self { figures, hasher: RandomState::new(), left })
    }

    /// Takes one of what `name` may.
    ///
    /// # Errors
    /// [`Limited`] if nothing is left, which is counted.
    pub fn take(&self, limit: RateLimit, quotas: &Quotas, name: impl Hash) -> Result<(), Limited> {
        let quota = quotas.of(limit);
        if quota.count == 0 {
            return Ok(());
        }
        let (now, key) = (Instant::now(), self.hasher.hash_one(name));
        let Some((_, table)) = self.left.iter().find(|(known, _)| *known == limit) else { return Ok(()) };
        let taken = lock(table).entry(key, || Bucket::full(now)).take(quota, now);
        taken.inspect_err(|_| self.note(limit))
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
    };

    fn limits() -> Arc<Limits> {
        Limits::new(RateFigures::new(&prometheus::Registry::new()).unwrap())
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
    fn a_limit_of_zero_is_none() {
        let limits = limits();
        assert!((0..100).all(|_| limits.take(RateLimit::Tokens, &QUOTAS, "a").is_ok()));
    }
}
