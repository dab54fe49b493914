//! Ends connections at a pace (design section 6): asked for by the operator, or by SIGTERM.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use relay_contract::admin::{self, DrainRequest};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::hub::{CloseCode, Farewell, Hub};
use crate::peers::Splices;
use crate::sync::lock;

/// Told to a connection that ends at its turn.
pub const RESTART: Farewell = Farewell::new(CloseCode::Restart, "Service restart");
/// Told to those that are left at the end.
const GOING_AWAY: Farewell = Farewell::new(CloseCode::GoingAway, "Server going away");

/// From one group of ends to the next.
const STEP: Duration = Duration::from_millis(50);

/// Whether connections are accepted, and the drain under way.
#[derive(Debug, Default)]
pub struct Drain {
    active: Mutex<Option<Active>>,
    stopping: AtomicBool,
    changed: Notify,
}

#[derive(Clone, Debug)]
struct Active {
    request: DrainRequest,
    deadline: Instant,
}

impl Drain {
    /// Begins a drain. The same request again is the same drain, its deadline included.
    pub fn begin(&self, request: DrainRequest) {
        let mut active = lock(&self.active);
        if active.as_ref().is_some_and(|known| known.request == request) {
            return;
        }
        tracing::info!(rate = request.rate, reason = request.reason, "Drain started");
        let deadline = Instant::now() + Duration::from_secs(request.deadline_seconds.into());
        *active = Some(Active { request, deadline });
        drop(active);
        self.changed.notify_one();
    }

    /// Ends the drain; who is connected stays. A process that stops goes on stopping.
    pub fn cancel(&self) {
        if !self.is_stopping() && lock(&self.active).take().is_some() {
            tracing::info!("Drain cancelled");
        }
    }

    /// Begins the end of the process: the drain cannot be cancelled any more.
    pub fn stop(&self, request: DrainRequest) {
        self.stopping.store(true, Ordering::Relaxed);
        self.begin(request);
    }

    /// Whether the process is ending.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether a connection that comes now may stay.
    pub fn is_accepting(&self) -> bool {
        !self.is_stopping() && lock(&self.active).is_none()
    }

    /// The drain as the status tells it.
    pub fn status(&self) -> Option<admin::Drain> {
        let active = lock(&self.active).clone()?;
        let remaining = active.deadline.saturating_duration_since(Instant::now());
        Some(admin::Drain {
            reason: active.request.reason,
            rate: active.request.rate,
            remaining_seconds: u32::try_from(remaining.as_secs()).unwrap_or(u32::MAX),
        })
    }

    /// Carries drains out, for ever: of the connections of `hub`, and of those that go through here.
    pub async fn run(&self, hub: &Hub, through: &Splices) {
        loop {
            let active = lock(&self.active).clone();
            match active {
                None => self.changed.notified().await,
                Some(active) => self.carry_out(&active, hub, through).await,
            }
        }
    }

    /// Ends connections until this drain is replaced or cancelled.
    async fn carry_out(&self, active: &Active, hub: &Hub, through: &Splices) {
        let mut ticks = tokio::time::interval(STEP);
        let mut budget = 0.0;
        while self.is_current(active) {
            ticks.tick().await;
            if Instant::now() >= active.deadline {
                let farewell = if self.is_stopping() { GOING_AWAY } else { RESTART };
                end(hub, through, usize::MAX, &farewell);
                continue;
            }
            // What was not needed is not saved up: the rate holds for every second.
            budget = (budget + f64::from(active.request.rate) * STEP.as_secs_f64())
                .min(f64::from(active.request.rate));
            budget -= end(hub, through, budget as usize, &RESTART) as f64;
        }
    }

    fn is_current(&self, active: &Active) -> bool {
        let now = lock(&self.active);
        now.as_ref().is_some_and(|now| now.request == active.request && now.deadline == active.deadline)
    }
}

/// Says goodbye to at most `count` connections; tells to how many.
fn end(hub: &Hub, through: &Splices, count: usize, farewell: &Farewell) -> usize {
    let mut ended = 0;
    if count > 0 {
        hub.visit(|connection| {
            ended += usize::from(connection.finish(farewell));
            ended < count
        });
    }
    ended + through.end(count.saturating_sub(ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(rate: u32) -> DrainRequest {
        DrainRequest { rate, deadline_seconds: 60, reason: "Rollout".to_owned() }
    }

    #[tokio::test]
    async fn the_same_request_again_keeps_its_deadline() {
        let drain = Drain::default();
        let deadline = || lock(&drain.active).as_ref().map(|active| active.deadline);
        drain.begin(request(1));
        let first = deadline();
        drain.begin(request(1));
        assert_eq!(deadline(), first);
    }

    #[tokio::test]
    async fn a_cancelled_drain_accepts_again() {
        let drain = Drain::default();
        drain.begin(request(1));
        drain.cancel();
        assert!(drain.is_accepting());
    }

    #[tokio::test]
    async fn the_end_of_the_process_cannot_be_cancelled() {
        let drain = Drain::default();
        drain.stop(request(1));
        drain.cancel();
        assert!(!drain.is_accepting());
    }
}
