//! Why a connection ends, as its peer is told.

use std::borrow::Cow;

/// Close codes of RFC 6455 section 7.4 and its IANA registry. Transports that have no codes use
/// them for figures only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseCode {
    /// All is done.
    Normal,
    /// The process ends, or the peer's page does.
    GoingAway,
    /// The peer broke the protocol.
    Protocol,
    /// The peer sent a kind of data that is not taken here.
    Unsupported,
    /// The peer ended without a code; never sent.
    NoStatus,
    /// The peer is gone without a goodbye; never sent.
    Abnormal,
    /// Text that is not UTF-8.
    InvalidData,
    /// A rule of ours forbids it.
    Policy,
    /// A message over the limit.
    TooBig,
    /// The peer misses an extension; sent by clients only.
    Extension,
    /// Our own failure.
    Internal,
    /// The service restarts: come back soon.
    Restart,
    /// Overloaded: come back later.
    TryAgain,
    /// A gateway's peer failed.
    BadGateway,
    /// Nobody known, or not any more (requirement 003-06).
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// A client's own code, from 3000 to 4999.
    Application(u16),
}

impl CloseCode {
    /// The number.
    pub fn number(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::Unsupported => 1003,
            Self::NoStatus => 1005,
            Self::Abnormal => 1006,
            Self::InvalidData => 1007,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::Extension => 1010,
            Self::Internal => 1011,
            Self::Restart => 1012,
            Self::TryAgain => 1013,
            Self::BadGateway => 1014,
            Self::Unauthenticated => 4001,
            Self::Forbidden => 4003,
            Self::Application(number) => number,
        }
    }

    /// What figures count it as: clients' own codes are a normal end, so that nobody outside makes
    /// up labels.
    pub fn counted(self) -> Self {
        match self {
            Self::Application(_) => Self::Normal,
            code => code,
        }
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
