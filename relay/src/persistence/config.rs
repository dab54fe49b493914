//! `SESSION_STORE` and `DATABASE_URL`, parsed once where the process reads its settings.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sqlx::any::AnyConnectOptions;

/// Where sessions are kept (conflict X-17).
#[derive(Clone, Debug)]
pub enum Storage {
    /// In this process.
    Memory,
    /// In the Redis of the bus.
    Redis,
    /// In a database.
    Database(DatabaseUrl),
}

/// Address of a database, by the forms of the guide: `sqlite:///./data/players/mythos.db` (a third
/// slash ends the empty host, what follows is a path from the working directory; a fourth one makes
/// it absolute, as SQLAlchemy has it) or `postgresql://user:password@host:5432/name`.
///
/// `Debug` and `Display` leave user, password and parameters out.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(super) options: AnyConnectOptions,
    /// The file of SQLite.
    pub(super) file: Option<PathBuf>,
    shown: String,
}

/// Why a text is no address of a database. The text may hold a password and is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Another scheme, or none.
    #[error("not a URL that starts with sqlite:/// or postgresql://")]
    Scheme,
    /// SQLite without a file.
    #[error("sqlite:/// must be followed by the path of a file")]
    NoFile,
    /// A server without a host or a database.
    #[error("not postgresql://user:password@host:port/database")]
    Parts,
    /// No path could be made of it.
    #[error("the path of the file is of no use")]
    Path,
}

/// What stays as it is in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        match text.split_once(':') {
            Some(("sqlite", rest)) => sqlite(rest.strip_prefix("///").ok_or(DatabaseUrlError::Scheme)?),
            Some(("postgresql" | "postgres", _)) => postgresql(text),
            _ => Err(DatabaseUrlError::Scheme),
        }
    }
}

fn sqlite(path: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
    let path = percent_decode_str(path).decode_utf8().map_err(|_| DatabaseUrlError::Path)?;
    if path.is_empty() || path.ends_with('/') {
        return Err(DatabaseUrlError::NoFile);
    }
    let file = std::path::absolute(&*path).map_err(|_| DatabaseUrlError::Path)?;
    let text = file.to_str().ok_or(DatabaseUrlError::Path)?;
    let url = format!("sqlite://{}?mode=rwc", utf8_percent_encode(text, PATH));
    let options = url.parse().map_err(|_| DatabaseUrlError::Path)?;
    Ok(DatabaseUrl { options, shown: format!("sqlite3:{path}"), file: Some(file) })
}

fn postgresql(text: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
    let mut options: AnyConnectOptions = text.parse().map_err(|_| DatabaseUrlError::Parts)?;
    // Every part is looked at now, not when the database is first called.
    text.parse::<sqlx::postgres::PgConnectOptions>().map_err(|_| DatabaseUrlError::Parts)?;
    let url = &options.database_url;
    let (host, port, name) = (url.host_str(), url.port().unwrap_or(5432), url.path());
    match host {
        Some(host) if name.len() > 1 => {
            let shown = format!("postgresql://{host}:{port}{name}");
            // That a table is there already is no news.
            options.database_url.query_pairs_mut().append_pair("options[client_min_messages]", "warning");
            Ok(DatabaseUrl { shown, options, file: None })
        }
        _ => Err(DatabaseUrlError::Parts),
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r004_27_the_guides_path_begins_in_the_working_directory() {
        let url: DatabaseUrl = "sqlite:///./data/players/mythos.db".parse().unwrap();
        let here = std::env::current_dir().unwrap();
        assert_eq!(url.file, Some(here.join("data/players/mythos.db")));
    }

    #[test]
    fn r004_27_a_fourth_slash_begins_at_the_root() {
        let url: DatabaseUrl = "sqlite:////var/lib/a b.db".parse().unwrap();
        assert_eq!(url.file, Some(PathBuf::from("/var/lib/a b.db")));
    }

    #[test]
    fn r004_27_a_database_is_shown_without_its_credentials() {
        let url: DatabaseUrl = "postgresql://alice:s3cret@db:5432/mythos?sslpassword=s3cret".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "postgresql://db:5432/mythos postgresql://db:5432/mythos");
    }

    #[test]
    fn what_is_no_database_is_refused_without_repeating_it() {
        for text in ["mysql://s3cret@x/y", "sqlite:///", "sqlite://s3cret", "postgresql://s3cret", "s3cret"] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
