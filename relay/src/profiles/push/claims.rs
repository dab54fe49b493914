//! One socket per user in the whole cluster (requirement 000-02, conflict X-03).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::bus::{Bus, Claim};
use crate::sync::lock;

/// Time for a lease to come back from a node that just said goodbye to the user.
const RETURNING: Duration = Duration::from_millis(200);

/// Users that have a socket here, or are about to have one, or just had one.
pub struct Claims {
    bus: Arc<dyn Bus>,
    tasks: TaskTracker,
    users: Mutex<HashMap<Box<str>, State>>,
}

enum State {
    Held,
    /// The lease is on its way back; the channel closes when it is there.
    Releasing(watch::Receiver<()>),
}

/// The right to a user's only socket; dropping it gives the right back.
pub(super) struct Claimed {
    claims: Arc<Claims>,
    user: Box<str>,
}

/// Name of the lease of a user's socket.
pub(super) fn lease(user: &str) -> String {
    format!("socket:{user}")
}

impl Claims {
    /// Claims through `bus`; `tasks` waits for leases on their way back.
    pub fn new(bus: Arc<dyn Bus>, tasks: TaskTracker) -> Arc<Self> {
        Arc::new(Self { bus, tasks, users: Mutex::default() })
    }

    /// Claims the socket of `user`. While the bus is away, what this node knows decides.
    pub(super) async fn claim(self: &Arc<Self>, user: &str) -> Option<Claimed> {
        let claimed = self.claim_here(user).await?;
        let mut answer = self.bus.claim(&lease(user)).await;
        if matches!(answer, Ok(Claim::HeldBy(_))) {
            tokio::time::sleep(RETURNING).await;
            answer = self.bus.claim(&lease(user)).await;
        }
        match answer {
            Ok(Claim::Granted) => Some(claimed),
            Ok(Claim::HeldBy(node)) => {
                tracing::debug!(user_id = user, node, "Another node holds the socket");
                None
            }
            Err(error) => {
                tracing::warn!(user_id = user, %error, "Socket granted by local knowledge");
                Some(claimed)
            }
        }
    }

    async fn claim_here(self: &Arc<Self>, user: &str) -> Option<Claimed> {
        loop {
            let mut releasing = match self.enter(user) {
                Entered::Granted => return Some(Claimed { claims: self.clone(), user: user.into() }),
                Entered::Held => return None,
                Entered::Releasing(releasing) => releasing,
            };
            // A lease that is taken again before it is back would be lost by its return. The
            // error is the closed channel, which is what is waited for.
            let _ = releasing.changed().await;
        }
    }

    fn enter(&self, user: &str) -> Entered {
        let mut users = lock(&self.users);
        match users.get(user) {
            Some(State::Held) => Entered::Held,
            Some(State::Releasing(releasing)) => Entered::Releasing(releasing.clone()),
            None => {
                users.insert(user.into(), State::Held);
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
        lock(&self.claims.users).insert(self.user.clone(), State::Releasing(releasing));
        let (claims, user) = (self.claims.clone(), std::mem::take(&mut self.user));
        self.claims.tasks.spawn(async move {
            claims.bus.release(&lease(&user)).await;
            lock(&claims.users).remove(&user);
            drop(done);
        });
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
