//! Waiting for a condition, always with a limit, and with the name of the log that says why it
//! did not come.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Asks `ready` until it gives a value. An error from `ready` ends the wait at once.
///
/// # Errors
/// [`Error::TimedOut`] after `limit`, naming `what` and `log`.
pub fn until<T>(
    what: &str,
    limit: Duration,
    log: &Path,
    mut ready: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(value) = ready()? {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            return Err(Error::TimedOut { what: what.into(), seconds: limit.as_secs(), log: log.into() });
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
