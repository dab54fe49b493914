//! Why a client leaves a namespace, in the words of the reference server.

use std::fmt;

use crate::hub::CloseCode;

/// Why a client left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It said that it leaves the namespace.
    Disconnect,
    /// Its connection was closed or lost.
    Transport,
    /// It did not answer pings.
    PingTimeout,
    /// This node stops or is drained.
    Shutdown,
    /// It broke the protocol.
    Parse,
    /// It was sent away, for a rule of ours.
    Forced,
    /// It does not read what it is sent.
    TooSlow,
}

impl Reason {
    /// The reason behind the end of a connection.
    pub(super) fn of(code: CloseCode) -> Self {
        match code {
            CloseCode::Internal => Self::PingTimeout,
            CloseCode::Restart => Self::Shutdown,
            CloseCode::Protocol | CloseCode::InvalidData | CloseCode::TooBig | CloseCode::Unsupported => {
                Self::Parse
            }
            CloseCode::Policy | CloseCode::Unauthenticated | CloseCode::Forbidden => Self::Forced,
            CloseCode::TryAgain => Self::TooSlow,
            _ => Self::Transport,
        }
    }

    /// Whether the client may go on where it was when it comes back.
    pub(super) fn is_recoverable(self) -> bool {
        matches!(self, Self::Transport | Self::PingTimeout | Self::Shutdown | Self::TooSlow)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnect => "client namespace disconnect",
            Self::Transport => "transport close",
            Self::PingTimeout => "ping timeout",
            Self::Shutdown => "server shutting down",
            Self::Parse => "parse error",
            Self::Forced => "forced close",
            Self::TooSlow => "too slow",
        })
    }
}
