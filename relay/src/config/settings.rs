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
    /// Generation of what was told ahead of the file last, good or bad: a file below it is behind.
    told: u64,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("status", &self.status).finish_non_exhaustive()
    }
}

impl File {
    fn is_behind(&self, source: &Source) -> bool {
        source.generation() < self.told
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
        let file = File { status: status(&source), source, seen, told: 0 };
        Ok(Self { live: ArcSwap::from_pointee(live), file: Mutex::new(file) })
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

    /// Reads the file again, unless it is behind what was [told](Self::tell).
    ///
    /// # Errors
    /// [`Invalid`] if it is bad; the old settings stay.
    pub fn reload(&self) -> Result<(), Invalid> {
        let mut file = lock(&self.file);
        let read = file.source.reread();
        if read.as_ref().is_ok_and(|source| file.is_behind(source)) {
            return Ok(());
        }
        self.take(&mut file, read)
    }

    /// Takes `content` as what the file is to have, ahead of it.
    ///
    /// # Errors
    /// [`Invalid`] if it is bad; the old settings stay.
    pub fn tell(&self, content: &str) -> Result<(), Invalid> {
        let mut file = lock(&self.file);
        let source = file.source.with_content(content);
        file.told = source.as_ref().map_or(0, Source::generation);
        self.take(&mut file, source)
    }

    /// Reads the file again if its content is another than the last time. `None`: it is the same, or
    /// behind what was told.
    pub fn poll(&self) -> Option<Result<(), Invalid>> {
        let changed = {
            let file = lock(&self.file);
            match file.source.reread() {
                Ok(now) if file.is_behind(&now) => false,
                // The content in use is good by itself: it clears an error of a file in between.
                Ok(now) if now.hash == file.status.hash => file.status.error.is_some(),
                Ok(now) => now.hash != file.seen,
                Err(invalid) => file.status.error.as_deref() != Some(&*invalid.to_string()),
            }
        };
        changed.then(|| self.reload())
    }

    fn take(&self, file: &mut File, read: Result<Source, Invalid>) -> Result<(), Invalid> {
        let parsed = read.and_then(|source| {
            file.seen.clone_from(&source.hash);
            Live::parse(&source).map(|live| (source, live))
        });
        match parsed {
            Ok((source, live)) => {
                file.status = status(&source);
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
}

/// How the status tells of settings in use.
fn status(source: &Source) -> admin::Config {
    admin::Config { hash: source.hash.clone(), generation: source.generation(), error: None }
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

    #[test]
    fn what_is_told_ahead_of_the_file_takes_effect() {
        let (_file, settings) = settings("CONFIG_GENERATION=1\n");
        assert_eq!(settings.tell("CONFIG_GENERATION=2\nWS_PING_INTERVAL=61\n"), Ok(()));
        assert_eq!((settings.live().pace.interval, settings.status().generation), (61, 2));
    }

    #[test]
    fn a_file_that_is_behind_what_was_told_is_left_alone() {
        let (file, settings) = settings("CONFIG_GENERATION=1\n");
        settings.tell("CONFIG_GENERATION=3\nWS_PING_INTERVAL=61\n").unwrap();
        std::fs::write(file.path(), "CONFIG_GENERATION=2\nWS_PING_INTERVAL=60\n").unwrap();
        assert_eq!((settings.poll(), settings.reload()), (None, Ok(())));
        assert_eq!(settings.live().pace.interval, 61);
    }

    #[test]
    fn a_file_that_is_ahead_of_what_was_told_takes_effect() {
        let (file, settings) = settings("CONFIG_GENERATION=1\n");
        settings.tell("CONFIG_GENERATION=2\nWS_PING_INTERVAL=61\n").unwrap();
        std::fs::write(file.path(), "CONFIG_GENERATION=3\nWS_PING_INTERVAL=62\n").unwrap();
        assert_eq!(settings.poll(), Some(Ok(())));
        assert_eq!(settings.live().pace.interval, 62);
    }

    #[test]
    fn a_file_that_catches_up_with_what_was_told_is_no_change() {
        let (file, settings) = settings("CONFIG_GENERATION=1\n");
        settings.tell("CONFIG_GENERATION=2\n").unwrap();
        std::fs::write(file.path(), "CONFIG_GENERATION=2\n").unwrap();
        assert_eq!(settings.poll(), None);
    }

    #[test]
    fn what_was_told_and_refused_stays_in_the_status_while_the_file_is_behind() {
        let (_file, settings) = settings("CONFIG_GENERATION=1\nWS_PING_INTERVAL=60\n");
        assert!(settings.tell("CONFIG_GENERATION=2\nWS_PING_INTERVAL=never\n").is_err());
        assert_eq!((settings.poll(), settings.live().pace.interval), (None, 60));
        assert!(settings.status().error.unwrap().starts_with("WS_PING_INTERVAL"));
    }

    #[test]
    fn whoever_tells_may_go_back() {
        let (_file, settings) = settings("CONFIG_GENERATION=1\n");
        for generation in [9, 3] {
            settings.tell(&format!("CONFIG_GENERATION={generation}\n")).unwrap();
        }
        assert_eq!(settings.status().generation, 3);
    }
}
