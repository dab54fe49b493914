//! Which nodes are there, as this one sees them.
//!
//! The bus is asked every few seconds, and when a request is for a node that nobody has heard of: one
//! at a time, so that names that are made up cost others nothing. While the bus is away the last view
//! stays. A node that it no longer tells of is given a moment: the bus may have lost what it knew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Failure;
use super::peer::Peer;
use super::proof::Keys;
use crate::bus::{Bus, Node};

/// Time between two looks.
const PERIOD: Duration = Duration::from_secs(5);
/// Least time between two looks: for names that nobody has heard of, and after one that failed.
const PAUSE: Duration = Duration::from_millis(200);
/// Time in which a node that lives tells of itself again when the bus came back empty, however long that
/// was away.
const GRACE: Duration = Duration::from_secs(10);

/// The nodes.
pub(super) struct View {
    node: String,
    bus: Arc<dyn Bus>,
    known: ArcSwap<Known>,
    /// The last look. Held by who looks.
    asked: Mutex<Option<Look>>,
}

/// One time that the bus was asked.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Instant,
    /// Whether it told of the nodes.
    told: bool,
}

#[derive(Clone, Debug, Default)]
struct Known {
    peers: HashMap<String, Seen>,
    keys: Keys,
}

/// A node, and since when the bus, which was there, has not told of it.
#[derive(Clone, Debug)]
struct Seen {
    peer: Arc<Peer>,
    missing: Option<Instant>,
}

impl View {
    pub(super) fn new(node: String, bus: Arc<dyn Bus>) -> Self {
        Self { node, bus, known: ArcSwap::default(), asked: Mutex::default() }
    }

    /// The name of this node.
    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// The keys as they are now.
    pub(super) fn keys(&self) -> Keys {
        self.known.load().keys.clone()
    }

    /// Names of the others.
    pub(super) fn names(&self) -> Vec<String> {
        self.known.load().peers.keys().cloned().collect()
    }

    /// The node of this name. The bus is asked if nobody has heard of it.
    ///
    /// # Errors
    /// [`Failure::Unknown`] if the bus does not know it either, [`Failure::Unasked`] if that is away.
    pub(super) async fn peer(&self, name: &str) -> Result<Arc<Peer>, Failure> {
        let wanted = Instant::now();
        if let Some(peer) = self.known_peer(name) {
            return Ok(peer);
        }
        let mut asked = self.asked.lock().await;
        // Somebody may have asked meanwhile.
        if asked.is_none_or(|look| look.at < wanted) {
            if let Some(look) = *asked {
                tokio::time::sleep_until(look.at + PAUSE).await;
            }
            self.look(&mut asked).await;
        }
        let told = asked.is_some_and(|look| look.told);
        self.known_peer(name).ok_or(if told { Failure::Unknown } else { Failure::Unasked })
    }

    fn known_peer(&self, name: &str) -> Option<Arc<Peer>> {
        self.known.load().peers.get(name).map(|seen| seen.peer.clone())
    }

    /// Keeps looking, for ever.
    pub(super) async fn keep(&self) {
        loop {
            let mut asked = self.asked.lock().await;
            let seen = self.look(&mut asked).await;
            drop(asked);
            tokio::time::sleep(if seen { PERIOD } else { PAUSE }).await;
        }
    }

    /// Asks the bus; tells whether it knew all. Only the holder of `asked` may.
    async fn look(&self, asked: &mut Option<Look>) -> bool {
        let at = Instant::now();
        *asked = Some(Look { at, told: false });
        let (nodes, secret) = tokio::join!(self.bus.nodes(), self.bus.cluster_secret());
        let (told, complete) = (nodes.is_ok(), nodes.is_ok() && secret.is_ok());
        let before = self.known.load_full();
        let mut known = Known::clone(&before);
        if let Ok(nodes) = nodes {
            known.peers = merge(known.peers, nodes, &self.node, Instant::now());
        }
        if let Ok(Some(secret)) = secret {
            known.keys = before.keys.renewed(secret);
        }
        self.known.store(Arc::new(known));
        *asked = Some(Look { at, told });
        complete
    }
}

/// The nodes that are told of now, and those that may yet be.
fn merge(
    mut before: HashMap<String, Seen>,
    nodes: Vec<Node>,
    own: &str,
    now: Instant,
) -> HashMap<String, Seen> {
    let mut after = HashMap::with_capacity(nodes.len());
    for node in nodes.into_iter().filter(|node| node.name != own) {
        let former = before.remove(&node.name);
        let same = former.as_ref().filter(|seen| seen.peer.is(&node)).map(|seen| seen.peer.clone());
        if let (Some(former), None) = (&former, &same) {
            former.peer.bury();
        }
        let name = node.name.clone();
        let peer = same.unwrap_or_else(|| Arc::new(Peer::new(node)));
        after.insert(name, Seen { peer, missing: None });
    }
    for (name, seen) in before {
        let since = seen.missing.unwrap_or(now);
        if now.duration_since(since) < GRACE {
            after.insert(name, Seen { missing: Some(since), ..seen });
        } else {
            tracing::warn!(node = seen.peer.name(), "Another relay is gone");
            seen.peer.bury();
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::bus::BusError;
    use crate::bus::testing::PartBus;
    use crate::peers::peer::tests::node;

    async fn is_gone(peer: &Peer) -> bool {
        tokio::time::timeout(Duration::ZERO, peer.gone()).await.is_ok()
    }

    fn of(nodes: &[&str]) -> Vec<Node> {
        nodes.iter().map(|name| node(name)).collect()
    }

    /// A bus that knows no node, and whether it can be asked.
    struct Empty(bool);

    #[async_trait]
    impl PartBus for Empty {
        async fn nodes(&self) -> Result<Vec<Node>, BusError> {
            if self.0 { Ok(Vec::new()) } else { Err(BusError::Unavailable("refused".to_owned())) }
        }
    }

    #[tokio::test]
    async fn that_nobody_has_heard_of_a_node_proves_nothing_while_the_bus_is_away() {
        let asked = async |is_there| View::new("a".to_owned(), Arc::new(Empty(is_there))).peer("b").await;
        assert_eq!(asked(true).await.err(), Some(Failure::Unknown));
        assert_eq!(asked(false).await.err(), Some(Failure::Unasked));
    }

    #[test]
    fn this_node_is_no_peer_of_itself() {
        let after = merge(HashMap::new(), of(&["a", "b"]), "a", Instant::now());
        assert_eq!(after.keys().collect::<Vec<_>>(), ["b"]);
    }

    #[tokio::test]
    async fn a_node_that_is_not_told_of_is_given_a_moment_and_then_buried() {
        let (start, none) = (Instant::now(), Vec::new);
        let first = merge(HashMap::new(), of(&["b"]), "a", start);
        let peer = first["b"].peer.clone();
        let then = merge(first, none(), "a", start);
        assert!(then.contains_key("b") && !is_gone(&peer).await);
        let later = merge(then, none(), "a", start + GRACE);
        assert!(later.is_empty() && is_gone(&peer).await);
    }

    #[test]
    fn the_moment_begins_when_the_bus_is_back_and_not_when_it_went() {
        let start = Instant::now();
        let first = merge(HashMap::new(), of(&["b"]), "a", start);
        let back = merge(first, Vec::new(), "a", start + 3 * GRACE);
        assert!(back.contains_key("b"));
    }

    #[test]
    fn a_node_that_is_told_of_again_has_all_of_its_moment_again() {
        let start = Instant::now();
        let first = merge(HashMap::new(), of(&["b"]), "a", start);
        let missing = merge(first, Vec::new(), "a", start);
        let again = merge(missing, of(&["b"]), "a", start + GRACE / 2);
        assert!(merge(again, Vec::new(), "a", start + GRACE).contains_key("b"));
    }

    #[tokio::test]
    async fn a_restart_under_the_same_name_is_another_node() {
        let first = merge(HashMap::new(), of(&["b"]), "a", Instant::now());
        let former = first["b"].peer.clone();
        let later = Node { incarnation: "1".to_owned(), ..node("b") };
        let after = merge(first, vec![later], "a", Instant::now());
        assert!(is_gone(&former).await && !is_gone(&after["b"].peer).await);
    }

    #[tokio::test]
    async fn a_node_that_stays_keeps_what_is_under_way() {
        let first = merge(HashMap::new(), of(&["b"]), "a", Instant::now());
        let peer = first["b"].peer.clone();
        let after = merge(first, of(&["b"]), "a", Instant::now());
        assert!(Arc::ptr_eq(&peer, &after["b"].peer));
    }
}
