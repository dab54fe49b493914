//! How many publishes go through: by the bus alone, and by what clients use.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::bus::Child;
use super::cluster::Cluster;
use crate::crowd::{Crowd, Hello, masked};
use crate::measure::{Measure, Samples};
use crate::plan::Plan;
use crate::publisher::{Publisher, Way, post};
use crate::scene::{QUIET, micros_each, stamps_since};
use crate::servers::Redis;

/// Bytes of the body of each message.
pub(super) const SIZE: usize = 256;
/// Events that are written together.
const TOGETHER: usize = 250;
/// Lots of these that are under way at a time: fewer events than a relay lets wait.
const LOTS: usize = 8;
/// Pushes of one POST, and users that they go to.
const BATCH: usize = 500;
/// Users of the other relay that pushes go to.
const USERS: usize = 100;

/// Measures each way without history, and with it.
pub(super) fn run(plan: &Plan, samples: &mut Samples) -> Result<()> {
    in_process("bus", false, plan.publishes, samples)?;
    in_process("bus, history", true, plan.publishes / 2, samples)?;
    for (history, [events, pushes]) in
        [(false, ["events", "pushes"]), (true, ["events, history", "pushes, history"])]
    {
        let cluster = Cluster::start(history)?;
        Load { cluster: &cluster, way: Way::Frames("/ws/ingest".to_owned()), together: TOGETHER }.run(
            events,
            plan.publishes / 2,
            &[Hello::WebSocket("/ws?subscribe=true".to_owned())],
            event,
            samples,
        )?;
        let users: Vec<_> = (0..USERS).map(|user| Hello::WebSocket(format!("/ws?user_id=u{user}"))).collect();
        Load { cluster: &cluster, way: Way::Post, together: BATCH }.run(
            pushes,
            plan.publishes / 50,
            &users,
            push,
            samples,
        )?;
    }
    Ok(())
}

/// `Bus::publish`, called as fast as it takes messages; the other process counts them.
fn in_process(row: &'static str, history: bool, count: usize, samples: &mut Samples) -> Result<()> {
    let redis = Redis::start()?;
    let mut receiver = Child::start(&redis.url(), history)?;
    let mut sender = Child::start(&redis.url(), history)?;
    let before = [sender.cpu()?, receiver.cpu()?, redis.cpu()?];
    let began = Instant::now();
    sender.publish(count)?;
    let lost = receiver.wait_for(count)?;
    let elapsed = began.elapsed();
    let after = [sender.cpu()?, receiver.cpu()?, redis.cpu()?];
    costs(row, count, elapsed, before, after, samples);
    samples.add(row, Measure::Lost, lost as f64);
    Ok(())
}

/// A way into one relay, with clients at the other.
struct Load<'a> {
    cluster: &'a Cluster,
    way: Way,
    together: usize,
}

impl Load<'_> {
    /// Publishes `count` messages, some of them under way at a time.
    fn run(
        &self,
        row: &'static str,
        count: usize,
        clients: &[Hello],
        request: fn(&dyn Fn() -> String, usize) -> Vec<u8>,
        samples: &mut Samples,
    ) -> Result<()> {
        let [publishing, other] = &self.cluster.relays;
        let began = Instant::now();
        let mut crowd = Crowd::new(began)?;
        crowd.dial(other.address, clients.iter().cloned())?;
        let mut publisher = Publisher::connect(publishing.address, &self.way)?;
        let stamps = stamps_since(began);
        let lots = count / self.together;
        let (before, began) = (self.cluster.cpu()?, Instant::now());
        let mut heard = 0;
        for lot in 0..lots + LOTS {
            if lot < lots {
                publisher.publish(&request(&stamps, self.together))?;
            }
            // A lot that lost something is waited for once, and those after it are owed less.
            let due = (lot + 1).saturating_sub(LOTS) * self.together;
            heard += crowd.listen(due.saturating_sub(heard), QUIET)?.len();
            ensure!(heard > 0 || due == 0, "nothing arrives at the other relay");
        }
        let elapsed = began.elapsed();
        costs(row, lots * self.together, elapsed, before, self.cluster.cpu()?, samples);
        samples.add(row, Measure::Lost, (lots * self.together).saturating_sub(heard) as f64);
        Ok(())
    }
}

/// What `count` publishes cost; the times are those of who publishes, of the other, and of Redis.
fn costs(
    row: &'static str,
    count: usize,
    elapsed: Duration,
    before: [Duration; 3],
    after: [Duration; 3],
    samples: &mut Samples,
) {
    let [sender, receiver, redis] = [0, 1, 2].map(|who| {
        let of = |times: [Duration; 3]| times.get(who).copied().unwrap_or_default();
        micros_each(of(after).saturating_sub(of(before)), count)
    });
    samples.add(row, Measure::PublishesPerCore, 1e6 / sender);
    samples.add(row, Measure::Publishes, count as f64 / elapsed.as_secs_f64());
    samples.add(row, Measure::SenderCpu, sender);
    samples.add(row, Measure::ReceiverCpu, receiver);
    samples.add(row, Measure::RedisCpu, redis);
}

/// A text of [`SIZE`] bytes with the mark in it.
fn body(mark: &str) -> String {
    format!("{mark:.<SIZE$}")
}

/// Frames of events, one after the other.
fn event(stamps: &dyn Fn() -> String, count: usize) -> Vec<u8> {
    let frame = || masked(json!({ "type": "tick", "data": body(&stamps()) }).to_string().as_bytes());
    (0..count).flat_map(|_| frame()).collect()
}

/// One POST of pushes to all users by turns.
fn push(stamps: &dyn Fn() -> String, count: usize) -> Vec<u8> {
    let one =
        |number| json!({ "user_id": format!("u{}", number % USERS), "data": { "message": body(&stamps()) } });
    post("/sse/push/batch", &(0..count).map(one).collect::<Value>().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crowd::stamp;

    #[test]
    fn a_body_has_its_size_and_one_mark() {
        assert_eq!(body(&stamp(7)).len(), SIZE);
    }
}
