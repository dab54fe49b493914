//! Waiting for a condition.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(100);

/// Asks `probe` until it has an answer, and returns it with the time that it took.
///
/// An error of the probe is no answer yet: a cluster in motion has moments without one.
///
/// # Errors
/// If there is none within `seconds`: the text says what was waited for and the last error.
pub async fn eventually<T, F>(what: &str, seconds: u64, mut probe: impl FnMut() -> F) -> Result<(T, Duration)>
where
    F: Future<Output = Result<Option<T>>>,
{
    let began = Instant::now();
    let mut last = None;
    while began.elapsed() < Duration::from_secs(seconds) {
        match probe().await {
            Ok(Some(answer)) => return Ok((answer, began.elapsed())),
            Ok(None) => {}
            Err(error) => last = Some(error),
        }
        sleep(PAUSE).await;
    }
    match last {
        Some(error) => bail!("not within {seconds} s: {what}; last error: {error:#}"),
        None => bail!("not within {seconds} s: {what}"),
    }
}

/// Asks `probe` for the whole of `seconds`, and fails with what it says as soon as it says anything.
///
/// # Errors
/// If the probe objects or fails.
pub async fn holds<F>(what: &str, seconds: u64, mut probe: impl FnMut() -> F) -> Result<()>
where
    F: Future<Output = Result<Option<String>>>,
{
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        if let Some(objection) = probe().await? {
            bail!("did not hold after {:.1} s: {what}: {objection}", began.elapsed().as_secs_f64());
        }
        sleep(PAUSE).await;
    }
    Ok(())
}
