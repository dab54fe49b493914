//! What Redis adds to one message: it is posted to a user of the same relay, and to one of the other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::cluster::Cluster;
use crate::crowd::Crowd;
use crate::measure::{Measure, Samples};
use crate::median::percentile;
use crate::plan::Plan;
use crate::publisher::{Publisher, Way, paced};
use crate::scene::{QUIET, micros_each, stamps_since};
use crate::servers::{Relay, Subject, Wire};

/// From one message to the next: each finds everything at rest.
const PAUSE: Duration = Duration::from_millis(2);
/// Messages before those that count.
const WARM_UP: usize = 100;

/// Measures both ways without history, and with it. What is added is told against one relay without.
pub(super) fn run(plan: &Plan, samples: &mut Samples) -> Result<()> {
    let mut alone = None;
    for (history, [one, two]) in
        [(false, ["one relay", "two relays"]), (true, ["one relay, history", "two relays, history"])]
    {
        let cluster = Cluster::start(history)?;
        let [first, second] = [0, 1].map(|index| cluster.relays.get(index).map(|relay| relay.address));
        let (first, second) = (first.context("two relays")?, second.context("two relays")?);
        let same = post_to_user(&cluster, first, first, plan.crossings, one, samples)?;
        let alone = *alone.get_or_insert(same);
        let other = post_to_user(&cluster, first, second, plan.crossings, two, samples)?;
        samples.add(two, Measure::Added50, other - alone);
    }
    Ok(())
}

/// Posts messages at one relay to a user of another. Answers the median latency in ms.
fn post_to_user(
    cluster: &Cluster,
    publisher: SocketAddr,
    home: SocketAddr,
    count: usize,
    row: &'static str,
    samples: &mut Samples,
) -> Result<f64> {
    let user = Relay::new(Wire::WebSocket);
    let (began, hello) = (Instant::now(), user.user(0).context("a user")?);
    let mut crowd = Crowd::new(began)?;
    crowd.dial(home, std::iter::once(hello))?;
    let stamps = stamps_since(began);
    let mut send = |count: usize| {
        let publisher = Publisher::connect(publisher, &Way::Post)?;
        std::thread::scope(|scope| {
            let posting = scope.spawn(|| paced(publisher, count, Some(PAUSE), || user.to_user(0, &stamps())));
            let latencies = crowd.listen(count, QUIET)?;
            posting.join().map_err(|_| anyhow!("the publisher died"))??;
            anyhow::Ok(latencies)
        })
    };
    send(WARM_UP)?;
    let [.., redis] = cluster.cpu()?;
    let mut latencies = send(count)?;
    let [.., after] = cluster.cpu()?;
    samples.add(row, Measure::RedisCpu, micros_each(after.saturating_sub(redis), count));
    samples.add(row, Measure::Lost, count.saturating_sub(latencies.len()) as f64);
    let mut millis =
        |share| percentile(&mut latencies, share).map_or(f64::MAX, |micros| f64::from(micros) / 1000.0);
    let (half, nearly_all) = (millis(0.5), millis(0.99));
    samples.add(row, Measure::Latency50, half);
    samples.add(row, Measure::Latency99, nearly_all);
    Ok(half)
}
