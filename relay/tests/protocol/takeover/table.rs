//! Ten runs of each, as a table for `docs/redis.md`. Takes a quarter of an hour.

use std::time::Duration;

use super::fault::Fault;
use super::report::Report;
use super::scenarios::holds;
use super::stage::run;

/// Runs of each.
const RUNS: usize = 10;
/// Longest from the promotion until messages cross again.
const RESUMED: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ten runs of each, for the table in docs/redis.md"]
async fn ten_of_each_takeover() {
    println!(
        "| fault | runs | acknowledged | lost by Redis | delivered | missing | missing and told | resumes | told as not recovered | came again | connections ended | messages cross after the promotion: median, worst |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for fault in Fault::ALL {
        let mut reports = Vec::new();
        for _ in 0..RUNS {
            let report = run(fault).await;
            println!("{fault:?}: {report:?}");
            reports.push(report);
        }
        reports.sort_by_key(|report| report.resumed);
        println!("{}", row(fault, &reports));
        reports.iter().for_each(|report| holds(fault, report));
        assert!(reports.iter().all(|report| report.resumed < RESUMED), "{fault:?} takes too long");
    }
}

fn row(fault: Fault, reports: &[Report]) -> String {
    let sum = |figure: fn(&Report) -> u64| reports.iter().map(figure).sum::<u64>();
    let seconds = |report: &Report| format!("{:.1} s", report.resumed.as_secs_f64());
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {}, {} |",
        fault.title(),
        reports.len(),
        sum(|report| report.acknowledged),
        sum(|report| report.lost),
        sum(|report| report.delivered),
        sum(|report| report.missing),
        sum(|report| report.known),
        sum(|report| report.resumes),
        sum(|report| report.told),
        sum(|report| report.doubled),
        sum(|report| report.ended),
        seconds(&reports[reports.len() / 2]),
        seconds(&reports[reports.len() - 1]),
    )
}
