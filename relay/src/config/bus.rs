//! What carries messages between relays.

use super::known::bus as redis;
use super::reader::Reader;
use super::setting::{Setting, Text};
use crate::bus;

/// The bus that the settings ask for; in memory without a Redis.
pub(super) fn config(r: &mut Reader<'_>) -> bus::Config {
    let url = match (r.text(redis::REDIS_URL), r.text(redis::REDIS_URL_FILE)) {
        (Some(_), Some(_)) => {
            r.problem(redis::REDIS_URL_FILE, "REDIS_URL is set, too; one of them is enough");
            return bus::Config::Memory;
        }
        (Some(url), None) => Some((redis::REDIS_URL, url.to_owned())),
        (None, Some(_)) => r.content(redis::REDIS_URL_FILE).map(|url| (redis::REDIS_URL_FILE, url)),
        (None, None) => None,
    };
    let password = secret(r, redis::REDIS_PASSWORD_FILE);
    let username = r.text(redis::REDIS_SENTINEL_USERNAME).map(str::to_owned);
    let sentinel = bus::Login { username, password: secret(r, redis::REDIS_SENTINEL_PASSWORD_FILE) };
    let namespace = r.value(redis::REDIS_NAMESPACE, bus::Namespace::default());
    let authorities = r.content(redis::REDIS_CA_FILE).and(r.path(redis::REDIS_CA_FILE));
    let Some((setting, url)) = url else { return bus::Config::Memory };
    match url.parse() {
        Ok(url) => {
            let (max_retries, pool) = (r.small(redis::REDIS_MAX_RETRIES), pool_size(r));
            let url_file = r.path(redis::REDIS_URL_FILE);
            bus::Config::Redis {
                url,
                url_file,
                password,
                sentinel,
                namespace,
                authorities,
                max_retries,
                pool,
            }
        }
        Err(error) => {
            let error: bus::UrlError = error;
            r.problem(setting, error);
            bus::Config::Memory
        }
    }
}

/// A file that must be there now, and is read again at each dial.
fn secret(r: &mut Reader<'_>, setting: Setting<Text>) -> Option<bus::Password> {
    r.content(setting)?;
    r.path(setting).map(bus::Password::File)
}

fn pool_size(r: &mut Reader<'_>) -> bus::PoolSize {
    let (min, max) = (r.size(redis::REDIS_POOL_MIN), r.size(redis::REDIS_POOL_MAX));
    if min > max {
        r.problem(redis::REDIS_POOL_MIN, format!("{min} is more than REDIS_POOL_MAX, which is {max}"));
    }
    bus::PoolSize { min, max, timeout: r.seconds(redis::REDIS_POOL_TIMEOUT) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Invalid, Source};

    fn parse(settings: &[(&'static str, &'static str)]) -> Result<bus::Config, Invalid> {
        let source = Source::new(settings.iter().copied()).unwrap();
        let mut reader = Reader::new(&source);
        let parsed = config(&mut reader);
        reader.finish(parsed)
    }

    #[test]
    fn r001_17_a_pool_has_the_guides_bounds() {
        let settings = [("REDIS_URL", "redis://localhost:6379"), ("REDIS_POOL_MIN", "5")];
        let bus::Config::Redis { pool, .. } = parse(&settings).unwrap() else { panic!("a bus") };
        assert_eq!((pool.min, pool.max, pool.timeout), (5, 20, Duration::from_secs(5)));
    }

    #[test]
    fn a_pool_that_keeps_more_than_it_may_is_refused() {
        let text = parse(&[("REDIS_URL", "redis://x"), ("REDIS_POOL_MIN", "30")]).unwrap_err().to_string();
        assert!(text.starts_with("REDIS_POOL_MIN: 30"), "{text}");
    }

    #[test]
    fn a_namespace_that_redis_could_misread_is_refused() {
        let text = parse(&[("REDIS_URL", "redis://x"), ("REDIS_NAMESPACE", "a:b")]).unwrap_err().to_string();
        assert!(text.starts_with("REDIS_NAMESPACE: \"a:b\""), "{text}");
    }

    #[test]
    fn a_url_of_sentinels_without_the_name_of_the_primary_says_how_to_give_it() {
        let text = parse(&[("REDIS_URL", "redis+sentinel://a,b")]).unwrap_err().to_string();
        assert!(text.starts_with("REDIS_URL") && text.contains("?master=NAME"), "{text}");
    }

    #[test]
    fn sentinels_have_a_login_of_their_own() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\n").unwrap();
        let path: &'static str = file.path().to_str().unwrap().to_owned().leak();
        let url = ("REDIS_URL", "redis+sentinel://a,b?master=m");
        let settings = [url, ("REDIS_SENTINEL_USERNAME", "watch"), ("REDIS_SENTINEL_PASSWORD_FILE", path)];
        let bus::Config::Redis { sentinel, password, .. } = parse(&settings).unwrap() else {
            panic!("a bus")
        };
        assert_eq!(sentinel.username.as_deref(), Some("watch"));
        let of_sentinels = sentinel.password.map(|password| password.read().unwrap());
        assert_eq!((of_sentinels, password), (Some(bus::Secret::new("s3cret")), None));
    }

    #[test]
    fn a_bad_redis_url_is_not_repeated() {
        let text = parse(&[("REDIS_URL", "http://:s3cret@x")]).unwrap_err().to_string();
        assert!(text.starts_with("REDIS_URL") && !text.contains("s3cret"), "{text}");
    }
}
