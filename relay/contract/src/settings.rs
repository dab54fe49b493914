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
    /// Comma list of the profiles that are on; all without it.
    PROFILES;
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
    /// Account at the sentinels of `redis+sentinel://`.
    REDIS_SENTINEL_USERNAME;
    /// Path of a file that holds the password of that account.
    REDIS_SENTINEL_PASSWORD_FILE;
    /// Path of a PEM file with the authorities that vouch for Redis.
    REDIS_CA_FILE;
    /// Part of every key and channel in Redis, so that clusters that share one neither hear each other
    /// nor share leases: letters, digits, `.`, `_` and `-`; `default` if it is not set.
    REDIS_NAMESPACE;

    /// What is kept for clients that come back, such as `users=1000/300,rooms=10000/120`.
    HISTORY;
    /// Comma list of what of it is kept, whatever a settings file says later.
    HISTORY_CLASSES;
    /// What each profile asks of its clients, such as `jwt,push=none`.
    AUTH;
    /// Path of a file that holds the secret that signs tokens.
    JWT_SECRET_FILE;
    /// Path of a PEM file that holds the public key of who signs tokens.
    JWT_PUBLIC_KEY_FILE;
    /// Comma list of issuers, each with a space and the `https://` address of its keys.
    JWT_JWKS;
    /// Accepted `iss` of tokens that the keys in files signed.
    JWT_ISSUER;
    /// Comma list of accepted `aud`.
    JWT_AUDIENCE;
    /// Seconds of difference between clocks that are let pass.
    JWT_LEEWAY_SECONDS;
    /// Cookie that may hold a token.
    JWT_COOKIE;
    /// `https://` address of the service that is asked who a client is.
    AUTH_WEBHOOK_URL;
    /// Milliseconds in which it must answer.
    AUTH_WEBHOOK_TIMEOUT_MS;
    /// Questions to it at the same time.
    AUTH_WEBHOOK_CONCURRENCY;
    /// Seconds for which its verdict is good.
    AUTH_WEBHOOK_CACHE_SECONDS;
    /// Path of a PEM file with the authorities that vouch for issuers and the webhook.
    AUTH_CA_FILE;

    /// Bytes that may wait for all connections of a relay.
    MAX_NODE_QUEUE_BYTES;
    /// Events of the stream profile that may wait to be processed.
    STREAM_BUFFER_SIZE;
    /// Milliseconds between pings of Socket.IO.
    SOCKETIO_PING_INTERVAL;
    /// Milliseconds that the answer to one may take.
    SOCKETIO_PING_TIMEOUT;
    /// Milliseconds that a Socket.IO client may be away and have its session back.
    SOCKETIO_MAX_DISCONNECTION_DURATION;
    /// Whether chunks have their text in `chunk`, too.
    TOKENS_COMPAT;
    /// Seconds for which the session of a player who is gone is kept.
    SESSION_TTL;

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
    /// Live: messages that may wait for one slow connection.
    MAX_QUEUE_ITEMS;
    /// Live: what happens to a message that finds a queue full, such as `disconnect,stream=latest_only`.
    OVERFLOW;
    /// Live: channels that one Socket.IO client may be in.
    MAX_CHANNELS_PER_CONNECTION;
    /// Live: seconds without any byte after which a connection ends (requirement 004-17).
    CONNECTION_TIMEOUT;
    /// Live: `cluster` or `node`.
    RATE_LIMIT_SCOPE;
    /// Live: connections that one user may begin in a minute.
    CONNECTION_RATE_LIMIT;
    /// Live: requests of one address within the window.
    RATE_LIMIT_REQUESTS;
    /// Live: seconds of that window.
    RATE_LIMIT_WINDOW;
    /// Live: messages that one connection may send in a second.
    MESSAGE_RATE_LIMIT;
    /// Live: chat messages that one user may send in a minute.
    USER_MESSAGE_RATE_LIMIT;
    /// Live: connection tokens that one user may get in a minute.
    TOKEN_RATE_LIMIT;
    /// Live: events that one socket may send in a second.
    STREAM_RATE_LIMIT;
    /// Live: messages that one address may publish in a second.
    PUBLISH_RATE_LIMIT;
    /// Live: messages for one user, room or conversation in a second.
    CHANNEL_RATE_LIMIT;
    /// Live: comma list of networks of proxies that are believed.
    TRUSTED_PROXIES;
    /// Live: `reject`, `allow` or `replace`.
    DUPLICATE_POLICY;
    /// Live: `allow` or `deny`, whether sockets of the stream profile may be anonymous.
    WS_ANONYMOUS;
    /// Live: comma list of `websocket` and `polling`.
    SOCKETIO_TRANSPORTS;
    /// Live: bytes of the largest message of a Socket.IO client.
    SOCKETIO_MAX_HTTP_BUFFER_SIZE;
    /// Live: whether clients of Socket.IO 2 are served.
    SOCKETIO_ALLOW_EIO3;
    /// Live: the user that chat messages go to.
    SOCKETIO_CHAT_WORKER;
    /// Live: comma list of public accounts for @mentions (requirement 000-21).
    PUBLIC_ACCOUNTS;
}
