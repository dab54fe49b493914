//! An outage costs little.

use std::time::Duration;

use crate::support::{Node, Redis, free_port};

/// Longest that each kind of outage is watched.
const WATCH: Duration = Duration::from_secs(3);

/// Processor time that this thread has used, in which all tasks of its test run: user and system, in
/// ticks of 10 ms (proc(5), fields 14 and 15).
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

#[tokio::test]
async fn ten_relays_without_redis_use_less_than_a_tenth_of_a_core() {
    let nowhere = Redis::url_of(free_port());
    let frozen = Redis::start(&[]);
    let at_frozen = frozen.url();
    let nodes: Vec<Node> = (0..10)
        .map(|n| Node::start(&n.to_string(), if n % 2 == 0 { &nowhere } else { &at_frozen }, None))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    frozen.freeze();
    for id in 0..100 {
        nodes[0].publish("alice", id).await;
    }
    let before = processor_time();
    tokio::time::sleep(WATCH).await;
    let used = processor_time() - before;
    frozen.thaw();
    println!("ten relays used {used:?} of {WATCH:?}");
    assert!(used < WATCH / 10, "{used:?}");
}
