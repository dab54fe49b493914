//! Settings, by the names of `relay_contract::settings` and a few of our own.
//!
//! A setting comes from the environment, or else from the settings file, or else is a default.
//! [`Boot`] holds what a process starts with; [`Live`] what changes while it runs. Both are parsed
//! once and whole: every problem is told at once, with the name of its setting.

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
