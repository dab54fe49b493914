//! Which relays are alive, and the secret that they share.
//!
//! Each relay keeps a key with what it says of itself, which ends by itself [`NODE_TTL_SECONDS`]
//! after the last [renewal](RENEWAL), and its name in a set of all. Whoever reads the set takes names
//! without a key out of it; a node that is there after all is in it again at its next renewal. All
//! of it lives in one slot.
//!
//! The secret is made by whoever finds none. A relay that has one puts that one back if Redis has
//! lost it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, cmd, pipe};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::layout::{CLUSTER, Layout};
use super::partition::Partition;
use super::routes::{NoLink, Routes};
use crate::bus::config::Secret;
use crate::bus::node::{MAX_NODES, NODE_TTL_SECONDS, Node};
use crate::sync::lock;

/// Time between two signs of life: two may fail before a node is forgotten.
const RENEWAL: Duration = Duration::from_secs(5);
/// Time until the next try of one that failed.
const RETRY: Duration = Duration::from_millis(100);
/// Longest that a node takes to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);
/// Random bytes of the secret.
const SECRET_BYTES: usize = 32;

/// The relays of a cluster.
pub(super) struct Roster {
    layout: Arc<Layout>,
    routes: Arc<Routes>,
    /// What this node says of itself; it is not told of before it knows its address.
    me: watch::Sender<Option<Node>>,
    secret: Mutex<Option<String>>,
}

/// Why the others could not be told, or asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum RosterError {
    /// There is no connection, for the reason that the state of the bus has.
    #[error(transparent)]
    NoLink(#[from] NoLink),
    /// Redis refused, or the connection broke.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl Roster {
    pub(super) fn new(layout: Arc<Layout>, routes: Arc<Routes>) -> Self {
        Self { layout, routes, me: watch::Sender::new(None), secret: Mutex::default() }
    }

    /// Tells others of this node from now on.
    pub(super) fn announce(&self, me: Node) {
        self.me.send_replace(Some(me));
    }

    /// Gives signs of life until `shutdown`, then says goodbye.
    pub(super) async fn keep(&self, shutdown: CancellationToken) {
        let mut announced = self.me.subscribe();
        loop {
            let wait = match self.renew().await {
                Ok(()) => RENEWAL,
                Err(error) => {
                    tracing::debug!(%error, "Other relays cannot be told that this one is alive");
                    RETRY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                Ok(()) = announced.changed() => {}
                () = shutdown.cancelled() => break,
            }
        }
        // Best effort: what is not said is known when the key ends.
        let _ = tokio::time::timeout(FAREWELL, self.leave()).await;
    }

    async fn renew(&self) -> Result<(), RosterError> {
        let Some(me) = self.me.borrow().clone() else { return Ok(()) };
        let told = serde_json::to_string(&me).unwrap_or_default();
        let mut alive = pipe();
        alive.cmd("SET").arg(self.layout.node(&me.name)).arg(told).arg("EX").arg(NODE_TTL_SECONDS);
        alive.cmd("SADD").arg(self.layout.nodes()).arg(&me.name);
        Ok(alive.exec_async(&mut self.link()?).await?)
    }

    async fn leave(&self) -> Result<(), RosterError> {
        let Some(me) = self.me.borrow().clone() else { return Ok(()) };
        let key = self.layout.node(&me.name);
        let mut link = self.link()?;
        let told: Option<String> = cmd("GET").arg(&key).query_async(&mut link).await?;
        // Another process may have the name by now.
        if told.as_deref().and_then(parse).is_some_and(|node| node.incarnation == me.incarnation) {
            let mut gone = pipe();
            gone.cmd("DEL").arg(&key);
            gone.cmd("SREM").arg(self.layout.nodes()).arg(&me.name);
            gone.exec_async(&mut link).await?;
        }
        Ok(())
    }

    fn link(&self) -> Result<MultiplexedConnection, NoLink> {
        self.routes.commands(Partition::of(CLUSTER))
    }

    /// The nodes that are alive, by name.
    pub(super) async fn nodes(&self) -> Result<Vec<Node>, RosterError> {
        let mut link = self.link()?;
        let mut names: Vec<String> = cmd("SMEMBERS").arg(self.layout.nodes()).query_async(&mut link).await?;
        names.sort_unstable();
        names.truncate(MAX_NODES);
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> = names.iter().map(|name| self.layout.node(name)).collect();
        let told: Vec<Option<String>> = cmd("MGET").arg(keys).query_async(&mut link).await?;
        let gone: Vec<&String> =
            names.iter().zip(&told).filter(|(_, told)| told.is_none()).map(|(name, _)| name).collect();
        if !gone.is_empty() {
            cmd("SREM").arg(self.layout.nodes()).arg(gone).exec_async(&mut link).await?;
        }
        Ok(told.iter().flatten().filter_map(|told| parse(told)).collect())
    }

    /// The secret of the cluster.
    pub(super) async fn secret(&self) -> Result<Secret, RosterError> {
        let known = lock(&self.secret).clone();
        let mine = known.unwrap_or_else(random_secret);
        let mut ask = pipe();
        ask.cmd("SET").arg(self.layout.secret()).arg(&mine).arg("NX").ignore();
        ask.cmd("GET").arg(self.layout.secret());
        let (there,): (Option<String>,) = ask.query_async(&mut self.link()?).await?;
        let secret = there.unwrap_or(mine);
        *lock(&self.secret) = Some(secret.clone());
        Ok(Secret::new(secret))
    }
}

fn random_secret() -> String {
    rand::random::<[u8; SECRET_BYTES]>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a node said of itself. A later release may say more.
fn parse(told: &str) -> Option<Node> {
    serde_json::from_str(told).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_release_says_of_itself_is_understood() {
        let told = r#"{"name":"a","incarnation":"0","address":null,"started":1,"load":0.5}"#;
        assert_eq!(parse(told).map(|node| node.name).as_deref(), Some("a"));
    }

    #[test]
    fn no_two_secrets_are_the_same() {
        assert_ne!(random_secret(), random_secret());
    }
}
