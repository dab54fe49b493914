//! Which bus to use, parsed once where the process reads its settings.
//!
//! Nothing here shows a credential: `Debug`, `Display` and the errors name hosts and fields only.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use redis::IntoConnectionInfo;

use super::Namespace;

/// Which bus to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {
    /// This process alone.
    Memory,
    /// One Redis server (6.2 or newer), shared by all relays of a cluster.
    Redis {
        /// Where it is.
        url: RedisUrl,
        /// Its password; takes precedence over one in the URL.
        password: Option<Secret>,
        /// Whose relays hear each other there.
        namespace: Namespace,
        /// File with the authorities that its certificate may come from, in place of the public ones.
        authorities: Option<PathBuf>,
        /// Tries to connect, one after another, after which it gives up; 0 is never.
        max_retries: u32,
        /// Connections for calls that somebody waits for.
        pool: PoolSize,
    },
}

/// Bounds of a pool of connections to Redis (requirement 001-17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize {
    /// Connections that are open while nobody needs them.
    pub min: usize,
    /// Connections at most.
    pub max: usize,
    /// Longest that a call may take, with its wait for a connection.
    pub timeout: Duration,
}

impl Default for PoolSize {
    /// As the settings have it: the guide's, but for five connections that each relay would keep idle.
    fn default() -> Self {
        Self { min: 1, max: 20, timeout: Duration::from_secs(5) }
    }
}

/// A text that must not be shown: its `Debug` is a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`, as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Address of a Redis server: `redis://[user[:password]@]host[:port][/db]`, or `rediss://` for TLS.
///
/// The form is the one of the IANA registration of the `redis` scheme. `Display` leaves the user
/// and the password out.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) db: u32,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
}

/// Why a text is no URL of a Redis server. The text itself may hold a password and is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL, or one of another scheme.
    #[error("not a URL that starts with redis:// or rediss://")]
    Scheme,
    /// A URL that asks to skip the check of certificates.
    #[error("a fragment such as #insecure is not supported: certificates are always checked")]
    Fragment,
    /// A part of it is wrong.
    #[error("{0}")]
    Part(String),
    /// The database is no number that Redis could have.
    #[error("the database after the host is not a number from 0 up")]
    Database,
}

impl std::str::FromStr for RedisUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let url = redis::parse_redis_url(text.trim()).ok_or(UrlError::Scheme)?;
        let tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(UrlError::Scheme),
        };
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        // The crate's messages are fixed texts about one part; none repeats the input.
        let info = url.into_connection_info().map_err(|error| UrlError::Part(error.to_string()))?;
        let (redis::ConnectionAddr::Tcp(host, port) | redis::ConnectionAddr::TcpTls { host, port, .. }) =
            info.addr()
        else {
            return Err(UrlError::Scheme);
        };
        let settings = info.redis_settings();
        Ok(Self {
            tls,
            host: host.clone(),
            port: *port,
            db: u32::try_from(settings.db()).map_err(|_| UrlError::Database)?,
            username: settings.username().map(str::to_owned),
            password: settings.password().map(Secret::new),
        })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}/{}", self.host, self.port, self.db)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<RedisUrl, UrlError> {
        text.parse()
    }

    #[test]
    fn a_url_is_shown_without_its_credentials() {
        let url = parse("redis://alice:s3cret@cache:7000/2").unwrap();
        assert_eq!(format!("{url} {url:?}"), "redis://cache:7000/2 redis://cache:7000/2");
    }

    #[test]
    fn a_config_with_a_password_is_shown_without_it() {
        let config = Config::Redis {
            url: parse("redis://cache").unwrap(),
            password: Some(Secret::new("s3cret")),
            namespace: Namespace::default(),
            authorities: None,
            max_retries: 0,
            pool: PoolSize::default(),
        };
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn port_and_database_have_the_defaults_of_redis() {
        assert_eq!(parse("rediss://cache").unwrap().to_string(), "rediss://cache:6379/0");
    }

    #[test]
    fn an_ipv6_address_keeps_its_brackets() {
        assert_eq!(parse("redis://[::1]:6380").unwrap().to_string(), "redis://[::1]:6380/0");
    }

    #[test]
    fn a_password_in_a_url_is_decoded() {
        let url = parse("redis://:p%40ss@cache").unwrap();
        assert_eq!(url.password, Some(Secret::new("p@ss")));
    }

    #[test]
    fn other_schemes_are_refused() {
        assert_eq!(parse("http://cache"), Err(UrlError::Scheme));
        assert_eq!(parse("unix:///tmp/redis.sock"), Err(UrlError::Scheme));
        assert_eq!(parse("s3cret"), Err(UrlError::Scheme));
    }

    #[test]
    fn a_bad_database_is_named_as_such() {
        assert_eq!(parse("redis://cache/-1"), Err(UrlError::Database));
        assert!(matches!(parse("redis://cache/x"), Err(UrlError::Part(text)) if text.contains("database")));
    }

    #[test]
    fn skipping_certificate_checks_is_refused() {
        assert_eq!(parse("rediss://cache#insecure"), Err(UrlError::Fragment));
    }
}
