//! Settings, by the names of `relay_contract::settings` and a few of our own.
//!
//! A setting comes from the environment, or else from the settings file, or else is a default.
//! [`Boot`] holds what a process starts with; [`Live`] what changes while it runs. Both are parsed
//! once and whole: every problem is told at once, with the name of its setting.

mod auth;
mod boot;
mod live;
mod reader;
mod settings;
mod source;

pub use boot::Boot;
pub use live::Live;
pub use reader::{Invalid, Problem};
pub use settings::Settings;
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
    /// Live: `true` is the log level DEBUG (requirement 000-13); a list such as `socket.io:*` asks for
    /// the debug lines of these parts (conflict X-11).
    pub const DEBUG: &str = "DEBUG";
    /// `json`, `text` or a template (conflict X-12).
    pub const LOG_FORMAT: &str = "LOG_FORMAT";
    /// File that log lines are added to, besides standard output (conflict X-12).
    pub const LOG_FILE: &str = "LOG_FILE";
    /// Bytes that may wait for all slow connections of this node.
    pub const MAX_NODE_QUEUE_BYTES: &str = "MAX_NODE_QUEUE_BYTES";
    /// Live: messages that may wait for one slow connection.
    pub const MAX_QUEUE_ITEMS: &str = "MAX_QUEUE_ITEMS";
    /// Live: what happens to a message that finds a queue full (conflict X-20).
    pub const OVERFLOW: &str = "OVERFLOW";
}
