//! State of the links as told to probes and people: Connecting, then Ok and Degraded by turns. The
//! bus is as well as the worst of its links.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use relay_contract::admin::{self, BusState};

use super::stalls::Stalled;
use crate::sync::lock;

/// What of the bus something is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Who has which slot of a Cluster.
    Topology,
    /// The link with this number.
    Link(u64),
}

/// Where the state is kept; reading it is cheap.
#[derive(Default)]
pub(super) struct State(Mutex<Parts>);

#[derive(Default)]
struct Parts {
    health: BTreeMap<Part, Health>,
    /// Whether all of it has worked once.
    worked: bool,
}

enum Health {
    /// Nothing is known yet.
    Awaited,
    /// It works, with this lag in milliseconds.
    Well(u64),
    /// It carries messages, with this lag in milliseconds, but takes no writes for this reason.
    Limps(u64, String),
    /// It does not, for this reason.
    Lost(String),
}

impl State {
    /// The state now.
    pub(super) fn current(&self) -> admin::Bus {
        lock(&self.0).told()
    }

    /// The state now, which is no better than degraded if there is a `refusal`, or else `stalled`: Redis
    /// is there, but takes no message of a history, or none of some partitions goes on.
    pub(super) fn with(&self, refusal: Option<String>, stalled: Option<Stalled>) -> admin::Bus {
        let current = self.current();
        if current.state != BusState::Ok {
            return current;
        }
        let (reason, stalled_partitions) = match (refusal, stalled) {
            (Some(refusal), _) => (refusal, None),
            (None, Some(Stalled { partitions, reason })) => (reason, Some(partitions)),
            (None, None) => return current,
        };
        admin::Bus { state: BusState::Degraded, reason: Some(reason), stalled_partitions, ..current }
    }

    /// One line for an error: why the bus is not there.
    pub(super) fn why(&self) -> String {
        self.current().reason.unwrap_or_else(|| "it was not reached yet".to_owned())
    }

    /// There is one more part, of which nothing is known yet.
    pub(super) fn awaits(&self, part: Part) {
        lock(&self.0).health.insert(part, Health::Awaited);
    }

    /// A probe came back to `part` after `lag`.
    pub(super) fn reached(&self, part: Part, lag: Duration) {
        let lag_ms = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        self.change(|parts| {
            parts.insert(part, Health::Well(lag_ms));
        });
    }

    /// A probe came back to `part` after `lag`, but Redis takes no writes, for `reason`, which is as
    /// that of [`lost`](Self::lost).
    pub(super) fn limps(&self, part: Part, reason: &str, lag: Duration) {
        let lag_ms = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        let before = lock(&self.0).health.insert(part, Health::Limps(lag_ms, reason.to_owned()));
        if !matches!(before, Some(Health::Limps(_, before)) if before == reason) {
            tracing::warn!(reason, "Redis takes no writes: messages cross, leases and tokens do not work");
        }
    }

    /// There is no such part any more, or nothing wrong with it.
    pub(super) fn forget(&self, part: Part) {
        self.change(|parts| {
            parts.remove(&part);
        });
    }

    /// The part ended for `reason`, which is one line without secrets; it is tried again after
    /// `wait`.
    pub(super) fn lost(&self, part: Part, reason: &str, wait: Duration) {
        let before = lock(&self.0).health.insert(part, Health::Lost(reason.to_owned()));
        // An outage is many failed tries: what is the same as before is said once.
        if !matches!(before, Some(Health::Lost(before)) if before == reason) {
            tracing::warn!(reason, "Redis connection failed, retry in {:.1}s", wait.as_secs_f64());
        }
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<Part, Health>)) {
        let mut parts = lock(&self.0);
        let before = parts.well();
        change(&mut parts.health);
        let now = parts.well();
        parts.worked |= now;
        drop(parts);
        if now && !before {
            tracing::info!("Redis connected");
        }
    }
}

impl Parts {
    /// Whether all of it works.
    fn well(&self) -> bool {
        !self.health.is_empty() && self.health.values().all(|health| matches!(health, Health::Well(_)))
    }

    fn told(&self) -> admin::Bus {
        let lag = self.health.values().map(Health::lag).collect::<Option<Vec<u64>>>();
        let lag = lag.and_then(|lags| lags.into_iter().max());
        let reason = self.health.values().find_map(Health::reason);
        let state = match () {
            () if self.well() => BusState::Ok,
            () if self.worked || lag.is_some() => BusState::Degraded,
            () => BusState::Connecting,
        };
        told(state, reason, lag)
    }
}

impl Health {
    /// Milliseconds from publish to delivery, while messages cross.
    fn lag(&self) -> Option<u64> {
        match self {
            Self::Well(lag) | Self::Limps(lag, _) => Some(*lag),
            Self::Awaited | Self::Lost(_) => None,
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Limps(_, reason) | Self::Lost(reason) => Some(reason.clone()),
            Self::Awaited | Self::Well(_) => None,
        }
    }
}

fn told(state: BusState, reason: Option<String>, lag_ms: Option<u64>) -> admin::Bus {
    admin::Bus { kind: admin::BusKind::Redis, state, reason, lag_ms, stalled_partitions: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Part = Part::Link(1);
    const TWO: Part = Part::Link(2);

    #[test]
    fn a_link_that_never_worked_is_connecting_with_the_reason() {
        let state = State::default();
        assert_eq!(state.current(), told(BusState::Connecting, None, None));
        state.lost(ONE, "refused", Duration::ZERO);
        assert_eq!(state.current(), told(BusState::Connecting, Some("refused".into()), None));
    }

    #[test]
    fn a_link_without_writes_is_degraded_with_its_lag() {
        let state = State::default();
        state.limps(ONE, "OOM", Duration::from_millis(2));
        assert_eq!(state.current(), told(BusState::Degraded, Some("OOM".into()), Some(2)));
    }

    #[test]
    fn a_link_that_worked_is_degraded_until_it_works_again() {
        let state = State::default();
        state.reached(ONE, Duration::from_millis(2));
        state.lost(ONE, "closed", Duration::ZERO);
        assert_eq!(state.current(), told(BusState::Degraded, Some("closed".into()), None));
        state.reached(ONE, Duration::ZERO);
        assert_eq!(state.current(), told(BusState::Ok, None, Some(0)));
    }

    #[test]
    fn a_bus_is_as_well_as_the_worst_of_its_links() {
        let state = State::default();
        state.awaits(TWO);
        state.reached(ONE, Duration::from_millis(2));
        assert_eq!(state.current(), told(BusState::Connecting, None, None));
        state.reached(TWO, Duration::from_millis(5));
        assert_eq!(state.current(), told(BusState::Ok, None, Some(5)));
        state.lost(TWO, "closed", Duration::ZERO);
        assert_eq!(state.current(), told(BusState::Degraded, Some("closed".into()), None));
    }

    #[test]
    fn stalled_partitions_are_the_reason_where_nothing_else_is() {
        let (state, stalled) = (State::default(), Stalled { partitions: 3, reason: "ASK".into() });
        state.reached(ONE, Duration::ZERO);
        let with = |refusal: Option<&str>| {
            let told = state.with(refusal.map(Into::into), Some(stalled.clone()));
            (told.state, told.reason.unwrap(), told.stalled_partitions)
        };
        assert_eq!(with(None), (BusState::Degraded, "ASK".into(), Some(3)));
        assert_eq!(with(Some("NOPERM")), (BusState::Degraded, "NOPERM".into(), None));
        state.lost(ONE, "closed", Duration::ZERO);
        assert_eq!(with(None), (BusState::Degraded, "closed".into(), None));
    }

    #[test]
    fn a_link_that_is_gone_is_not_missed() {
        let state = State::default();
        state.reached(ONE, Duration::ZERO);
        state.lost(TWO, "closed", Duration::ZERO);
        state.forget(TWO);
        assert_eq!(state.current().state, BusState::Ok);
    }
}
