//! A load test against a running relay (requirement 001-22): clients connect, messages are published
//! to them at a steady rate, and what arrives is checked and timed.
//!
//! A message's latency counts from the moment at which it was due, not from the one at which it
//! was sent: a server that makes the publisher wait is not let off for the messages of that time.

mod clients;
mod latencies;
mod publisher;
mod report;
mod sequence;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use clients::{ConnectError, Transport};
pub use publisher::PublishError;
pub use report::Report;
pub use tally::Progress;
use tally::Tally;

/// Time after the last message for what is still under way.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether everything has come.
const LOOK: Duration = Duration::from_millis(20);

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `http://host:port` of the relay.
    pub url: Uri,
    /// How clients are connected.
    pub transport: Transport,
    /// Number of clients.
    pub clients: usize,
    /// Messages per second, to all clients together.
    pub rate: u32,
    /// For how long.
    pub duration: Duration,
    /// Bearer key of the publish API.
    pub key: Option<String>,
}

/// Why a test did not take place.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A client could not connect.
    #[error("client {number}: {source}")]
    Connect {
        /// Which one.
        number: usize,
        /// Why.
        source: ConnectError,
    },
    /// The publisher could not connect, or was refused.
    #[error("publishing: {0}")]
    Publish(#[from] PublishError),
}

/// Runs a plan; `progress` is called every second.
///
/// # Errors
/// [`LoadError`] if it could not begin, or publishing failed. Losses are no error: they are in the
/// report.
pub async fn run(plan: Plan, progress: impl Fn(&Progress)) -> Result<Report, LoadError> {
    let run: Arc<str> = format!("load-{:08x}", rand::random::<u32>()).into();
    let tally = Arc::new(Tally::new(plan.clients));
    let mut readers = clients::connect_all(&plan, &run, &tally).await?;
    let begin = Instant::now();
    tally.begin(begin);
    let mut publishers = publisher::start(&plan, &run, &tally, begin);
    let mut ticks = tokio::time::interval_at(begin + Duration::from_secs(1), Duration::from_secs(1));
    let published = loop {
        tokio::select! {
            done = join_all(&mut publishers) => break done,
            _ = ticks.tick() => progress(&tally.progress(begin.elapsed())),
        }
    };
    let took = begin.elapsed();
    published?;
    let all_there = async {
        while tally.arrived() < tally.sent() {
            tokio::time::sleep(LOOK).await;
        }
    };
    let _ = tokio::time::timeout(GRACE, all_there).await;
    let report = Report::of(&plan, &tally, took);
    readers.shutdown().await;
    Ok(report)
}

async fn join_all(publishers: &mut JoinSet<Result<(), PublishError>>) -> Result<(), PublishError> {
    while let Some(done) = publishers.join_next().await {
        done.unwrap_or(Err(PublishError::Ended))?;
    }
    Ok(())
}
