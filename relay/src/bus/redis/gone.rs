//! Whether a process that holds something is still there: one that was killed need not be waited for.
//!
//! Each link of a process is subscribed to a channel of its own, whose subscription Redis ends with the
//! connection: at once if the process is killed, not if its machine is cut off, whose leases end by
//! themselves. A process that has no such channel at a primary for [`PATIENCE`], in which it would have
//! connected again, is taken for gone. Nobody is while this node's own connection to the primary is
//! young: after a restart or a failover all are away for a moment.
//!
//! One task looks for each process that is asked about, however many ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::cmd;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::gather::GATHER_DEADLINE;
use super::layout::Layout;
use super::routes::Routes;
use super::shard::Primary;
use super::slot::Slot;
use crate::bus::config::Address;
use crate::sync::lock;

/// How long a process is away that does not come back, as a rule.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long it is looked whether one that is gone comes back after all, for those who ask meanwhile.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// The number of a process, and the primary that it is looked for at.
type Who = (u64, Address);

/// What is known of processes that were asked about; bounded by the relays that hold leases.
pub(super) struct Gone {
    layout: Arc<Layout>,
    routes: Arc<Routes>,
    watched: Mutex<HashMap<Who, watch::Receiver<Verdict>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Open,
    Gone,
    /// It is there, or nobody can tell.
    There,
}

impl Gone {
    pub(super) fn new(layout: Arc<Layout>, routes: Arc<Routes>) -> Arc<Self> {
        Arc::new(Self { layout, routes, watched: Mutex::default() })
    }

    /// Whether the process called `owner` is gone, as far as the primary that has `slot` knows. Takes a
    /// moment if it is there, and up to [`PATIENCE`] and two calls if not.
    pub(super) async fn is_gone(self: &Arc<Self>, owner: &str, slot: Slot) -> bool {
        let incarnation = owner.rsplit_once('/').and_then(|(_, number)| u64::from_str_radix(number, 16).ok());
        let (Some(incarnation), Ok(primary)) = (incarnation, self.routes.primary(slot)) else { return false };
        if primary.since.elapsed() < GATHER_DEADLINE {
            return false;
        }
        let mut verdict = self.watch((incarnation, primary.address.clone()), slot);
        let verdict = verdict.wait_for(|verdict| *verdict != Verdict::Open).await;
        verdict.is_ok_and(|verdict| *verdict == Verdict::Gone)
    }

    fn watch(self: &Arc<Self>, who: Who, slot: Slot) -> watch::Receiver<Verdict> {
        let mut watched = lock(&self.watched);
        watched
            .entry(who.clone())
            .or_insert_with(|| {
                let (told, verdict) = watch::channel(Verdict::Open);
                tokio::spawn(Arc::clone(self).look(who, slot, told));
                verdict
            })
            .clone()
    }

    /// Looks for a process until it is seen, or nobody needs to know any more.
    async fn look(self: Arc<Self>, who: Who, slot: Slot, told: watch::Sender<Verdict>) {
        let start = Instant::now();
        while start.elapsed() < PATIENCE + AFTERWARDS && self.is_away(&who, slot).await {
            if start.elapsed() >= PATIENCE && told.send_replace(Verdict::Gone) == Verdict::Open {
                tracing::info!(incarnation = %format_args!("{:016x}", who.0), "A relay is gone: others may have what it held");
            }
            sleep(INTERVAL).await;
        }
        // Whoever asks from now on begins anew.
        lock(&self.watched).remove(&who);
        told.send_if_modified(|verdict| {
            let is_open = *verdict == Verdict::Open;
            *verdict = if is_open { Verdict::There } else { *verdict };
            is_open
        });
    }

    /// Whether the primary says that it has no connection of the process. No, if this node's own was
    /// made anew meanwhile, or Redis does not say.
    async fn is_away(&self, (incarnation, address): &Who, slot: Slot) -> bool {
        let settled =
            |primary: &Primary| primary.address == *address && primary.since.elapsed() >= GATHER_DEADLINE;
        let Some(primary) = self.routes.primary(slot).ok().filter(settled) else { return false };
        let mut ask = cmd("PUBSUB");
        ask.arg("CHANNELS").arg(self.layout.probes(*incarnation));
        let channels = ask.query_async::<Vec<String>>(&mut primary.commands.clone()).await;
        channels.is_ok_and(|channels| channels.is_empty())
    }
}
