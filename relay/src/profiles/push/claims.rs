//! Names that one at a time may have in the whole cluster: a user's socket (requirement 000-02,
//! conflict X-03), and a request whose answers one caller gets (requirement 000-06).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::names::{Entered, Names};
use crate::bus::{Bus, Channel, Claim};

/// Time for a lease to come back from a node that just said goodbye to the user.
const RETURNING: Duration = Duration::from_millis(200);

/// Names that are taken here, or are about to be, or just were.
pub struct Claims {
    bus: Arc<dyn Bus>,
    tasks: TaskTracker,
    names: Arc<Names>,
}

/// The right to a name; dropping it gives the right back.
pub(super) struct Claimed {
    claims: Arc<Claims>,
    name: Box<str>,
}

/// What the names of users' sockets begin with.
const SOCKET: &str = "socket:";

/// The name of a user's socket.
pub(super) fn socket(user: &str) -> String {
    format!("{SOCKET}{user}")
}

/// The user whose socket has this name; `None` for that of a request.
pub(super) fn user_of(name: &str) -> Option<&str> {
    name.strip_prefix(SOCKET)
}

/// The name of a request to a user.
pub(super) fn request(user: &str, correlation_id: &str) -> String {
    Channel::reply(user, correlation_id).as_str().to_owned()
}

impl Claims {
    /// Claims through `bus` of what is noted in `names`; `tasks` waits for leases on their way back.
    pub fn new(bus: Arc<dyn Bus>, names: Arc<Names>, tasks: TaskTracker) -> Arc<Self> {
        Arc::new(Self { bus, tasks, names })
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

    async fn claim_here(self: &Arc<Self>, name: &str) -> Option<Claimed> {
        loop {
            let mut releasing = match self.names.enter(name) {
                Entered::Granted => return Some(Claimed { claims: self.clone(), name: name.into() }),
                Entered::Held => return None,
                Entered::Releasing(releasing) => releasing,
            };
            // A lease that is taken again before it is back would be lost by its return. The
            // error is the closed channel, which is what is waited for.
            let _ = releasing.changed().await;
        }
    }
}

impl Claimed {
    /// Whether another node turned out to hold the name: whoever goes by it is to end.
    pub(super) fn is_lost(&self) -> bool {
        self.claims.names.is_lost(&self.name)
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let (done, releasing) = watch::channel(());
        self.claims.names.leave(&self.name, releasing);
        let (claims, name) = (self.claims.clone(), std::mem::take(&mut self.name));
        self.claims.tasks.spawn(async move {
            claims.bus.release(&name).await;
            claims.names.left(&name);
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
