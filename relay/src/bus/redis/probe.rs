//! The self-probe: what a relay publishes each second must come back by its own subscriptions.
//!
//! It shows a dead connection that is not closed, and measures the lag. Subscriptions that are
//! behind are not dead: while anything arrives on them, a probe may take its time, but no more of it
//! than Redis has for a subscriber that falls behind.

use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::audience;
use super::dial::{self, Commands};
use super::endpoint::CALL_DEADLINE;
use super::fault::Fault;
use super::link::{History, Link};
use super::pulse;
use super::subscriber::Subscriber;

/// Time between self-probes.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two looks at whether a subscription that owes a probe hears anything.
const LISTEN_INTERVAL: Duration = Duration::from_millis(100);

/// How long a probe may take.
#[derive(Clone, Copy)]
struct Patience {
    /// While nothing arrives.
    quiet: Duration,
    /// In all: what is subscribed and does not come back by then is not heard at all.
    behind: Duration,
}

/// Redis ends a subscriber that has been behind for a minute by itself (its default for
/// `client-output-buffer-limit pubsub`).
const PATIENCE: Patience = Patience { quiet: CALL_DEADLINE, behind: Duration::from_secs(60) };

impl Link {
    /// Probes once a second, until a probe does not come back, or the server is not the primary that it was.
    pub(super) async fn probe(
        &self,
        commands: &Commands,
        subscriber: &Subscriber,
        history: &mut History,
    ) -> Fault {
        let connection = &commands.connection;
        let mut ticks = interval(PROBE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(fault) = self.check(commands, subscriber).await {
                return fault;
            }
            history.backoff.reset();
            history.failures = 0;
            match self.count(connection).await {
                Ok(Some(count)) => self.audience.note(count, Instant::now()),
                Ok(None) => {}
                Err(fault) => return fault,
            }
        }
    }

    /// One probe: it must be heard, by a primary that takes writes.
    async fn check(&self, commands: &Commands, subscriber: &Subscriber) -> Result<(), Fault> {
        let connection = &commands.connection;
        dial::verify(&mut connection.clone()).await?;
        dial::same(commands).await?;
        let lag = hear(connection, subscriber, self.number()).await?;
        self.tally.probed(lag);
        let Some(partition) = self.shard.owned().iter().next() else {
            self.state.reached(self.part(), lag);
            return Ok(());
        };
        match pulse::write(&self.layout.pulse(self.inlet.incarnation(), partition), connection).await? {
            None => self.state.reached(self.part(), lag),
            Some(refused) if refused.is_elsewhere() => self.state.reached(self.part(), lag),
            Some(refused) => self.state.limps(self.part(), &self.endpoint.reason(&refused), lag),
        }
        Ok(())
    }

    /// Relays that listen to a partition of this link, if it has one.
    async fn count(&self, connection: &MultiplexedConnection) -> Result<Option<u64>, Fault> {
        match self.shard.sendable().iter().next() {
            Some(partition) => audience::count(self.sample(partition), &mut connection.clone()).await,
            None => Ok(None),
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
    comes(&mut echo, number, pushes, PATIENCE).await?;
    Ok(sent.elapsed())
}

/// Waits until `echo` says `number`, while the count of `pushes` grows, for as long as `patience` says.
async fn comes(
    echo: &mut watch::Receiver<u64>,
    number: u64,
    pushes: impl Fn() -> u64,
    patience: Patience,
) -> Result<(), Fault> {
    let silent = |within| Err(Fault::Silent { doing: "probe", within });
    let begun = Instant::now();
    let (mut seen, mut quiet_since) = (pushes(), begun);
    loop {
        match timeout(LISTEN_INTERVAL, echo.wait_for(|&heard| heard >= number)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(_)) => return Err(Fault::Closed),
            Err(_) if begun.elapsed() >= patience.behind => return silent(patience.behind),
            Err(_) if pushes() != seen => (seen, quiet_since) = (pushes(), Instant::now()),
            Err(_) if quiet_since.elapsed() < patience.quiet => {}
            Err(_) => return silent(patience.quiet),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    /// An hour is what no test waits for.
    const HOUR: Duration = Duration::from_secs(3600);

    /// Waits in vain while `step` more pushes have come at each look.
    async fn in_vain(step: u64, patience: Patience) -> Duration {
        let (echo, count) = (watch::Sender::new(0), AtomicU64::new(0));
        let pushes = || count.fetch_add(step, Ordering::Relaxed);
        match comes(&mut echo.subscribe(), 1, pushes, patience).await {
            Err(Fault::Silent { within, .. }) => within,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_probe_that_never_comes_among_others_that_do_is_given_up() {
        let behind = Duration::from_millis(1);
        assert_eq!(in_vain(1, Patience { quiet: HOUR, behind }).await, behind);
    }

    #[tokio::test]
    async fn a_probe_is_given_up_when_nothing_comes() {
        let quiet = Duration::from_millis(1);
        assert_eq!(in_vain(0, Patience { quiet, behind: HOUR }).await, quiet);
    }
}
