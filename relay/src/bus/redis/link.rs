//! The life of the link to Redis: connect, work, lose it, and again, without end.
//!
//! While it works it sends the outbox, hears itself every second and renews leases. Anything that
//! fails or is silent for too long ends both connections and makes new ones; the old subscriptions
//! are kept until the new ones are proven, so that a Redis that only paused loses nothing.
//! What waited in the outbox goes out once the other relays [listen again](super::audience).

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::audience::{self, GATHER_DEADLINE};
use super::backoff::Backoff;
use super::dial::{CALL_DEADLINE, Connections, Endpoint};
use super::fault::Fault;
use super::inlet::Inlet;
use super::layout::Layout;
use super::leases::Leases;
use super::outbox::{Outbox, Outgoing};
use super::renewal;
use super::state::State;
use crate::bus::counters::Tally;

/// Time between self-probes.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// Longest that the outbox is sent after the shutdown was asked for.
const FLUSH_DEADLINE: Duration = Duration::from_secs(1);

/// What the link works on; the bus has the other ends.
pub(super) struct Link {
    pub(super) endpoint: Endpoint,
    pub(super) layout: Layout,
    pub(super) inlet: Arc<Inlet>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) leases: Arc<Leases>,
    pub(super) state: Arc<State>,
    pub(super) tally: Arc<Tally>,
}

/// What lasts from one connection to the next.
#[derive(Default)]
struct History {
    dials: u64,
    backoff: Backoff,
    /// Connections that were subscribed when the link last worked; zero before.
    audience: u64,
    /// Subscriptions of the last connection that worked.
    subscriber: Option<MultiplexedConnection>,
}

impl Link {
    /// Runs until `shutdown`, then sends what waits, if it can in a second.
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let mut history = History::default();
        while !shutdown.is_cancelled() {
            let ended = self.live(&mut history, &shutdown).await;
            self.leases.connect(None);
            let Some(fault) = ended else { break };
            self.tally.reconnects.add(1);
            self.state.lost(&fault.reason(self.endpoint.secret()));
            tokio::select! {
                () = sleep(history.backoff.next()) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// One connection from dial to end. Answers why it ended, or nothing at shutdown.
    async fn live(&self, history: &mut History, shutdown: &CancellationToken) -> Option<Fault> {
        history.dials += 1;
        let dial = self.endpoint.dial(&self.inlet, &self.layout, history.dials);
        let connections = tokio::select! {
            dialed = dial => match dialed {
                Ok(connections) => connections,
                Err(fault) => return Some(fault),
            },
            () = shutdown.cancelled() => return None,
        };
        self.leases.connect(Some(connections.commands.clone()));
        tokio::select! {
            () = connections.lost.cancelled() => Some(Fault::Closed),
            fault = self.send(connections.commands.clone(), history.audience) => Some(fault),
            fault = self.probe(&connections, history) => Some(fault),
            fault = renewal::keep(&self.leases, connections.commands.clone(), &self.tally) => Some(fault),
            () = shutdown.cancelled() => {
                self.flush(connections.commands.clone()).await;
                None
            }
        }
    }

    /// Sends what is in the outbox, and what comes into it, to at least `audience` relays.
    async fn send(&self, mut commands: MultiplexedConnection, audience: u64) -> Fault {
        if let Err(fault) = audience::gather(self.layout.sample(), audience, &mut commands).await {
            return fault;
        }
        loop {
            let batch = self.outbox.batch().await;
            if let Err(fault) = self.send_batch(&batch, &mut commands).await {
                return fault;
            }
        }
    }

    async fn send_batch(
        &self,
        batch: &[Outgoing],
        commands: &mut MultiplexedConnection,
    ) -> Result<(), Fault> {
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for item in batch {
            let channel = self.layout.live(item.partition);
            pipeline.cmd("PUBLISH").arg(channel).arg(item.frame.as_ref()).ignore();
        }
        pipeline.exec_async(commands).await.map_err(Fault::call("publish"))?;
        self.outbox.confirm(batch.len());
        self.tally.published.add(batch.len() as u64);
        Ok(())
    }

    async fn flush(&self, mut commands: MultiplexedConnection) {
        let all = async {
            loop {
                let batch = self.outbox.peek();
                if batch.is_empty() || self.send_batch(&batch, &mut commands).await.is_err() {
                    return;
                }
            }
        };
        // Out of time is the same as a Redis that is away: what waits is lost with the process.
        let _ = timeout(FLUSH_DEADLINE, all).await;
        let (left, _) = self.outbox.fill();
        if left > 0 {
            tracing::warn!(left, "messages to other nodes could not be sent before the end");
        }
    }

    /// Hears itself once a second.
    async fn probe(&self, connections: &Connections, history: &mut History) -> Fault {
        let mut ticks = interval(PROBE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let expected = history.audience;
        let start = Instant::now();
        let mut commands = connections.commands.clone();
        let mut number = 0;
        loop {
            ticks.tick().await;
            number += 1;
            let lag = match hear(connections, number).await {
                Ok(lag) => lag,
                Err(fault) => return fault,
            };
            history.backoff.reset();
            history.subscriber = Some(connections.subscriber.clone());
            self.tally.probed(lag);
            self.state.reached(lag);
            match audience::count(self.layout.sample(), &mut commands).await {
                // Until all had the time to come back, fewer than before are no news.
                Ok(Some(now)) if now >= expected || start.elapsed() > GATHER_DEADLINE => {
                    history.audience = now
                }
                Ok(_) => {}
                Err(fault) => return fault,
            }
        }
    }
}

/// Publishes probe `number` and waits for it to come back by the subscription.
async fn hear(connections: &Connections, number: u64) -> Result<Duration, Fault> {
    let sent = Instant::now();
    let mut commands = connections.commands.clone();
    let mut echo = connections.echo.clone();
    let round = async {
        let mut probe = redis::cmd("PUBLISH");
        probe.arg(&connections.probe_channel).arg(number.to_be_bytes().as_slice());
        probe.exec_async(&mut commands).await.map_err(Fault::call("probe"))?;
        echo.wait_for(|&heard| heard >= number).await.map_err(|_| Fault::Closed)?;
        Ok(sent.elapsed())
    };
    timeout(CALL_DEADLINE, round)
        .await
        .unwrap_or(Err(Fault::Silent { doing: "probe", within: CALL_DEADLINE }))
}
