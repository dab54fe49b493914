//! How many relays the live connections need. Pure: a decision is made of what is known, what was
//! wished for in the last minutes, and the time.
//!
//! 1. Never fewer than the least, never more than the most.
//! 2. More relays at once when their mean load is a tenth above the target, at most twice as many
//!    or four more in one step, one step in 15 s.
//! 3. Fewer only when that was wished for five minutes without a break, by a tenth or one, one
//!    step in two minutes: whoever is sent away has to come back.
//! 4. What is not known is no reason for fewer. It is none for more either, but what is known is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long fewer relays must have been enough.
pub const CALM: Duration = Duration::from_secs(300);
/// Time between two steps up, and how finely wishes are remembered.
pub const UP_EVERY: Duration = Duration::from_secs(15);
/// Time between two steps down.
pub const DOWN_EVERY: Duration = Duration::from_secs(120);

/// What the spec says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The fewest relays, at least 1.
    pub min: u32,
    /// The most relays.
    pub max: u32,
    /// Connections that one relay is to have, at least 1.
    pub target: u64,
}

/// What is known at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Connections that relays told of lately, also those that end: their clients come back.
    pub connections: u64,
    /// Relays that serve and told lately.
    pub known: usize,
    /// Relays that serve and did not tell lately.
    pub unknown: usize,
    /// Whether Redis fails some relay: then a client could not catch up elsewhere.
    pub bus_down: bool,
}

/// Why there are not as many relays as there could be reason for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// As many as this were needed, which is more than the most.
    Maximum(u32),
    /// None is taken away, because not all told of their connections.
    Unknown,
    /// None is taken away, because Redis does not serve all of them.
    BusDown,
}

/// How many relays there are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// This many.
    pub replicas: u32,
    /// What stood in the way.
    pub limit: Option<Limit>,
    /// Whether time alone could change it.
    pub pending: bool,
}

/// What was wished for lately. It lives with the process: after a restart five minutes begin anew.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Highest wish of each 15 s, oldest first; at most as many as five minutes have.
    wishes: VecDeque<(Instant, u32)>,
    /// Since when all was known without a break.
    since: Option<Instant>,
    raised: Option<Instant>,
    lowered: Option<Instant>,
}

impl History {
    /// Decides, and remembers what was wished for.
    pub fn decide(&mut self, bounds: Bounds, current: u32, load: Load, now: Instant) -> Decision {
        let current = clamp(current, bounds);
        let needed = needed(bounds.target, current, load.connections);
        let wish = clamp(needed, bounds);
        let obstacle = obstacle(load);
        self.remember(wish, obstacle.is_none() && load.known > 0, now);
        let replicas = match wish {
            wish if wish > current => self.raise(current, wish, now),
            wish if wish < current => self.lower(current, now),
            _ => current,
        };
        let limit = match obstacle {
            _ if needed > bounds.max => Some(Limit::Maximum(needed)),
            Some(limit) if wish < current => Some(limit),
            _ => None,
        };
        Decision { replicas, limit, pending: replicas != wish }
    }

    /// A wish that rests on half of the truth ends the calm.
    fn remember(&mut self, wish: u32, trusted: bool, now: Instant) {
        if !trusted {
            self.wishes.clear();
            self.since = None;
            return;
        }
        self.since.get_or_insert(now);
        match self.wishes.back_mut() {
            Some((at, highest)) if now.duration_since(*at) < UP_EVERY => *highest = wish.max(*highest),
            _ => self.wishes.push_back((now, wish)),
        }
        while self.wishes.front().is_some_and(|(at, _)| now.duration_since(*at) > CALM + UP_EVERY) {
            self.wishes.pop_front();
        }
    }

    fn raise(&mut self, current: u32, wish: u32, now: Instant) -> u32 {
        if !passed(self.raised, UP_EVERY, now) {
            return current;
        }
        self.raised = Some(now);
        wish.min(current.saturating_mul(2).max(current.saturating_add(4)))
    }

    fn lower(&mut self, current: u32, now: Instant) -> u32 {
        let calm = self.since.is_some_and(|since| now.duration_since(since) >= CALM);
        let highest = self.wishes.iter().map(|(_, wish)| *wish).max().unwrap_or(current);
        if !calm || highest >= current || !passed(self.lowered, DOWN_EVERY, now) {
            return current;
        }
        self.lowered = Some(now);
        highest.max(current.saturating_sub((current / 10).max(1)))
    }
}

/// Relays that so many connections need; `current` when they are within a tenth of its load.
fn needed(target: u64, current: u32, connections: u64) -> u32 {
    let target = target.max(1);
    let full = u64::from(current).saturating_mul(target);
    let near = full / 10;
    if connections.abs_diff(full) <= near {
        return current;
    }
    u32::try_from(connections.div_ceil(target)).unwrap_or(u32::MAX)
}

fn obstacle(load: Load) -> Option<Limit> {
    match load {
        Load { unknown: 1.., .. } => Some(Limit::Unknown),
        Load { bus_down: true, .. } => Some(Limit::BusDown),
        _ => None,
    }
}

fn clamp(replicas: u32, bounds: Bounds) -> u32 {
    replicas.min(bounds.max).max(bounds.min)
}

fn passed(last: Option<Instant>, time: Duration, now: Instant) -> bool {
    last.is_none_or(|last| now.duration_since(last) >= time)
}

#[cfg(test)]
#[path = "autoscale_tests.rs"]
mod tests;
