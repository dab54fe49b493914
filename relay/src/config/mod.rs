//! Settings, by the names of `relay_contract::settings` and a few of our own.
//!
//! A setting comes from the environment, or else from the settings file, or else is a default.
//! [`Boot`] holds what a process starts with; [`Live`] what changes while it runs. Both are parsed
//! once and whole: every problem is told at once, with the name of its setting.

mod auth;
mod boot;
mod debug;
mod live;
mod reader;
mod settings;
mod socketio;
mod source;

pub use boot::Boot;
pub use debug::Debug;
pub use live::Live;
pub use reader::{Invalid, Problem};
pub use settings::Settings;
pub use socketio::SocketIo;
pub use source::Source;

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
    /// Live: messages that may wait for one slow connection.
    pub const MAX_QUEUE_ITEMS: &str = "MAX_QUEUE_ITEMS";
    /// Live: what happens to a message that finds a queue full (conflict X-20).
    pub const OVERFLOW: &str = "OVERFLOW";
}
