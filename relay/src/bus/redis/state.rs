//! State of the link as told to probes and people: Connecting, then Ok and Degraded by turns.

use std::time::Duration;

use relay_contract::admin::{self, BusState};
use tokio::sync::watch;

/// Where the state is kept; reading it is cheap.
pub(super) struct State(watch::Sender<admin::Bus>);

impl State {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(told(BusState::Connecting, None, None)))
    }

    /// The state now.
    pub(super) fn current(&self) -> admin::Bus {
        self.0.borrow().clone()
    }

    /// The state now, which is no better than degraded if there is a `refusal`: Redis is there, but
    /// takes no message of a history.
    pub(super) fn with(&self, refusal: Option<String>) -> admin::Bus {
        let mut current = self.current();
        if let (BusState::Ok, Some(_)) = (current.state, &refusal) {
            (current.state, current.reason) = (BusState::Degraded, refusal);
        }
        current
    }

    /// One line for an error: why the bus is not there.
    pub(super) fn why(&self) -> String {
        self.current().reason.unwrap_or_else(|| "it was not reached yet".to_owned())
    }

    /// A probe came back after `lag`.
    pub(super) fn reached(&self, lag: Duration) {
        let lag_ms = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        let before = self.0.send_replace(told(BusState::Ok, None, Some(lag_ms)));
        if before.state != BusState::Ok {
            tracing::info!("Redis connected");
        }
    }

    /// A probe came back after `lag`, but Redis takes no writes, for `reason`, which is as that of
    /// [`lost`](Self::lost).
    pub(super) fn limps(&self, reason: &str, lag: Duration) {
        let lag_ms = u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        let degraded = told(BusState::Degraded, Some(reason.to_owned()), Some(lag_ms));
        let before = self.0.send_replace(degraded);
        if before.reason.as_deref() != Some(reason) {
            tracing::warn!(reason, "Redis takes no writes: messages cross, leases and tokens do not work");
        }
    }

    /// The link ended for `reason`, which is one line without secrets; it is tried again after
    /// `wait`.
    pub(super) fn lost(&self, reason: &str, wait: Duration) {
        let before = self.current();
        let state = match before.state {
            BusState::Connecting => BusState::Connecting,
            BusState::Ok | BusState::Degraded => BusState::Degraded,
        };
        self.0.send_replace(told(state, Some(reason.to_owned()), None));
        // An outage is many failed tries: what is the same as before is said once.
        if before.reason.as_deref() != Some(reason) {
            tracing::warn!(reason, "Redis connection failed, retry in {:.1}s", wait.as_secs_f64());
        }
    }
}

fn told(state: BusState, reason: Option<String>, lag_ms: Option<u64>) -> admin::Bus {
    admin::Bus { kind: admin::BusKind::Redis, state, reason, lag_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_never_worked_is_connecting_with_the_reason() {
        let state = State::new();
        state.lost("refused", Duration::ZERO);
        assert_eq!(state.current(), told(BusState::Connecting, Some("refused".into()), None));
    }

    #[test]
    fn a_link_without_writes_is_degraded_with_its_lag() {
        let state = State::new();
        state.limps("OOM", Duration::from_millis(2));
        assert_eq!(state.current(), told(BusState::Degraded, Some("OOM".into()), Some(2)));
    }

    #[test]
    fn a_link_that_worked_is_degraded_until_it_works_again() {
        let state = State::new();
        state.reached(Duration::from_millis(2));
        state.lost("closed", Duration::ZERO);
        assert_eq!(state.current(), told(BusState::Degraded, Some("closed".into()), None));
        state.reached(Duration::ZERO);
        assert_eq!(state.current(), told(BusState::Ok, None, Some(0)));
    }
}
