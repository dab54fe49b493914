//! Two operators at once, as real processes with the real lease: the standby writes nothing, takes over
//! in time, and an old leader that comes back does no harm.

mod pair;
mod program;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, stream};
use nix::sys::signal::Signal;

use self::pair::{FIRST, Pair, SECOND, Stage, by, effects};
use e2e::ground::eventually;

/// How an operator's leadership ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is told to end.
    Told,
    /// It is killed.
    Killed,
    /// It stands still for longer than the lease, and goes on then.
    Frozen,
}

/// The spec is changed, the leader ends in the middle of the work, and the standby does it; how long
/// after the end the change is made and told.
async fn takeover(stage: &Stage, number: usize, end: End) -> Result<Duration> {
    let mut pair = Pair::start(stage, number).await?;
    // At another point of the visit each time, and sometimes before it.
    let point = Duration::from_millis(40 * u64::try_from(number % 10)?);
    pair.asks_for(2).await?;
    tokio::time::sleep(point).await;
    let before = pair.requests()?;
    ensure!(effects(&before, SECOND).is_empty(), "the standby wrote: {:?}", effects(&before, SECOND));
    let signal = match end {
        End::Told => Signal::SIGTERM,
        End::Killed => Signal::SIGKILL,
        End::Frozen => Signal::SIGSTOP,
    };
    let began = Instant::now();
    pair.first.send(signal)?;
    pair.asks_for(3).await?;
    pair.second_leads(90).await.with_context(|| pair.logs())?;
    pair.follows(3, 60).await.with_context(|| pair.logs())?;
    let took = began.elapsed();
    let during = pair.requests()?;
    if end == End::Frozen {
        comes_back(&mut pair).await?;
    }
    let gone = || async { Ok((!pair.first.runs()).then_some(())) };
    eventually("the first operator has ended", 60, gone).await.with_context(|| pair.logs())?;
    // What the new leader does is the change: the Deployment's size, the status, and events.
    let written = effects(&during, SECOND);
    ensure!(written.len() <= 6, "the new leader wrote {written:#?}");
    Ok(took)
}

/// The old leader goes on with what it was about to do, and nothing of it takes effect.
async fn comes_back(pair: &mut Pair<'_>) -> Result<()> {
    // Another change that it does not know of: what it knows is twice out of date.
    pair.asks_for(1).await?;
    pair.follows(1, 60).await?;
    pair.requests()?;
    pair.first.send(Signal::SIGCONT)?;
    let ended = || async { Ok((!pair.first.runs()).then_some(())) };
    eventually("the old leader has ended", 60, ended).await.with_context(|| pair.logs())?;
    let after = pair.requests()?;
    let tried = after.iter().filter(|it| by(it, FIRST)).count();
    let (old, new) = (effects(&after, FIRST), effects(&after, SECOND));
    ensure!(old.is_empty(), "{old:?} of {tried} requests of the old leader took effect");
    ensure!(new.is_empty(), "the new leader had to mend: {new:?}");
    pair.follows(1, 10).await.map(drop)
}

/// `count` pairs, `at_once` of them at one time; the figures are printed.
async fn takeovers(end: End, count: usize, at_once: usize) -> Result<Duration> {
    let stage = Stage::set().await?;
    let runs = stream::iter(0..count).map(|number| takeover(&stage, number, end));
    let runs: Vec<_> = runs.buffer_unordered(at_once).collect().await;
    let mut took = runs.into_iter().collect::<Result<Vec<_>>>()?;
    took.sort();
    let worst = took.last().copied().unwrap_or_default();
    let median = took.get(took.len() / 2).copied().unwrap_or_default();
    println!("{count} times {end:?}: taken over and at work after {median:.1?}, at worst {worst:.1?}");
    Ok(worst)
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_leader_that_is_told_to_end_hands_over_long_before_its_lease_ends() -> Result<()> {
    let worst = takeovers(End::Told, 2, 2).await?;
    ensure!(worst < Duration::from_secs(14), "{worst:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_leader_that_is_killed_is_replaced_when_its_lease_ends() -> Result<()> {
    takeovers(End::Killed, 2, 2).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_leader_that_stood_still_and_goes_on_writes_nothing() -> Result<()> {
    takeovers(End::Frozen, 3, 3).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "its figures are good on a quiet machine only; its command is in docs/installing.md"]
async fn f15_ten_takeovers_of_each_kind_are_in_time() -> Result<()> {
    let told = takeovers(End::Told, 10, 1).await?;
    let killed = takeovers(End::Killed, 10, 5).await?;
    takeovers(End::Frozen, 10, 5).await?;
    ensure!(told < Duration::from_secs(3), "SIGTERM: {told:?}");
    ensure!(killed < Duration::from_secs(20), "SIGKILL: {killed:?}");
    Ok(())
}
