//! Every request in the life of a cluster meets every fault, and the cluster ends as it does without.
//!
//! A scenario runs once undisturbed, and its requests are counted. Then it runs once for each of them
//! and each thing that can go wrong with it, in a namespace of its own. Each time the objects must be
//! the same in the end, nothing else may have been replaced, no relay may have been missing, and the
//! number of writes has a bound.
//!
//! `FAULTS="Create Write(3, Cut)"` runs the cases whose name contains that.

mod case;
mod ending;
mod fault;
mod hands;
mod outage;
mod past;
mod proxy;
mod relays;
mod scenario;
mod watch;

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, stream};

use self::case::{Outcome, Stage};
use self::fault::Fault;
use self::scenario::Scenario;
use crate::snapshot::differences;

/// Cases that run side by side.
const AT_ONCE: usize = 16;

/// Writes that a fault may cost beyond those of an undisturbed run: what was lost is written again,
/// and the status tells of it and that it is over, each with an event.
const MORE_WRITES: usize = 16;

/// Requests in the first 8 s of an operator that is refused: 14 watches that are tried again after 0.8 s, after
/// twice that and so on, and four visits of up to 40 requests.
const MOST_REQUESTS: usize = 240;

/// Requests in 8 s of an operator that nothing succeeds for, when it has been so for 16 s: the fifth pause of
/// each watch is one of 12.8 s at least.
const MOST_LATE_REQUESTS: usize = 20;

/// The scenario without a fault, twice: what differs between the two is no finding.
async fn undisturbed(stage: &Stage, scenario: Scenario) -> Result<Outcome> {
    let first = stage.run(scenario, None, None).await.with_context(|| format!("{scenario:?}"))?;
    let second = stage.run(scenario, None, None).await.with_context(|| format!("{scenario:?}"))?;
    let differences = differences(&first.ending.objects, &second.ending.objects);
    ensure!(differences.is_empty(), "{scenario:?} twice: {}", differences.join("\n"));
    ensure!(first.replaced == second.replaced, "{scenario:?}: {:?} {:?}", first.replaced, second.replaced);
    let most = if first.counts.writes < second.counts.writes { second } else { first };
    ensure!(most.lowest >= scenario.always_ready(), "{scenario:?}: {} relays were ready", most.lowest);
    Ok(most)
}

/// Runs one case and tells whether its fault happened.
async fn disturbed(stage: &Stage, scenario: Scenario, fault: Fault, without: &Outcome) -> Result<Outcome> {
    let outcome = stage.run(scenario, Some(fault), Some(&without.ending)).await?;
    ensure!(outcome.replaced == without.replaced, "replaced: {:?}", outcome.replaced);
    ensure!(outcome.lowest >= scenario.always_ready(), "only {} relays were ready", outcome.lowest);
    ensure!(
        outcome.took <= without.took + MORE_WRITES,
        "{} took effect: {:#?}",
        outcome.took,
        outcome.writes
    );
    // Whoever sees the past for a while tries in vain, later and later.
    let visits = if matches!(fault, Fault::Past(_)) { 4 } else { 1 };
    let bound = visits * without.writes.len() + MORE_WRITES;
    ensure!(outcome.writes.len() <= bound, "{} writes: {:#?}", outcome.writes.len(), outcome.writes);
    Ok(outcome)
}

/// Runs every `stride`-th case, and prints how many there were.
async fn matrix(stride: usize) -> Result<()> {
    let stage = Stage::set().await?;
    let runs = stream::iter(Scenario::ALL).map(|scenario| {
        let stage = &stage;
        async move { Ok::<_, anyhow::Error>((scenario, undisturbed(stage, scenario).await?)) }
    });
    let runs: Vec<_> = runs.buffer_unordered(AT_ONCE).collect().await;
    let without = runs.into_iter().collect::<Result<BTreeMap<_, _>>>()?;
    let all: Vec<_> = without
        .iter()
        .flat_map(|(scenario, run)| {
            fault::all(run.counts).into_iter().map(move |fault| (*scenario, fault, run))
        })
        .collect();
    let (of, began) = (all.len(), std::time::Instant::now());
    let named = std::env::var("FAULTS").ok();
    let chosen: Vec<_> = match &named {
        Some(name) => all.into_iter().filter(|it| format!("{:?} {:?}", it.0, it.1).contains(name)).collect(),
        None => all.into_iter().step_by(stride).collect(),
    };
    let cases = chosen.len();
    let results: Vec<_> = stream::iter(chosen)
        .map(|(scenario, fault, run)| {
            let stage = &stage;
            async move {
                let result = disturbed(stage, scenario, fault, run).await;
                (scenario, fault, result.map(|it| (it.fired, it.took.saturating_sub(run.took))))
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (scenario, run) in &without {
        println!("{scenario:?}: {:?}", run.counts);
    }
    let fired = results.iter().filter(|(.., it)| matches!(it, Ok((true, _)))).count();
    let more = results.iter().filter_map(|(.., it)| it.as_ref().ok()).map(|(_, more)| *more).max();
    let failed: Vec<_> = results
        .iter()
        .filter_map(|(scenario, fault, it)| Some(format!("{scenario:?} {fault:?}: {:#}", it.as_ref().err()?)))
        .collect();
    println!(
        "{cases} of {of} cases in {:.0} s, {fired} faults happened, at most {} more writes took effect than without",
        began.elapsed().as_secs_f64(),
        more.unwrap_or_default(),
    );
    ensure!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n\n"));
    ensure!(fired * 10 >= cases * 8, "too few faults happened");
    Ok(())
}

/// An operator whose writes are refused tries less and less, and so do the watches of one that nothing
/// succeeds for at all.
#[tokio::test(flavor = "multi_thread")]
async fn f15_an_api_server_that_refuses_is_not_overrun() -> Result<()> {
    let stage = Stage::set().await?;
    let faults = [429, 500, 503].map(Fault::Refused).into_iter();
    let faults = faults.chain([409, 429, 500, 503].map(Fault::WritesRefused));
    let period = std::time::Duration::from_secs(8);
    let storms = stream::iter(faults).map(|fault| {
        let stage = &stage;
        async move { Ok::<_, anyhow::Error>((fault, stage.storm(fault, period, 3).await?)) }
    });
    let storms: Vec<_> = storms.buffer_unordered(AT_ONCE).collect().await;
    for storm in storms {
        let (fault, counts) = storm?;
        println!("{fault:?}: {counts:?} requests in periods of {} s", period.as_secs());
        ensure!(counts.iter().all(|count| *count <= MOST_REQUESTS), "{fault:?}: {counts:?}");
        let last = counts.last().copied().unwrap_or_default();
        ensure!(counts.first() > Some(&last), "{fault:?}: {counts:?}");
        let calm = last <= MOST_LATE_REQUESTS || matches!(fault, Fault::WritesRefused(_));
        ensure!(calm, "{fault:?}: {counts:?}");
    }
    Ok(())
}

/// Every case would take too long for every run of all tests: a stride that shares no factor with the
/// number of faults of a request passes through all of them.
#[tokio::test(flavor = "multi_thread")]
async fn f15_a_fault_at_any_request_leaves_the_cluster_as_without() -> Result<()> {
    matrix(11).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a quarter of an hour; its command is in CONTRIBUTING.md"]
async fn f15_every_fault_at_every_request_leaves_the_cluster_as_without() -> Result<()> {
    matrix(1).await
}
