//! A hand-over that loses nothing.
//!
//! `SENTINEL FAILOVER` alone lets the old primary take writes until it hears of the new one, and throws
//! them away. So writes are held first, until every replica has what the primary has; then a sentinel is
//! asked. The hold ends by itself: by then the old primary has no replicas, and `min-replicas-to-write`
//! has it refuse writes, or nothing happened and it goes on.

use std::net::IpAddr;
use std::time::Duration;

use futures::future::try_join_all;
use redis::RedisError;
use tokio::time::{Instant, sleep};

use super::ask::{Sentinel, Server};
use super::view::{Member, is};
use crate::reconcile::secret_value::SecretValue;

/// How long writes are held, at most.
const HOLD: Duration = Duration::from_secs(12);
/// How long replicas may take to catch up.
const CATCH_UP: Duration = Duration::from_secs(3);
/// How long the sentinels may take to agree.
const AGREE: Duration = Duration::from_secs(8);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Why there was no hand-over.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotHandedOver {
    /// A server or a sentinel did not answer, or refused.
    #[error("{doing}: {source}")]
    Call {
        /// What was asked.
        doing: &'static str,
        /// What came of it.
        source: RedisError,
    },
    /// A sentinel does not know all replicas as they are now: some run since a moment ago.
    #[error("the sentinel is not connected to all replicas yet")]
    Strangers,
    /// A replica did not get what the primary has.
    #[error("a replica did not catch up within {} s", CATCH_UP.as_secs())]
    Behind,
    /// No sentinel names another primary.
    #[error("the sentinels named no other primary within {} s", AGREE.as_secs())]
    NotTaken,
}

/// Who takes part.
pub(super) struct Parties<'a> {
    /// The primary.
    pub(super) primary: (&'a Member, IpAddr),
    /// Its replicas, all of them.
    pub(super) replicas: Vec<IpAddr>,
    /// A sentinel.
    pub(super) sentinel: IpAddr,
    /// The password of the account that runs them.
    pub(super) password: &'a SecretValue,
}

impl Parties<'_> {
    /// Has another server made the primary, with all that this one acknowledged.
    pub(super) async fn hand_over(&self) -> Result<(), NotHandedOver> {
        let (member, address) = self.primary;
        let mut primary = Server::connect(address, self.password).await.map_err(call("connect"))?;
        let mut sentinel =
            Sentinel::connect(self.sentinel, self.password).await.map_err(call("connect to a sentinel"))?;
        let mut replicas = self.replicas().await?;
        knows_all(&mut sentinel, &mut replicas).await?;
        primary.pause(HOLD).await.map_err(call("hold writes"))?;
        let asked = match caught_up(&mut primary, &mut replicas).await {
            Ok(()) => sentinel.fail_over().await.map_err(call("ask for a failover")),
            Err(error) => Err(error),
        };
        if let Err(error) = asked {
            // If that does not reach it either, the hold ends by itself.
            let _ = primary.go_on().await;
            return Err(error);
        }
        is_taken(&mut sentinel, member).await
    }

    async fn replicas(&self) -> Result<Vec<Server>, NotHandedOver> {
        let connect = self.replicas.iter().map(|address| Server::connect(*address, self.password));
        try_join_all(connect).await.map_err(call("connect to the replicas"))
    }
}

/// Whether the sentinel can have each of the replicas made the primary. After a restart it takes up to ten
/// seconds until it is connected to it; it would choose it nevertheless, and try in vain for 15 seconds.
async fn knows_all(sentinel: &mut Sentinel, replicas: &mut [Server]) -> Result<(), NotHandedOver> {
    let known = sentinel.replicas().await.map_err(call("ask a sentinel for the replicas"))?;
    for replica in replicas {
        let run = replica.replication().await.map_err(call("ask a replica"))?.run;
        if !known.contains(&run) {
            return Err(NotHandedOver::Strangers);
        }
    }
    Ok(())
}

/// Waits until every replica has what the primary has, which takes no writes now.
async fn caught_up(primary: &mut Server, replicas: &mut [Server]) -> Result<(), NotHandedOver> {
    let until = Instant::now() + CATCH_UP;
    let offset = primary.replication().await.map_err(call("ask the primary"))?.offset;
    for replica in replicas {
        loop {
            let says = replica.replication().await.map_err(call("ask a replica"))?;
            if says.linked && says.offset >= offset {
                break;
            }
            if Instant::now() >= until {
                return Err(NotHandedOver::Behind);
            }
            sleep(LOOK).await;
        }
    }
    Ok(())
}

/// Waits until the sentinel names another primary.
async fn is_taken(sentinel: &mut Sentinel, former: &Member) -> Result<(), NotHandedOver> {
    let until = Instant::now() + AGREE;
    while Instant::now() < until {
        let named = sentinel.primary().await.map_err(call("ask a sentinel"))?;
        if named.is_some_and(|host| !is(&host, former)) {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    Err(NotHandedOver::NotTaken)
}

fn call(doing: &'static str) -> impl Fn(RedisError) -> NotHandedOver {
    move |source| NotHandedOver::Call { doing, source }
}
