//! Ten runs of each, as a table for `docs/redis.md`. Takes ten minutes.

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
async fn ten_of_each_takeover_by_sentinels() {
    ten_of_each(&[Fault::SentinelKill, Fault::SentinelKillBehind, Fault::SentinelSwitch]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ten runs of each, for the table in docs/redis.md"]
async fn ten_of_each_takeover_in_a_cluster() {
    let killed = [Fault::ClusterKill, Fault::ClusterKillBehind];
    ten_of_each(&[&killed[..], &[Fault::ClusterSwitch, Fault::SlotMove]].concat()).await;
}

async fn ten_of_each(faults: &[Fault]) {
    println!(
        "| fault | runs | acknowledged | lost by Redis | delivered | missing | lost and unheard | missing and told | resumes | told as not recovered | came again | connections ended | messages cross after the promotion: median, worst |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut all = Vec::new();
    for &fault in faults {
        let mut reports = Vec::new();
        for _ in 0..RUNS {
            let report = run(fault).await;
            println!("{fault:?}: {report:?}");
            reports.push(report);
        }
        reports.sort_by_key(|report| report.resumed);
        println!("{}", row(fault, &reports));
        all.extend(reports.into_iter().map(|report| (fault, report)));
    }
    for (fault, report) in &all {
        holds(*fault, report);
        assert!(report.resumed < RESUMED, "{fault:?} takes too long: {report:?}");
    }
}

fn row(fault: Fault, reports: &[Report]) -> String {
    let sum = |figure: fn(&Report) -> u64| reports.iter().map(figure).sum::<u64>();
    let seconds = |report: &Report| format!("{:.1} s", report.resumed.as_secs_f64());
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {}, {} |",
        fault.title(),
        reports.len(),
        sum(|report| report.acknowledged),
        sum(|report| report.lost),
        sum(|report| report.delivered),
        sum(|report| report.missing),
        sum(|report| report.unheard),
        sum(|report| report.known),
        sum(|report| report.resumes),
        sum(|report| report.told),
        sum(|report| report.doubled),
        sum(|report| report.ended),
        seconds(&reports[reports.len() / 2]),
        seconds(&reports[reports.len() - 1]),
    )
}
