//! Names that one node of the cluster holds at a time.
//!
//! A lease is a key that holds its owner and ends by itself after [`LEASE_TTL_SECONDS`]; whoever
//! holds it renews it every [`RENEWAL`]. The owner is the node *and* the random number of its
//! process: a pod that starts again under its name does not inherit what its former process held,
//! which may still be ending; it waits for the TTL like everybody else.
//!
//! An account of Redis may be forbidden to run scripts, so each step but the last is one command that is
//! safe by itself:
//! - claim: `SET NX PX`, and `GET` to name the holder if it was refused;
//! - renew: `GETEX PX` tells the owner and moves the end at once. If the owner turns out to be
//!   another, its lease was prolonged by one TTL at most, and this node drops the claim;
//! - release: `DEL` after a `GET`, only while this node's own clock says that the lease cannot have
//!   ended and been taken by another. Otherwise it is left to end by itself;
//! - take over what a process holds that is [gone](super::gone): a script, which finds out whether it
//!   still does. Without scripts such a lease ends by itself.
//!
//! The renewal claims again what Redis has forgotten (it came back empty), and what was claimed in
//! vain while Redis was away.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Cmd, FromRedisValue, cmd};
use tokio::sync::{Mutex, MutexGuard};

use super::fault::breaks_link;
use super::layout::Layout;
use super::partition::{Partition, PerPartition};
use super::routes::{CallError, Routes};
use crate::bus::wire::Origin;
use crate::bus::{Inbox, LEASE_TTL_SECONDS};

/// Time after which a lease that nobody renews is free.
const TTL: Duration = Duration::from_secs(LEASE_TTL_SECONDS);
/// Time between renewals: two may fail before a lease is lost.
pub(super) const RENEWAL: Duration = Duration::from_secs(5);
/// Time that whoever held a lease before an outage has for claiming it again, before who wants it only
/// since then does: most relays find Redis again within it.
pub(super) const PRECEDENCE: Duration = Duration::from_secs(3);
/// Least time that a lease must have left for a release to touch it: both of its calls fit.
const RELEASE_MARGIN: Duration = Duration::from_secs(4);
/// Tries of a claim, if the lease ends between its two commands.
const CLAIM_TRIES: usize = 3;

const TAKE_OVER: &str = include_str!("take_over.lua");

/// Leases by name, each with when it was last known to be prolonged; none, if it is only wanted:
/// Redis could not be asked when it was claimed, and will be at the next renewal.
pub(super) type Held = HashMap<String, Option<Instant>>;

/// The leases that this node holds.
pub(super) struct Leases {
    owner: String,
    layout: Arc<Layout>,
    /// One lock per partition, held across the calls about its leases: a release that is under way
    /// cannot undo the claim that follows it. Bounded by the connections that hold the claims.
    held: PerPartition<Mutex<Held>>,
    routes: Arc<Routes>,
    /// Who is told of leases that another node turned out to hold.
    inbox: Arc<dyn Inbox>,
}

/// Who holds a lease.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// This process.
    Us,
    /// The process of this name.
    Other(String),
}

/// Why a lease could not be asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum LeaseError {
    /// It was not answered.
    #[error(transparent)]
    Call(CallError),
    /// It went from hand to hand while it was asked for.
    #[error("the lease changes hands too fast")]
    Contended,
}

impl<T: Into<CallError>> From<T> for LeaseError {
    fn from(error: T) -> Self {
        Self::Call(error.into())
    }
}

impl Leases {
    pub(super) fn new(
        origin: &Origin,
        layout: Arc<Layout>,
        routes: Arc<Routes>,
        inbox: Arc<dyn Inbox>,
    ) -> Self {
        let held = PerPartition::new(|_| Mutex::default());
        let owner = format!("{}/{:016x}", origin.node, origin.incarnation);
        Self { owner, layout, held, routes, inbox }
    }

    /// What the value of a lease of this process is.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// Gives up `lease`, which another node holds, and has whoever goes by it told.
    pub(super) fn lose(&self, lease: &str, held: &mut Held) {
        held.remove(lease);
        tracing::warn!(lease, "another node holds a lease that this node counts on: the bus was away");
        self.inbox.lost(lease);
    }

    /// Key of `lease`.
    pub(super) fn key(&self, lease: &str) -> String {
        self.layout.lease(lease)
    }

    /// The leases of one partition; the lock is held for calls with a deadline each.
    pub(super) async fn held(&self, partition: Partition) -> MutexGuard<'_, Held> {
        self.held.get(partition).lock().await
    }

    /// Claims `lease` for this process. Unless another holds it, it stays wanted until its release.
    pub(super) async fn claim(&self, lease: &str) -> Result<Holder, LeaseError> {
        let mut held = self.held(Partition::of(lease)).await;
        let prolonged = held.entry(lease.to_owned()).or_default();
        let sent = Instant::now();
        let holder = self.ask(lease).await?;
        match holder {
            Holder::Us => *prolonged = Some(sent),
            Holder::Other(_) => drop(held.remove(lease)),
        }
        Ok(holder)
    }

    /// Claims `lease` in place of `gone`, who holds it and will not come back.
    pub(super) async fn take_over(&self, lease: &str, gone: String) -> Result<Holder, LeaseError> {
        let mut held = self.held(Partition::of(lease)).await;
        let sent = Instant::now();
        match self.replace(lease, &gone).await {
            Ok(true) => {
                held.insert(lease.to_owned(), Some(sent));
                Ok(Holder::Us)
            }
            Ok(false) => {
                drop(held);
                self.claim(lease).await
            }
            Err(CallError::Redis(error)) if !breaks_link(&error) => {
                tracing::debug!(lease, %error, "a lease of a process that is gone is left to end by itself");
                Ok(Holder::Other(gone))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether `lease` was that of `gone`, and is ours now.
    async fn replace(&self, lease: &str, gone: &str) -> Result<bool, CallError> {
        let mut replace = cmd("EVAL");
        replace.arg(TAKE_OVER).arg(1).arg(self.key(lease)).arg(gone).arg(&self.owner);
        self.call(lease, replace.arg(TTL.as_millis() as u64)).await
    }

    /// Gives `lease` back, if this process holds it.
    pub(super) async fn release(&self, lease: &str) -> Result<(), LeaseError> {
        let mut held = self.held(Partition::of(lease)).await;
        let Some(Some(prolonged)) = held.remove(lease) else { return Ok(()) };
        if prolonged.elapsed() + RELEASE_MARGIN > TTL {
            return Ok(());
        }
        let key = self.key(lease);
        let owner: Option<String> = self.call(lease, cmd("GET").arg(&key)).await?;
        if owner.as_deref() == Some(&self.owner) {
            self.call::<()>(lease, cmd("DEL").arg(&key)).await?;
        }
        Ok(())
    }

    /// The node that holds `lease`.
    pub(super) async fn holder(&self, lease: &str) -> Result<Option<String>, LeaseError> {
        let owner: Option<String> = self.call(lease, cmd("GET").arg(self.key(lease))).await?;
        Ok(owner.map(|owner| node_of(&owner).to_owned()))
    }

    /// Asks for a lease until somebody has it.
    async fn ask(&self, lease: &str) -> Result<Holder, LeaseError> {
        let (key, owner) = (self.key(lease), &self.owner);
        for _ in 0..CLAIM_TRIES {
            if self.call(lease, &take(&key, owner)).await? {
                return Ok(Holder::Us);
            }
            match self.call::<Option<String>>(lease, cmd("GET").arg(&key)).await? {
                Some(holder) if holder == *owner => {
                    self.call::<()>(lease, &prolong(&key)).await?;
                    return Ok(Holder::Us);
                }
                Some(holder) => return Ok(Holder::Other(holder)),
                // It ended in between.
                None => {}
            }
        }
        Err(LeaseError::Contended)
    }

    async fn call<T: FromRedisValue>(&self, lease: &str, command: &Cmd) -> Result<T, CallError> {
        self.routes.call(Partition::of(lease).slot(), command).await
    }
}

/// Sets the lease if it is free; answers whether it was.
pub(super) fn take(key: &str, owner: &str) -> Cmd {
    let mut command = cmd("SET");
    command.arg(key).arg(owner).arg("NX").arg("PX").arg(TTL.as_millis() as u64);
    command
}

/// Moves the end of the lease a TTL away and answers its owner.
pub(super) fn prolong(key: &str) -> Cmd {
    let mut command = cmd("GETEX");
    command.arg(key).arg("PX").arg(TTL.as_millis() as u64);
    command
}

/// The node in the value of a lease. Its process number has no slash.
pub(super) fn node_of(owner: &str) -> &str {
    owner.rsplit_once('/').map_or(owner, |(node, _)| node)
}
