//! Settings, by the names of `relay_contract::settings` and a few of our own.
//!
//! A setting comes from the environment, or else from the settings file, or else is a default.
//! [`Boot`] holds what a process starts with; [`Live`] what changes while it runs. Both are parsed
//! once and whole: every problem is told at once, with the name of its setting.

mod auth;
mod boot;
mod debug;
mod dual;
mod live;
mod reader;
mod sessions;
mod settings;
mod socketio;
mod source;
mod stream;

pub use boot::Boot;
pub use debug::Debug;
pub use dual::DualLimits;
pub use live::Live;
pub use reader::{Invalid, Problem};
pub use settings::Settings;
pub use socketio::SocketIo;
pub use source::Source;
pub use stream::StreamLimits;

/// Names of settings that only people use, not the operator.
pub mod names {
    /// `none`, `jwt`, or a list such as `push=jwt,dual=none` (conflict X-21).
    pub const AUTH: &str = "AUTH";
    /// File with the secret that signs tokens (HS256, HS384, HS512).
    pub const JWT_SECRET_FILE: &str = "JWT_SECRET_FILE";
    /// File with the public key, in PEM, of who signs tokens (RSA, EC, Ed25519).
    pub const JWT_PUBLIC_KEY_FILE: &str = "JWT_PUBLIC_KEY_FILE";
    /// Comma list of issuers, each with a space and the address of its keys.
    pub const JWT_JWKS: &str = "JWT_JWKS";
    /// `iss` of the tokens that the files' keys sign.
    pub const JWT_ISSUER: &str = "JWT_ISSUER";
    /// Comma list of accepted `aud`.
    pub const JWT_AUDIENCE: &str = "JWT_AUDIENCE";
    /// Seconds that clocks may differ.
    pub const JWT_LEEWAY_SECONDS: &str = "JWT_LEEWAY_SECONDS";
    /// `true`: chunks carry their text in `chunk`, too (conflict X-15).
    pub const TOKENS_COMPAT: &str = "TOKENS_COMPAT";
    /// Name of the cookie that may hold a token (requirement 003-16).
    pub const JWT_COOKIE: &str = "JWT_COOKIE";
    /// Live: `true` is the log level DEBUG (requirement 000-13); `socket.io:*` is so for parts
    /// (conflict X-11).
    pub const DEBUG: &str = "DEBUG";
    /// Comma list of addresses on which clients are served (conflict X-07).
    pub const LISTEN: &str = "LISTEN";
    /// File that log lines are added to, besides standard output (conflict X-12).
    pub const LOG_FILE: &str = "LOG_FILE";
    /// `json`, `text` or a template (conflict X-12).
    pub const LOG_FORMAT: &str = "LOG_FORMAT";
    /// Live: `true` serves Socket.IO clients of version 2 (requirement 002-06).
    pub const SOCKETIO_ALLOW_EIO3: &str = "SOCKETIO_ALLOW_EIO3";
    /// Live: the user that chat messages go to (requirement 002-10).
    pub const SOCKETIO_CHAT_WORKER: &str = "SOCKETIO_CHAT_WORKER";
    /// Live: `true` takes an upgrade without parameters for one of protocol 4 (conflict X-05).
    pub const SOCKETIO_LENIENT_HANDSHAKE: &str = "SOCKETIO_LENIENT_HANDSHAKE";
    /// Live: bytes of the largest message of a Socket.IO client (requirement 002-05).
    pub const SOCKETIO_MAX_HTTP_BUFFER_SIZE: &str = "SOCKETIO_MAX_HTTP_BUFFER_SIZE";
    /// Milliseconds between pings (requirement 002-03).
    pub const SOCKETIO_PING_INTERVAL: &str = "SOCKETIO_PING_INTERVAL";
    /// Milliseconds that an answer to a ping may take (requirement 002-03).
    pub const SOCKETIO_PING_TIMEOUT: &str = "SOCKETIO_PING_TIMEOUT";
    /// Live: comma list of `websocket` and `polling` (requirement 002-02).
    pub const SOCKETIO_TRANSPORTS: &str = "SOCKETIO_TRANSPORTS";
    /// Live: milliseconds in which an upgrade must be complete (requirement 002-04).
    pub const SOCKETIO_UPGRADE_TIMEOUT: &str = "SOCKETIO_UPGRADE_TIMEOUT";
    /// Bytes that may wait for all slow connections of this node.
    pub const MAX_NODE_QUEUE_BYTES: &str = "MAX_NODE_QUEUE_BYTES";
    /// `false`: no `/debug/*` on the clients' port (conflict X-23).
    pub const DEBUG_ENDPOINTS: &str = "DEBUG_ENDPOINTS";
    /// Live: `allow` or `deny` sockets without a user (conflict X-02).
    pub const WS_ANONYMOUS: &str = "WS_ANONYMOUS";
    /// Live: events that one socket may send per second; 0 is no limit.
    pub const STREAM_RATE_LIMIT: &str = "STREAM_RATE_LIMIT";
    /// Events that may wait to be processed (requirement 001-11).
    pub const STREAM_BUFFER_SIZE: &str = "STREAM_BUFFER_SIZE";
    /// `drop_oldest`, `drop_newest` or `latest_only` when they are more.
    pub const STREAM_OVERFLOW: &str = "STREAM_OVERFLOW";
    /// Fewest tasks that process events (requirement 001-12).
    pub const STREAM_MIN_WORKERS: &str = "STREAM_MIN_WORKERS";
    /// Most of them.
    pub const STREAM_MAX_WORKERS: &str = "STREAM_MAX_WORKERS";
    /// Events that are published together at most (requirement 001-13).
    pub const STREAM_BATCH_SIZE: &str = "STREAM_BATCH_SIZE";
    /// Milliseconds after a batch that the next one may take to fill.
    pub const STREAM_BATCH_TIMEOUT_MS: &str = "STREAM_BATCH_TIMEOUT_MS";
    /// Live: comma list of `stream` and `mythos`: figures get their guides' names, too.
    pub const METRICS_ALIASES: &str = "METRICS_ALIASES";
    /// Tries after which Redis is given up; 0 is never (conflict X-16).
    pub const REDIS_MAX_RETRIES: &str = "REDIS_MAX_RETRIES";
    /// Live: `default`, `stable` or `tight`: defaults of the next four, and of
    /// `MAX_CONNECTIONS_PER_PLAYER` (conflict X-19).
    pub const CONNECTION_PRESET: &str = "CONNECTION_PRESET";
    /// Live: seconds without any byte after which a player's connection ends (requirement 004-17).
    pub const CONNECTION_TIMEOUT: &str = "CONNECTION_TIMEOUT";
    /// Live: seconds between looks at the health of connections (requirement 004-18).
    pub const HEALTH_CHECK_INTERVAL: &str = "HEALTH_CHECK_INTERVAL";
    /// Live: seconds between looks for idle connections (requirement 004-19).
    pub const CLEANUP_INTERVAL: &str = "CLEANUP_INTERVAL";
    /// `memory`, `redis` or the address of a database (conflict X-17).
    pub const SESSION_STORE: &str = "SESSION_STORE";
    /// Address of a database for sessions (requirement 004-27).
    pub const DATABASE_URL: &str = "DATABASE_URL";
    /// File with that address, which may hold a password.
    pub const DATABASE_URL_FILE: &str = "DATABASE_URL_FILE";
    /// Seconds for which the session of a player who is gone is kept there.
    pub const SESSION_TTL: &str = "SESSION_TTL";
    /// Players that there is room for from the start (requirement 004-20).
    pub const CONNECTION_POOL_SIZE: &str = "CONNECTION_POOL_SIZE";
    /// Seconds of silence after which TCP asks whether the peer is there (requirement 004-41).
    pub const TCP_KEEPALIVE: &str = "TCP_KEEPALIVE";
    /// Live: messages that may wait for one slow connection.
    pub const MAX_QUEUE_ITEMS: &str = "MAX_QUEUE_ITEMS";
    /// Live: what happens to a message that finds a queue full (conflict X-20).
    pub const OVERFLOW: &str = "OVERFLOW";
}
