//! The same fan-out by two servers and the Redis between them: half of the subscribers at each, the
//! publisher at one; the relay beside `socket.io` with its adapter on Redis streams.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::cluster::Cluster;
use crate::crowd::Crowd;
use crate::measure::{Measure, Samples};
use crate::median::percentile;
use crate::plan::Plan;
use crate::proc;
use crate::publisher::{Publisher, paced};
use crate::scene::{QUIET, micros_each, stamps_since};
use crate::servers::{Redis, Relay, Server, SocketIo, Subject, Wire};

/// Time for servers to come to rest once all subscribers are there.
const REST: Duration = Duration::from_secs(1);

/// A pair of servers, and how to speak to them.
struct Pair {
    row: &'static str,
    subject: &'static dyn Subject,
    start: fn() -> Result<(Redis, [Server; 2])>,
}

/// All pairs.
const PAIRS: [Pair; 6] = [
    Pair { row: "relay websocket", subject: &Relay::new(Wire::WebSocket), start: || relays(false) },
    Pair { row: "relay websocket, history", subject: &Relay::new(Wire::WebSocket), start: || relays(true) },
    Pair { row: "relay socket.io", subject: &Relay::new(Wire::SocketIo), start: || relays(false) },
    Pair { row: "relay socket.io, history", subject: &Relay::new(Wire::SocketIo), start: || relays(true) },
    Pair { row: "socket.io, streams", subject: &SocketIo, start: || adapters(false) },
    Pair { row: "socket.io, streams, recovery", subject: &SocketIo, start: || adapters(true) },
];

fn relays(history: bool) -> Result<(Redis, [Server; 2])> {
    let Cluster { redis, relays } = Cluster::start(history)?;
    Ok((redis, relays))
}

fn adapters(recovers: bool) -> Result<(Redis, [Server; 2])> {
    let redis = Redis::start()?;
    let servers = [SocketIo::start_on(&redis.url(), recovers)?, SocketIo::start_on(&redis.url(), recovers)?];
    Ok((redis, servers))
}

/// Takes all pairs through it.
pub(super) fn run(plan: &Plan, samples: &mut Samples) -> Result<()> {
    PAIRS.iter().try_for_each(|pair| fan_out(pair, plan, samples).context(pair.row))
}

fn fan_out(pair: &Pair, plan: &Plan, samples: &mut Samples) -> Result<()> {
    let (redis, servers) = (pair.start)()?;
    let (began, size) = (Instant::now(), plan.pair_audience);
    let mut crowd = Crowd::new(began)?;
    for server in &servers {
        crowd.dial(server.address, (0..size / 2).map(|_| pair.subject.subscriber()))?;
    }
    std::thread::sleep(REST);
    let [first, _] = &servers;
    let publisher = Publisher::connect(first.address, &pair.subject.way())?;
    let pause = Duration::from_secs_f64(size as f64 / plan.steady_deliveries as f64);
    let count = (plan.steady.as_secs_f64() / pause.as_secs_f64()) as usize;
    let pids: Vec<_> = servers.iter().flat_map(Server::pids).collect();
    let stamps = stamps_since(began);
    let (cpu, redis_cpu) = (proc::cpu(&pids)?, redis.cpu()?);
    let (mut latencies, publisher) = std::thread::scope(|scope| {
        let publishing =
            scope.spawn(|| paced(publisher, count, Some(pause), || pair.subject.to_all(&stamps())));
        let latencies = crowd.listen(count * size, QUIET)?;
        anyhow::Ok((latencies, publishing.join().map_err(|_| anyhow!("the publisher died"))??))
    })?;
    let each = micros_each(proc::cpu(&pids)?.saturating_sub(cpu), latencies.len());
    samples.add(pair.row, Measure::DeliveryCpu, each);
    let each = micros_each(redis.cpu()?.saturating_sub(redis_cpu), count);
    samples.add(pair.row, Measure::RedisCpu, each);
    drop(publisher);
    samples.add(pair.row, Measure::Lost, (count * size).saturating_sub(latencies.len()) as f64);
    for (measure, share) in [(Measure::Latency50, 0.5), (Measure::Latency99, 0.99)] {
        let micros = percentile(&mut latencies, share).unwrap_or(u32::MAX);
        samples.add(pair.row, measure, f64::from(micros) / 1000.0);
    }
    Ok(())
}
