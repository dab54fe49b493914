//! One fault from its beginning to its end, measured.

use std::time::{Duration, Instant};

use super::fleet::{Fleet, Tally};
use super::kind::Kind;

/// What one run showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) tally: Tally,
    /// Until both relays said so.
    pub(super) detected: Option<Duration>,
    /// From the end of the fault until a new message reached everyone and both relays were well.
    pub(super) recovered: Duration,
    /// Messages that the other relay counted as missed.
    pub(super) counted: u64,
    /// Times that the other relay asked for messages of a history that it had missed.
    pub(super) refills: u64,
    /// Share of a core that the busier relay used while nobody published.
    pub(super) cpu: f64,
}

/// Whether the messages of a run are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum History {
    Off,
    On,
}

impl History {
    fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Off => &[],
            Self::On => &[("HISTORY", "users=10000/300")],
        }
    }
}

/// Lets `kind` last for `hold` and reports.
pub(super) async fn run(kind: Kind, history: History, hold: Duration) -> Report {
    let mut fleet = Fleet::start(kind.redis(), history.settings()).await;
    burst(&mut fleet, 20).await;
    let begin = Instant::now();
    kind.strike(&mut fleet).await;
    burst(&mut fleet, 20).await;
    let detected = detect(kind, &fleet, begin).await;
    let mut cpu = 0.0;
    if !kind.is_a_moment() {
        burst(&mut fleet, 60).await;
        let before = [fleet.near.processor_time(), fleet.far.processor_time()];
        tokio::time::sleep(hold).await;
        let after = [fleet.near.processor_time(), fleet.far.processor_time()];
        let used = before.iter().zip(after).map(|(before, after)| after - *before).max();
        cpu = used.unwrap_or_default().as_secs_f64() / hold.as_secs_f64();
        assert_eq!(ready(&fleet).await, [200, 200], "sockets of a degraded relay are served");
    }
    let end = Instant::now();
    kind.heal(&mut fleet).await;
    fleet.says("ok", "").await;
    fleet.arrives().await;
    let recovered = end.elapsed();
    burst(&mut fleet, 20).await;
    let tally = fleet.tally().await;
    let (counted, refills) = (fleet.counted_missing().await, fleet.refills().await);
    Report { tally, detected, recovered, counted, refills, cpu }
}

async fn burst(fleet: &mut Fleet, count: usize) {
    for _ in 0..count {
        fleet.publish().await;
    }
}

/// Waits until both relays say that they are degraded, and why. A moment may be over before.
async fn detect(kind: Kind, fleet: &Fleet, begin: Instant) -> Option<Duration> {
    let why = kind.reason()?;
    if kind.is_a_moment() {
        return None;
    }
    fleet.says("degraded", "").await;
    let detected = begin.elapsed();
    // A call that is under way and the dial after it have words of their own.
    fleet.says("degraded", why).await;
    Some(detected)
}

async fn ready(fleet: &Fleet) -> [u16; 2] {
    let mut told = [0; 2];
    for (told, relay) in told.iter_mut().zip([&fleet.near, &fleet.far]) {
        *told = reqwest::get(relay.admin_url("/readyz")).await.unwrap().status().as_u16();
    }
    told
}
