//! One other node, and how much may be under way to it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::Failure;
use crate::bus::Node;

/// Requests that may wait for one node's answers: each polling client has one at a time, or two.
const MAX_REQUESTS: usize = 4096;
/// WebSockets that may go through to one node.
const MAX_SOCKETS: usize = 16 * 1024;

/// A process of another node.
#[derive(Debug)]
pub(super) struct Peer {
    node: Node,
    requests: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
    /// Cancelled when the process is known to be gone.
    gone: CancellationToken,
}

/// What is under way to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request and its answer.
    Request,
    /// A WebSocket.
    Socket,
}

impl Peer {
    pub(super) fn new(node: Node) -> Self {
        Self {
            node,
            requests: Arc::new(Semaphore::new(MAX_REQUESTS)),
            sockets: Arc::new(Semaphore::new(MAX_SOCKETS)),
            gone: CancellationToken::new(),
        }
    }

    /// Whether `node` is the same process at the same address.
    pub(super) fn is(&self, node: &Node) -> bool {
        self.node == *node
    }

    pub(super) fn name(&self) -> &str {
        &self.node.name
    }

    /// Where its clients' port is.
    pub(super) fn address(&self) -> Result<&str, Failure> {
        self.node.address.as_deref().ok_or(Failure::NoAddress)
    }

    /// The right to one more of a kind.
    pub(super) fn place(&self, kind: Kind) -> Result<OwnedSemaphorePermit, Failure> {
        let places = match kind {
            Kind::Request => &self.requests,
            Kind::Socket => &self.sockets,
        };
        places.clone().try_acquire_owned().map_err(|_| Failure::Full)
    }

    /// The process is gone: nobody waits for it any longer.
    pub(super) fn bury(&self) {
        self.gone.cancel();
    }

    /// Waits until the process is gone.
    pub(super) async fn gone(&self) {
        self.gone.cancelled().await;
    }

    /// The outcome of `work`, if it comes within `patience` and while the process lives.
    pub(super) async fn within<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        tokio::select! {
            done = tokio::time::timeout(patience, work) => done.map_err(|_| Failure::Slow),
            () = self.gone() => Err(Failure::Gone),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What the node `name` says of itself.
    pub(in crate::peers) fn node(name: &str) -> Node {
        let address = Some("127.0.0.1:1".to_owned());
        Node { name: name.to_owned(), incarnation: "0".to_owned(), address, started: 0 }
    }

    #[test]
    fn a_slow_node_has_so_many_requests_waiting_and_no_more() {
        let peer = Peer::new(node("b"));
        let places: Vec<_> = (0..MAX_REQUESTS).map(|_| peer.place(Kind::Request).unwrap()).collect();
        assert_eq!(peer.place(Kind::Request).map(drop), Err(Failure::Full));
        drop(places);
        assert!(peer.place(Kind::Request).is_ok());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_node_that_is_gone() {
        let peer = Peer::new(node("b"));
        peer.bury();
        let waited = peer.within(Duration::from_secs(3600), std::future::pending::<()>()).await;
        assert_eq!(waited, Err(Failure::Gone));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_deadline() {
        let waited =
            Peer::new(node("b")).within(Duration::from_millis(1), std::future::pending::<()>()).await;
        assert_eq!(waited, Err(Failure::Slow));
    }
}
