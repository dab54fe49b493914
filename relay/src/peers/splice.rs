//! WebSockets whose owner is another node: their bytes go through this one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, copy_bidirectional_with_sizes};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::peer::Peer;
use crate::sync::lock;
use crate::transport::Permit;
use crate::transport::ws::Upgraded;

/// Time in which both ends must have let go of HTTP.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Bytes that are read at a time, each way.
const CHUNK: usize = 4096;

/// The sockets that go through this node. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Splices(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: AtomicU64,
    /// Bounded by what may be under way to each node.
    open: Mutex<HashMap<u64, CancellationToken>>,
}

impl Splices {
    /// How many there are.
    pub fn count(&self) -> usize {
        lock(&self.0.open).len()
    }

    /// Ends at most `count`; tells how many. Their clients come back, to another node.
    pub fn end(&self, count: usize) -> usize {
        let mut open = lock(&self.0.open);
        let chosen: Vec<u64> = open.keys().copied().take(count).collect();
        chosen.iter().filter_map(|id| open.remove(id)).for_each(|ended| ended.cancel());
        chosen.len()
    }

    /// Counts one more until it is dropped.
    pub(super) fn enter(&self) -> Entered {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let ended = CancellationToken::new();
        lock(&self.0.open).insert(id, ended.clone());
        Entered { splices: self.clone(), id, ended }
    }
}

/// One that is counted.
pub(super) struct Entered {
    splices: Splices,
    id: u64,
    ended: CancellationToken,
}

impl Drop for Entered {
    fn drop(&mut self) {
        lock(&self.splices.0.open).remove(&self.id);
    }
}

/// What a socket that goes through holds until it ends.
pub(super) struct Held {
    pub(super) entered: Entered,
    pub(super) peer: Arc<Peer>,
    pub(super) place: OwnedSemaphorePermit,
    /// What counts the client's TCP connection.
    pub(super) permit: Option<Permit>,
}

/// Carries bytes both ways until either end closes, the owner is gone, or it is ended.
pub(super) async fn run(client: impl Future<Output = Option<Upgraded>>, owner: OnUpgrade, held: Held) {
    let both = async { tokio::join!(client, owner) };
    let Ok((Some(client), Ok(owner))) = tokio::time::timeout(HANDSHAKE, both).await else { return };
    let Upgraded { stream: mut client, early } = client;
    let mut owner = TokioIo::new(owner);
    let carry = async {
        owner.write_all(&early).await?;
        copy_bidirectional_with_sizes(&mut client, &mut owner, CHUNK, CHUNK).await
    };
    tokio::select! {
        // Errors are the ends' own: a connection that breaks is no news.
        _ = carry => {}
        () = held.peer.gone() => {}
        () = held.entered.ended.cancelled() => {}
    }
    drop((held.place, held.permit));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_ends_as_many_as_it_may() {
        let splices = Splices::default();
        let entered = [splices.enter(), splices.enter(), splices.enter()];
        assert_eq!(splices.end(2), 2);
        let ended = entered.iter().filter(|entered| entered.ended.is_cancelled()).count();
        assert_eq!((ended, splices.count()), (2, 1));
    }

    #[test]
    fn one_that_is_over_is_not_counted() {
        let splices = Splices::default();
        drop(splices.enter());
        assert_eq!(splices.count(), 0);
    }
}
