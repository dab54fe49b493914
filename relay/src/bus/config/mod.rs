//! Which bus to use, parsed once where the process reads its settings.
//!
//! Nothing here shows a credential: `Debug`, `Display` and the errors name hosts and fields only.

use std::path::PathBuf;
use std::time::Duration;

pub use self::password::Password;
pub(super) use self::password::read;
pub use self::secret::Secret;
pub(super) use self::url::{Address, Servers};
pub use self::url::{RedisUrl, UrlError};
use super::Namespace;

mod password;
mod secret;
mod url;

/// Which bus to use.
#[allow(clippy::large_enum_variant, reason = "a process has one")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {
    /// This process alone.
    Memory,
    /// Redis (6.2 or newer), shared by all relays of a cluster.
    Redis {
        /// Where it is.
        url: RedisUrl,
        /// File that the URL was read from. Name and password in it are read again at each dial; for
        /// another server there is another process.
        url_file: Option<PathBuf>,
        /// Its password; takes precedence over one in the URL.
        password: Option<Password>,
        /// How to log in to its sentinels, if it has any.
        sentinel: Login,
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

/// An account of Redis. Without a name it is the one called `default`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Password>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_with_a_password_is_shown_without_it() {
        let config = Config::Redis {
            url: "redis://cache".parse().unwrap(),
            url_file: None,
            password: Some(Password::Fixed(Secret::new("s3cret"))),
            sentinel: Login { username: None, password: Some(Password::Fixed(Secret::new("s3cret"))) },
            namespace: Namespace::default(),
            authorities: None,
            max_retries: 0,
            pool: PoolSize::default(),
        };
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
