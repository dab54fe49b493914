//! Messages to many: at a steady pace, and all at once.

use std::thread::ScopedJoinHandle;
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::QUIET;
use super::stage::{Stage, micros_each};
use crate::measure::{Measure, Samples};
use crate::median::percentile;
use crate::plan::Plan;
use crate::publisher::{Publisher, Way, paced};

/// Connections that a burst comes by where each message is a request that has to be answered.
const PUBLISHERS: usize = 4;

/// Publishes to an audience of `size`, which is connected; `measures` are those of the CPU, steady
/// and in a burst.
pub(super) fn run(
    stage: &mut Stage<'_>,
    plan: &Plan,
    size: usize,
    measures: [Measure; 2],
    samples: &mut Samples,
) -> Result<()> {
    let name = stage.subject.name();
    let [steady, burst] = measures;
    let pause = Duration::from_secs_f64(size as f64 / plan.steady_deliveries as f64);
    let count = (plan.steady.as_secs_f64() / pause.as_secs_f64()) as usize;
    let mut outcome = publish(stage, size, &[Some(pause)], count)?;
    samples.add(name, steady, outcome.cpu_each);
    samples.add(name, Measure::Lost, outcome.lost as f64);
    if measures.contains(&Measure::Steady1000) {
        for (measure, share) in [(Measure::Latency50, 0.5), (Measure::Latency99, 0.99)] {
            let micros = percentile(&mut outcome.latencies, share).unwrap_or(u32::MAX);
            samples.add(name, measure, f64::from(micros) / 1000.0);
        }
    }
    let publishers = if matches!(stage.subject.way(), Way::Post) { PUBLISHERS } else { 1 };
    let outcome = publish(stage, size, &vec![None; publishers], plan.burst_deliveries / size)?;
    samples.add(name, burst, outcome.cpu_each);
    samples.add(name, Measure::Lost, outcome.lost as f64);
    Ok(())
}

/// What became of the messages.
struct Outcome {
    /// µs of the server for each delivery.
    cpu_each: f64,
    lost: usize,
    latencies: Vec<u32>,
}

/// Publishes `count` messages by one connection for each of `pauses`, and listens to them.
fn publish(stage: &mut Stage<'_>, size: usize, pauses: &[Option<Duration>], count: usize) -> Result<Outcome> {
    let each = count / pauses.len();
    let deliveries = each * pauses.len() * size;
    let (subject, way, stamps) = (stage.subject, stage.subject.way(), stage.stamps());
    let connect = |pause: &Option<Duration>| Ok((Publisher::connect(stage.server.address, &way)?, *pause));
    let publishers: Vec<_> = pauses.iter().map(connect).collect::<Result<_>>()?;
    let cpu = stage.cpu()?;
    let (latencies, publishers) = std::thread::scope(|scope| {
        let message = || subject.to_all(&stamps());
        let begin = |(publisher, pause)| scope.spawn(move || paced(publisher, each, pause, message));
        let publishing: Vec<_> = publishers.into_iter().map(begin).collect();
        let latencies = stage.crowd.listen(deliveries, QUIET)?;
        let join =
            |thread: ScopedJoinHandle<'_, _>| thread.join().map_err(|_| anyhow!("a publisher died"))?;
        anyhow::Ok((latencies, publishing.into_iter().map(join).collect::<Result<Vec<_>>>()?))
    })?;
    let cpu_each = micros_each(stage.cpu()?.saturating_sub(cpu), latencies.len());
    // Not earlier: a thread that ends with its connection would take its time on the CPU along.
    drop(publishers);
    Ok(Outcome { cpu_each, lost: deliveries.saturating_sub(latencies.len()), latencies })
}
