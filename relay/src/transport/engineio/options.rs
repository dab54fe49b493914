//! How a server of Engine.IO behaves.

use std::time::Duration;

/// The settings of the reference server, by what they mean (requirements 002-02 to 002-06).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Told to clients: time between pings.
    pub ping_interval: Duration,
    /// Told to clients: time for an answer.
    pub ping_timeout: Duration,
    /// Time in which an upgrade must be complete.
    pub upgrade_timeout: Duration,
    /// Bytes of the largest message and of the largest body, told to clients.
    pub max_payload: usize,
    /// Whether clients of revision 3 are served.
    pub allow_v3: bool,
    /// Whether sessions may poll.
    pub polling: bool,
    /// Whether sessions may be on a WebSocket.
    pub websocket: bool,
    /// Whether an upgrade without `EIO` and `transport` means revision 4 on a WebSocket.
    pub lenient: bool,
    /// Sessions, of whatever kind, beyond which none begins.
    pub max_sessions: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(60),
            upgrade_timeout: Duration::from_secs(30),
            max_payload: 100_000_000,
            allow_v3: true,
            polling: true,
            websocket: true,
            lenient: true,
            max_sessions: u64::MAX,
        }
    }
}
