//! Ten runs of each fault, as a table for `docs/redis.md`. Takes a quarter of an hour.

use std::time::Duration;

use super::kind::Kind;
use super::matrix::holds;
use super::namespace;
use super::run::{Report, run};

/// Runs of each fault.
const RUNS: usize = 10;
/// How long nobody publishes in a fault that does not pass by itself.
fn hold(kind: Kind) -> Duration {
    Duration::from_secs(if kind.lets_messages_through() { 3 } else { 10 })
}

/// Longest until both relays say so: two relays are asked one after the other.
const DETECTED: Duration = Duration::from_secs(3);

#[tokio::test]
#[ignore = "ten runs of each fault, for the table in docs/redis.md"]
async fn ten_of_each_fault() {
    if !namespace::is_inside("faults::table::ten_of_each_fault") {
        return;
    }
    println!(
        "| fault | runs | detected after | recovered after | accepted | delivered | missing | told as missed | connections ended | CPU |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut broken = Vec::new();
    for kind in Kind::ALL {
        let mut reports = Vec::new();
        for _ in 0..RUNS {
            let report = run(kind, &[], hold(kind)).await;
            holds(kind, &report);
            let late = report.detected.is_some_and(|after| after > DETECTED);
            if late || report.cpu > 0.05 {
                broken.push((kind, report));
            }
            reports.push(report);
        }
        println!("{}", row(kind, &reports));
    }
    assert!(broken.is_empty(), "{broken:?}");
}

fn row(kind: Kind, reports: &[Report]) -> String {
    let sum = |figure: fn(&Report) -> u64| reports.iter().map(figure).sum::<u64>();
    let longest = |figure: fn(&Report) -> Option<Duration>| {
        let longest = reports.iter().filter_map(figure).max();
        longest.map_or_else(|| "-".to_owned(), |longest| format!("{:.1} s", longest.as_secs_f64()))
    };
    let cpu = reports.iter().map(|report| report.cpu).fold(0.0, f64::max) * 100.0;
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {cpu:.1} % |",
        kind.title(),
        reports.len(),
        longest(|report| report.detected),
        longest(|report| Some(report.recovered)),
        sum(|report| report.tally.accepted),
        sum(|report| report.tally.delivered),
        sum(|report| report.tally.missing),
        sum(|report| report.counted),
        sum(|report| report.tally.closed),
    )
}
