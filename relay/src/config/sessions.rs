//! Where the sessions of players are kept (conflict X-17).

use super::known::{bus, dual as known};
use super::reader::Reader;
use super::setting::{Setting, Text};
use crate::persistence::{DatabaseUrl, DatabaseUrlError, Storage};

/// `SESSION_STORE` wins over `DATABASE_URL`, and that over the bus: a cluster keeps sessions in its
/// Redis unless it is told otherwise.
pub(super) fn storage(r: &mut Reader<'_>) -> Storage {
    let clustered = r.text(bus::REDIS_URL).is_some() || r.text(bus::REDIS_URL_FILE).is_some();
    match r.text(known::SESSION_STORE) {
        Some("memory") => Storage::Memory,
        Some("redis") => {
            if !clustered {
                r.problem(known::SESSION_STORE, "redis needs REDIS_URL");
            }
            Storage::Redis
        }
        Some(url) => database(r, known::SESSION_STORE, url),
        None => by_database(r).unwrap_or(if clustered { Storage::Redis } else { Storage::Memory }),
    }
}

fn by_database(r: &mut Reader<'_>) -> Option<Storage> {
    if let Some(url) = r.text(known::DATABASE_URL) {
        return Some(database(r, known::DATABASE_URL, url));
    }
    let url = r.content(known::DATABASE_URL_FILE)?;
    Some(database(r, known::DATABASE_URL_FILE, &url))
}

fn database(r: &mut Reader<'_>, setting: Setting<Text>, url: &str) -> Storage {
    match url.parse::<DatabaseUrl>() {
        Ok(url) => Storage::Database(url),
        Err(error) => {
            let error: DatabaseUrlError = error;
            r.problem(setting, error);
            Storage::Memory
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Boot, Invalid, Source};

    const DATABASE: (&str, &str) = ("DATABASE_URL", "sqlite:///./data/players/mythos.db");
    const REDIS: (&str, &str) = ("REDIS_URL", "redis://localhost");

    fn stored(settings: &[(&'static str, &'static str)]) -> Result<Storage, Invalid> {
        let source = Source::new(settings.iter().copied()).unwrap();
        Boot::parse(&source).map(|boot| boot.sessions)
    }

    #[test]
    fn x17_sessions_are_in_memory_or_in_the_clusters_redis_by_default() {
        assert!(matches!(stored(&[]), Ok(Storage::Memory)));
        assert!(matches!(stored(&[REDIS]), Ok(Storage::Redis)));
    }

    #[test]
    fn x17_r004_27_a_database_wins_over_the_bus_and_session_store_over_both() {
        assert!(matches!(stored(&[REDIS, DATABASE]), Ok(Storage::Database(_))));
        assert!(matches!(stored(&[REDIS, DATABASE, ("SESSION_STORE", "redis")]), Ok(Storage::Redis)));
        assert!(matches!(stored(&[REDIS, DATABASE, ("SESSION_STORE", "memory")]), Ok(Storage::Memory)));
        assert!(matches!(stored(&[("SESSION_STORE", DATABASE.1)]), Ok(Storage::Database(_))));
    }

    #[test]
    fn x17_redis_for_sessions_wants_a_redis() {
        assert!(stored(&[("SESSION_STORE", "redis")]).unwrap_err().to_string().contains("REDIS_URL"));
    }

    #[test]
    fn r004_27_a_bad_address_is_not_repeated() {
        let text = stored(&[("DATABASE_URL", "mysql://root:s3cret@x/y")]).unwrap_err().to_string();
        assert!(text.starts_with("DATABASE_URL") && !text.contains("s3cret"), "{text}");
    }
}
