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

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "/somewhere/daemon.log";

    fn wait(ready: impl FnMut() -> Result<Option<u32>>) -> Result<u32> {
        until("the daemon", Duration::from_millis(50), Path::new(LOG), ready)
    }

    #[test]
    fn a_wait_ends_with_the_first_value() {
        let mut asked = 0;
        let value = wait(|| {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(value.unwrap(), 3);
    }

    #[test]
    fn a_wait_in_vain_names_what_it_waited_for_and_the_log() {
        let error = wait(|| Ok(None)).unwrap_err().to_string();
        assert!(error.contains("the daemon") && error.contains(LOG), "{error}");
    }

    #[test]
    fn an_error_ends_a_wait_at_once() {
        let began = Instant::now();
        let ended = until("a minute", Duration::from_secs(60), Path::new(LOG), || -> Result<Option<()>> {
            Err(Error::NoCluster("gone".into()))
        });
        assert!(ended.is_err() && began.elapsed() < Duration::from_secs(1));
    }
}
