//! Why a connection ends, as its peer is told.

use std::borrow::Cow;

/// Close codes of RFC 6455 section 7.4 and its IANA registry. Transports that have no codes use
/// them for figures only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// All is done.
    Normal = 1000,
    /// The process ends, or the peer's page does.
    GoingAway = 1001,
    /// The peer broke the protocol.
    Protocol = 1002,
    /// The peer sent a kind of data that is not taken here.
    Unsupported = 1003,
    /// The peer ended without a code; never sent.
    NoStatus = 1005,
    /// The peer is gone without a goodbye; never sent.
    Abnormal = 1006,
    /// Text that is not UTF-8.
    InvalidData = 1007,
    /// A rule of ours forbids it.
    Policy = 1008,
    /// A message over the limit.
    TooBig = 1009,
    /// Our own failure.
    Internal = 1011,
    /// The service restarts: come back soon.
    Restart = 1012,
    /// Overloaded: come back later.
    TryAgain = 1013,
    /// Nobody known, or not any more (requirement 003-06).
    Unauthenticated = 4001,
    /// Known, but not allowed.
    Forbidden = 4003,
}

impl CloseCode {
    /// The number.
    pub fn number(self) -> u16 {
        self as u16
    }
}

/// What a peer is told when its connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Kind of end.
    pub code: CloseCode,
    /// One short phrase, at most 123 bytes (RFC 6455 section 5.5.1).
    pub reason: Cow<'static, str>,
}

impl Farewell {
    /// A farewell with a fixed reason.
    pub const fn new(code: CloseCode, reason: &'static str) -> Self {
        Self { code, reason: Cow::Borrowed(reason) }
    }
}
