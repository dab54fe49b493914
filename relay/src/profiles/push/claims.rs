//! Names that one at a time may have in the whole cluster: a user's socket (requirement 000-02,
//! conflict X-03), and a request whose answers one caller gets (requirement 000-06).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::bus::{Bus, Channel, Claim};
use crate::hub::{Slot, Slots};
use crate::sync::lock;

/// Time for a lease to come back from a node that just said goodbye to the user.
const RETURNING: Duration = Duration::from_millis(200);

/// Names that are taken here, or are about to be, or just were.
pub struct Claims {
    bus: Arc<dyn Bus>,
    tasks: TaskTracker,
    names: Mutex<HashMap<Box<str>, State>>,
    /// Sockets by user, where several are allowed.
    shared: Slots,
}

enum State {
    Held,
    /// The lease is on its way back; the channel closes when it is there.
    Releasing(watch::Receiver<()>),
}

/// The right to a name; dropping it gives the right back.
pub(super) struct Claimed {
    claims: Arc<Claims>,
    name: Box<str>,
}

/// The name of a user's socket.
pub(super) fn socket(user: &str) -> String {
    format!("socket:{user}")
}

/// The name of a request to a user.
pub(super) fn request(user: &str, correlation_id: &str) -> String {
    Channel::reply(user, correlation_id).as_str().to_owned()
}

impl Claims {
    /// Claims through `bus`; `tasks` waits for leases on their way back.
    pub fn new(bus: Arc<dyn Bus>, tasks: TaskTracker) -> Arc<Self> {
        Arc::new(Self { bus, tasks, names: Mutex::default(), shared: Slots::default() })
    }

    /// Claims `name`. While the bus is away, what this node knows decides.
    pub(super) async fn claim(self: &Arc<Self>, name: &str) -> Option<Claimed> {
        let claimed = self.claim_here(name).await?;
        let mut answer = self.bus.claim(name).await;
        if matches!(answer, Ok(Claim::HeldBy(_))) {
            tokio::time::sleep(RETURNING).await;
            answer = self.bus.claim(name).await;
        }
        match answer {
            Ok(Claim::Granted) => Some(claimed),
            Ok(Claim::HeldBy(node)) => {
                tracing::debug!(name, node, "Another node holds the name");
                None
            }
            Err(error) => {
                tracing::warn!(name, %error, "Name granted by local knowledge");
                Some(claimed)
            }
        }
    }

    /// Takes one of `limit` places for sockets of `user` on this node.
    pub(super) fn share(&self, user: &str, limit: u32) -> Option<Slot> {
        self.shared.take(user, limit)
    }

    async fn claim_here(self: &Arc<Self>, name: &str) -> Option<Claimed> {
        loop {
            let mut releasing = match self.enter(name) {
                Entered::Granted => return Some(Claimed { claims: self.clone(), name: name.into() }),
                Entered::Held => return None,
                Entered::Releasing(releasing) => releasing,
            };
            // A lease that is taken again before it is back would be lost by its return. The
            // error is the closed channel, which is what is waited for.
            let _ = releasing.changed().await;
        }
    }

    fn enter(&self, name: &str) -> Entered {
        let mut names = lock(&self.names);
        match names.get(name) {
            Some(State::Held) => Entered::Held,
            Some(State::Releasing(releasing)) => Entered::Releasing(releasing.clone()),
            None => {
                names.insert(name.into(), State::Held);
                Entered::Granted
            }
        }
    }
}

enum Entered {
    Granted,
    Held,
    Releasing(watch::Receiver<()>),
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let (done, releasing) = watch::channel(());
        lock(&self.claims.names).insert(self.name.clone(), State::Releasing(releasing));
        let (claims, name) = (self.claims.clone(), std::mem::take(&mut self.name));
        self.claims.tasks.spawn(async move {
            claims.bus.release(&name).await;
            lock(&claims.names).remove(&name);
            drop(done);
        });
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "claims_races.rs"]
mod races;
