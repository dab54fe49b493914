//! The live settings in use, and the file that they are read from again.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use relay_contract::admin;

use super::{Invalid, Live, Problem, Source};
use crate::sync::lock;

/// The live settings in use. A bad new file changes nothing, and is told in the status.
#[derive(Debug)]
pub struct Settings {
    live: ArcSwap<Live>,
    file: Mutex<File>,
}

/// What is known of the file.
struct File {
    source: Source,
    /// Which configuration runs, as the status tells it.
    status: admin::Config,
    /// Hash of the content that was looked at last, good or bad.
    seen: String,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Settings {
    /// Parses the live settings of `source`.
    ///
    /// # Errors
    /// [`Invalid`] with every setting that is wrong.
    pub fn new(source: Source) -> Result<Self, Invalid> {
        let live = Live::parse(&source)?;
        let seen = source.hash.clone();
        let status = admin::Config { hash: seen.clone(), error: None };
        Ok(Self { live: ArcSwap::from_pointee(live), file: Mutex::new(File { source, status, seen }) })
    }

    /// The settings in use now.
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Names in the file that are no settings.
    pub fn unknown(&self) -> Vec<Problem> {
        lock(&self.file).source.unknown()
    }

    /// Which configuration runs.
    pub fn status(&self) -> admin::Config {
        lock(&self.file).status.clone()
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// [`Invalid`] if it is bad; the old settings stay.
    pub fn reload(&self) -> Result<(), Invalid> {
        let mut file = lock(&self.file);
        let parsed = file.source.reread().and_then(|source| {
            file.seen.clone_from(&source.hash);
            Live::parse(&source).map(|live| (source, live))
        });
        match parsed {
            Ok((source, live)) => {
                file.status = admin::Config { hash: source.hash.clone(), error: None };
                file.source = source;
                self.live.store(Arc::new(live));
                Ok(())
            }
            Err(invalid) => {
                file.status.error = Some(invalid.to_string());
                Err(invalid)
            }
        }
    }

    /// Reads the file again if its content is another than the last time. `None`: it is the same.
    pub fn poll(&self) -> Option<Result<(), Invalid>> {
        let changed = {
            let file = lock(&self.file);
            match file.source.reread() {
                // The content in use is good by itself: it clears an error of a file in between.
                Ok(now) if now.hash == file.status.hash => file.status.error.is_some(),
                Ok(now) => now.hash != file.seen,
                Err(invalid) => file.status.error.as_deref() != Some(&*invalid.to_string()),
            }
        };
        changed.then(|| self.reload())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(content: &str) -> (tempfile::NamedTempFile, Settings) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        (file, Settings::new(Source::new([("CONFIG_FILE", path)]).unwrap()).unwrap())
    }

    #[test]
    fn a_changed_file_takes_effect() {
        let (file, settings) = settings("WS_PING_INTERVAL=60\n");
        std::fs::write(file.path(), "WS_PING_INTERVAL=61\n").unwrap();
        assert_eq!(settings.poll(), Some(Ok(())));
        assert_eq!(settings.live().pace.interval, 61);
    }

    #[test]
    fn an_unchanged_file_is_left_alone() {
        assert_eq!(settings("WS_PING_INTERVAL=60\n").1.poll(), None);
    }

    #[test]
    fn a_bad_file_keeps_the_old_values() {
        let (file, settings) = settings("WS_PING_INTERVAL=60\n");
        std::fs::write(file.path(), "WS_PING_INTERVAL=never\n").unwrap();
        assert!(settings.reload().is_err());
        assert_eq!(settings.live().pace.interval, 60);
    }

    #[test]
    fn a_bad_file_shows_in_the_status() {
        let (file, settings) = settings("WS_PING_INTERVAL=60\n");
        std::fs::write(file.path(), "WS_PING_INTERVAL=never\n").unwrap();
        let _ = settings.reload();
        assert!(settings.status().error.unwrap().starts_with("WS_PING_INTERVAL"));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "WS_PING_INTERVAL=60\n").unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let environment = [("CONFIG_FILE", path), ("WS_PING_INTERVAL", "5".to_owned())];
        let settings = Settings::new(Source::new(environment).unwrap()).unwrap();
        assert_eq!(settings.live().pace.interval, 5);
    }
}
