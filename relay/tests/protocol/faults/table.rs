//! Ten runs of each fault, a row of the table in `docs/redis.md` each. All take half an hour.

use std::time::Duration;

use super::kind::Kind;
use super::matrix::holds;
use super::namespace;
use super::run::{History, Report, run};

/// Runs of each fault.
const RUNS: usize = 10;
/// Longest until both relays say so: two relays are asked one after the other.
const DETECTED: Duration = Duration::from_secs(3);
/// Most of a core that a relay may use while Redis is away and nobody publishes.
const CPU: f64 = 0.05;

/// How long nobody publishes in a fault that does not pass by itself.
fn hold(kind: Kind) -> Duration {
    Duration::from_secs(if kind.is_silence() { 10 } else { 3 })
}

/// Lets it happen ten times and prints what came of it. `name` is that of the test.
async fn ten(kind: Kind, history: History, name: &str) {
    if kind == Kind::BlackHole && !namespace::is_inside(name) {
        return;
    }
    let mut reports = Vec::new();
    for _ in 0..RUNS {
        let report = run(kind, history, hold(kind)).await;
        eprintln!("{kind:?} {history:?} {report:?}");
        reports.push(report);
    }
    println!("{}", row(kind, history, &reports));
    for report in &reports {
        holds(kind, history, report);
        assert!(!kind.is_silence() || report.detected.is_some_and(|after| after < DETECTED), "{report:?}");
        assert!(report.cpu < CPU, "{report:?}");
    }
}

fn row(kind: Kind, history: History, reports: &[Report]) -> String {
    let sum = |figure: fn(&Report) -> u64| reports.iter().map(figure).sum::<u64>();
    let longest = |figure: fn(&Report) -> Option<Duration>| {
        let longest = reports.iter().filter_map(figure).max();
        longest.map_or_else(|| "-".to_owned(), |longest| format!("{:.1} s", longest.as_secs_f64()))
    };
    let cpu = reports.iter().map(|report| report.cpu).fold(0.0, f64::max) * 100.0;
    let cpu = if kind.is_a_moment() { "-".to_owned() } else { format!("{cpu:.1} %") };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {cpu} |",
        kind.title(),
        if history == History::On { "yes" } else { "no" },
        longest(|report| report.detected),
        longest(|report| Some(report.recovered)),
        sum(|report| report.tally.accepted),
        sum(|report| report.tally.delivered),
        sum(|report| report.tally.missing),
        sum(|report| report.counted),
        sum(|report| report.refills),
        sum(|report| report.tally.closed),
    )
}

macro_rules! ten_of_each {
    (@ $module:ident $history:ident $($test:ident $kind:ident)*) => {
        mod $module {
            $(
                #[tokio::test]
                #[ignore = "ten runs, for the table in docs/redis.md"]
                async fn $test() {
                    let name = concat!("faults::table::", stringify!($module), "::", stringify!($test));
                    super::ten(super::Kind::$kind, super::History::$history, name).await;
                }
            )*
        }
    };
    ($($test:ident $kind:ident)*) => {
        ten_of_each! { @ without_history Off $($test $kind)* }
        ten_of_each! { @ with_history On $($test $kind)* }
    };
}

ten_of_each! {
    stopped Frozen
    refused Refused
    restarted Restarted
    black_hole BlackHole
    flushed Flushed
    subscribers_killed SubscribersKilled
    commands_killed CommandsKilled
    overflow Overflow
    password Password
    read_only ReadOnly
    out_of_memory OutOfMemory
    disk_full DiskFull
}
