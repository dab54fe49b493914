//! Names of the settings that an operator hands to a relay, and where it puts them.
//!
//! A setting has one name, as an environment variable and as a `NAME=value` line of the settings
//! file. The environment holds what needs a new process (ports, Redis, secrets); the file holds
//! what a relay re-reads while it runs.

/// Port of HTTP, WebSocket and SSE clients inside a pod.
pub const CLIENT_PORT: u16 = 8080;
/// Port of the [admin API](crate::admin) inside a pod; never on the clients' Service.
pub const ADMIN_PORT: u16 = 9090;

/// Address that clients are served on, such as `0.0.0.0`.
pub const HOST: &str = "HOST";
/// Port that clients are served on.
pub const PORT: &str = "PORT";
/// `address:port` of the admin API.
pub const ADMIN_LISTEN: &str = "ADMIN_LISTEN";
/// Name of this relay among its peers; in a cluster the name of the pod.
pub const NODE_NAME: &str = "NODE_NAME";
/// `true` accepts anonymous clients on an address that others can reach.
pub const INSECURE: &str = "INSECURE";
/// Path of the settings file; a relay re-reads it when its content changes.
pub const CONFIG_FILE: &str = "CONFIG_FILE";
/// Path of a file that holds the bearer token of the admin API.
pub const ADMIN_TOKEN_FILE: &str = "ADMIN_TOKEN_FILE";
/// Path of a file that holds the key of the publish API; without it publishing is open.
pub const PUBLISH_KEY_FILE: &str = "PUBLISH_KEY_FILE";
/// `redis://` or `rediss://` URL of the bus; without it, and without
/// [`REDIS_URL_FILE`], the bus is this process's memory.
pub const REDIS_URL: &str = "REDIS_URL";
/// Path of a file that holds the URL of the bus, for a URL that is itself a secret.
pub const REDIS_URL_FILE: &str = "REDIS_URL_FILE";
/// Path of a file that holds the password for [`REDIS_URL`].
pub const REDIS_PASSWORD_FILE: &str = "REDIS_PASSWORD_FILE";
/// Part of every key and channel in Redis, so that clusters that share one neither hear each other
/// nor share leases: letters, digits, `.`, `_` and `-`; `default` if it is not set.
pub const REDIS_NAMESPACE: &str = "REDIS_NAMESPACE";

/// Seconds that a drain after SIGTERM may take before what is left is closed.
pub const DRAIN_TIMEOUT_SECONDS: &str = "DRAIN_TIMEOUT_SECONDS";
/// Connections that a drain after SIGTERM ends per second.
pub const DRAIN_RATE: &str = "DRAIN_RATE";

/// Live: comma list of allowed origins, or `*` (requirement 000-10).
pub const CORS_ORIGINS: &str = "CORS_ORIGINS";
/// Live: `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL` (requirement 000-13).
pub const LOG_LEVEL: &str = "LOG_LEVEL";
/// Live: seconds between protocol pings (requirement 000-11).
pub const WS_PING_INTERVAL: &str = "WS_PING_INTERVAL";
/// Live: seconds that a pong may take (requirement 000-11).
pub const WS_PING_TIMEOUT: &str = "WS_PING_TIMEOUT";
/// Live: bytes of the largest message from a client (requirement 004-21).
pub const MAX_MESSAGE_SIZE: &str = "MAX_MESSAGE_SIZE";
/// Live: connections that this process accepts (requirement 004-16); 0 derives it from `nofile`.
pub const MAX_TOTAL_CONNECTIONS: &str = "MAX_TOTAL_CONNECTIONS";
/// Live: connections of one player (requirement 004-15).
pub const MAX_CONNECTIONS_PER_PLAYER: &str = "MAX_CONNECTIONS_PER_PLAYER";
/// Live: bytes that may wait for one slow connection.
pub const MAX_QUEUE_BYTES: &str = "MAX_QUEUE_BYTES";
/// Live: comma list of public accounts for @mentions (requirement 000-21).
pub const PUBLIC_ACCOUNTS: &str = "PUBLIC_ACCOUNTS";
