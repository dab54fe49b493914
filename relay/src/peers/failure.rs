//! Why a request did not reach the node that it is for.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::time::Duration;

use hyper_util::client::legacy;

use crate::transport::body::Unread;

/// Time after which a node at whose address nobody listens is no more: relays listen as long as they live.
const REFUSED: Duration = Duration::from_secs(1);
/// Time after which a node that is alive and was not reached is given up: three dials.
const UNREACHED: Duration = Duration::from_secs(5);

/// Why a request was not forwarded, or not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No node of this name is alive.
    #[error("no such node is alive")]
    Unknown,
    /// Nobody has heard of the node, and the bus that would tell of it is away.
    #[error("no such node is known, and the bus could not be asked")]
    Unasked,
    /// The node has no address that others could use.
    #[error("the node has told no address")]
    NoAddress,
    /// Nothing proves to the node who asks: Redis was not reached yet.
    #[error("the secret of the cluster is not known")]
    NoSecret,
    /// As many requests as may be wait for the node already.
    #[error("too many requests wait for the node")]
    Full,
    /// The client's body did not come.
    #[error("{0}")]
    Body(#[from] Unread),
    /// Nobody listens at the node's address.
    #[error("nobody listens at the address of the node")]
    Refused,
    /// The node cannot be reached.
    #[error("no connection to the node")]
    Connect,
    /// The connection ended before the answer.
    #[error("the connection to the node broke")]
    Broken,
    /// The node does not answer.
    #[error("no answer of the node in time")]
    Slow,
    /// The node died meanwhile.
    #[error("the node is gone")]
    Gone,
}

impl Failure {
    /// What became of a request that was not answered.
    pub(super) fn of(error: &legacy::Error) -> Self {
        if !error.is_connect() {
            return Self::Broken;
        }
        let mut causes = successors(error.source(), |cause| (*cause).source());
        let is_refusal = |cause: &io::Error| cause.kind() == io::ErrorKind::ConnectionRefused;
        let refused = causes.any(|cause| cause.downcast_ref().is_some_and(is_refusal));
        if refused { Self::Refused } else { Self::Connect }
    }

    /// How long after the first try another one is made. Nothing, where this one proves that no other
    /// would do better, or may have reached the node: what it did with the request is not known then.
    pub(super) fn passes_within(self) -> Option<Duration> {
        match self {
            Self::Refused => Some(REFUSED),
            Self::Unasked | Self::NoSecret | Self::Connect => Some(UNREACHED),
            Self::Unknown
            | Self::NoAddress
            | Self::Full
            | Self::Body(_)
            | Self::Broken
            | Self::Slow
            | Self::Gone => None,
        }
    }

    /// The label that it is counted under.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_node",
            Self::Unasked => "not_asked",
            Self::NoAddress => "no_address",
            Self::NoSecret => "no_secret",
            Self::Full => "full",
            Self::Body(_) => "body",
            Self::Refused => "refused",
            Self::Connect => "connect",
            Self::Broken => "broken",
            Self::Slow => "timeout",
            Self::Gone => "gone",
        }
    }
}
