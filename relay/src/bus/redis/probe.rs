//! The self-probe: what a relay publishes each second must come back by its own subscriptions.
//!
//! It shows a dead connection that is not closed, and measures the lag. Subscriptions that are
//! behind are not dead: while anything arrives on them, a probe may take its time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::audience::{self, GATHER_DEADLINE};
use super::dial::{CALL_DEADLINE, Subscriber};
use super::fault::Fault;
use super::link::{History, Link};
use super::pulse;

/// Time between self-probes.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two looks at whether a subscription that owes a probe hears anything.
const LISTEN_INTERVAL: Duration = Duration::from_millis(100);

impl Link {
    /// Probes once a second, until a probe does not come back.
    pub(super) async fn probe(
        &self,
        connection: &MultiplexedConnection,
        subscriber: &Subscriber,
        history: &mut History,
    ) -> Fault {
        let expected = history.audience;
        let start = Instant::now();
        let mut ticks = interval(PROBE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let lag = match hear(connection, subscriber, history.number()).await {
                Ok(lag) => lag,
                Err(fault) => return fault,
            };
            history.backoff.reset();
            history.failures = 0;
            self.tally.probed(lag);
            match pulse::write(&self.layout.pulse(self.inlet.incarnation()), connection).await {
                Ok(None) => self.state.reached(lag),
                Ok(Some(refused)) => self.state.limps(&self.endpoint.reason(&refused), lag),
                Err(fault) => return fault,
            }
            match audience::count(self.layout.sample(), &mut connection.clone()).await {
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

/// Publishes probe `number` and waits for `subscriber` to hear it. Answers how long that took.
pub(super) async fn hear(
    connection: &MultiplexedConnection,
    subscriber: &Subscriber,
    number: u64,
) -> Result<Duration, Fault> {
    let sent = Instant::now();
    let mut echo = subscriber.heard.probe.subscribe();
    let mut probe = redis::cmd("PUBLISH");
    probe.arg(&subscriber.probe_channel).arg(number.to_be_bytes().as_slice());
    probe.exec_async(&mut connection.clone()).await.map_err(Fault::call("probe"))?;
    let pushes = || subscriber.heard.pushes.load(Ordering::Relaxed);
    let (mut seen, mut quiet_since) = (pushes(), sent);
    loop {
        match timeout(LISTEN_INTERVAL, echo.wait_for(|&heard| heard >= number)).await {
            Ok(Ok(_)) => return Ok(sent.elapsed()),
            Ok(Err(_)) => return Err(Fault::Closed),
            Err(_) if pushes() != seen => (seen, quiet_since) = (pushes(), Instant::now()),
            Err(_) if quiet_since.elapsed() < CALL_DEADLINE => {}
            Err(_) => return Err(Fault::Silent { doing: "probe", within: CALL_DEADLINE }),
        }
    }
}
