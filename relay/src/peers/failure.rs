//! Why a request did not reach the node that it is for.

use crate::transport::body::Unread;

/// Why a request was not forwarded, or not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No node of this name is alive.
    #[error("no such node is alive")]
    Unknown,
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
    /// The node takes no connection.
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
    /// The label that it is counted under.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_node",
            Self::NoAddress => "no_address",
            Self::NoSecret => "no_secret",
            Self::Full => "full",
            Self::Body(_) => "body",
            Self::Connect => "connect",
            Self::Broken => "broken",
            Self::Slow => "timeout",
            Self::Gone => "gone",
        }
    }
}
