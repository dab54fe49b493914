//! Names of the settings that an operator hands to a relay, and where it puts them.
//!
//! A setting has one name, as an environment variable and as a `NAME=value` line of the settings
//! file. The environment holds what needs a new process (ports, Redis, secrets); the file holds
//! what a relay re-reads while it runs.

/// Port of HTTP, WebSocket and SSE clients inside a pod.
pub const CLIENT_PORT: u16 = 8080;
/// Port of the [admin API](crate::admin) inside a pod; never on the clients' Service.
pub const ADMIN_PORT: u16 = 9090;

/// Declares constants that hold their own names, and the list of them.
macro_rules! names {
    ($($(#[$meta:meta])* $name:ident;)*) => {
        $($(#[$meta])* pub const $name: &str = stringify!($name);)*

        /// All of them.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

names! {
    /// Address that clients are served on, such as `0.0.0.0`.
    HOST;
    /// Port that clients are served on.
    PORT;
    /// `address:port` of the admin API.
    ADMIN_LISTEN;
    /// Name of this relay among its peers; in a cluster the name of the pod.
    NODE_NAME;
    /// Address of this relay's pod, at which its peers reach [`PORT`].
    POD_IP;
    /// `true` accepts anonymous clients on an address that others can reach.
    INSECURE;
    /// Path of the settings file; a relay re-reads it when its content changes.
    CONFIG_FILE;
    /// Path of a file that holds the bearer token of the admin API.
    ADMIN_TOKEN_FILE;
    /// Path of a file that holds the key of the publish API; without it publishing is open.
    PUBLISH_KEY_FILE;
    /// `redis://` or `rediss://` URL of the bus; without it, and without
    /// [`REDIS_URL_FILE`], the bus is this process's memory.
    REDIS_URL;
    /// Path of a file that holds the URL of the bus, for a URL that is itself a secret.
    REDIS_URL_FILE;
    /// Path of a file that holds the password for [`REDIS_URL`].
    REDIS_PASSWORD_FILE;
    /// Part of every key and channel in Redis, so that clusters that share one neither hear each other
    /// nor share leases: letters, digits, `.`, `_` and `-`; `default` if it is not set.
    REDIS_NAMESPACE;

    /// Seconds that a drain after SIGTERM may take before what is left is closed.
    DRAIN_TIMEOUT_SECONDS;
    /// Connections that a drain after SIGTERM ends per second.
    DRAIN_RATE;

    /// Live, and only in the file: number of this content, which grows with every other one. A relay
    /// that was told a newer one ahead of the file leaves an older one alone.
    CONFIG_GENERATION;
    /// Live: comma list of allowed origins, or `*` (requirement 000-10).
    CORS_ORIGINS;
    /// Live: `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL` (requirement 000-13).
    LOG_LEVEL;
    /// Live: seconds between protocol pings (requirement 000-11).
    WS_PING_INTERVAL;
    /// Live: seconds that a pong may take (requirement 000-11).
    WS_PING_TIMEOUT;
    /// Live: bytes of the largest message from a client (requirement 004-21).
    MAX_MESSAGE_SIZE;
    /// Live: connections that this process accepts (requirement 004-16); 0 derives it from `nofile`.
    MAX_TOTAL_CONNECTIONS;
    /// Live: connections of one player (requirement 004-15).
    MAX_CONNECTIONS_PER_PLAYER;
    /// Live: bytes that may wait for one slow connection.
    MAX_QUEUE_BYTES;
    /// Live: comma list of public accounts for @mentions (requirement 000-21).
    PUBLIC_ACCOUNTS;
}
