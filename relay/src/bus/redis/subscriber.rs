//! The subscribing connection of a link.
//!
//! It speaks RESP3, so that what is published arrives by callback on the task that reads the
//! socket, with no queue in between: an inbox that is slow slows the socket down, and Redis bounds
//! the rest (`client-output-buffer-limit pubsub`). In a Cluster the partitions are sharded channels,
//! which the server takes away (`sunsubscribe`) when their slot moves: what is subscribed is what
//! Redis has said, not what was asked for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use redis::aio::{MultiplexedConnection, SendError};
use redis::{PushInfo, PushKind, RedisResult, Value};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::events::Seat;
use super::fault::Fault;
use super::gather::Callers;
use super::inlet::Inlet;
use super::knock::{self, Introduction};
use super::layout::Layout;
use super::partition::Partitions;
use crate::bus::config::Address;

/// A connection that is subscribed to partitions, and to a channel to probe it by.
pub(super) struct Subscriber {
    /// Dropping it ends the subscriptions.
    connection: MultiplexedConnection,
    layout: Arc<Layout>,
    sharded: bool,
    /// Where it leads.
    pub(super) address: Address,
    /// Its number among those of this process.
    pub(super) number: u64,
    /// Channel that only this connection is subscribed to.
    pub(super) probe_channel: String,
    /// What it heard.
    pub(super) heard: Heard,
    /// Held while it is the one connection that hears workers outside.
    events: OnceLock<Seat>,
    /// Cancelled when it was closed.
    pub(super) lost: CancellationToken,
}

/// What a subscription heard; clones share it.
#[derive(Clone, Default)]
pub(super) struct Heard {
    /// Number of the last probe.
    pub(super) probe: watch::Sender<u64>,
    /// Other relays that are there.
    pub(super) callers: Callers,
    /// Number of things of any kind.
    pub(super) pushes: Arc<AtomicU64>,
    /// Partitions that Redis has confirmed, and did not take away.
    pub(super) partitions: watch::Sender<Partitions>,
}

impl Subscriber {
    /// Connects to `address`, logs in and subscribes to probe channel `number`.
    pub(super) async fn dial(
        endpoint: &Endpoint,
        address: &Address,
        inlet: &Arc<Inlet>,
        layout: &Arc<Layout>,
        number: u64,
    ) -> Result<Self, Fault> {
        let (lost, heard) = (CancellationToken::new(), Heard::default());
        let probe_channel = layout.probe(inlet.incarnation(), number);
        let receiver = Receiver {
            inlet: Arc::clone(inlet),
            layout: Arc::clone(layout),
            number,
            probe_channel: probe_channel.clone(),
            heard: heard.clone(),
            lost: lost.clone(),
        };
        let on_push = move |push| {
            receiver.take(push);
            Ok::<(), SendError>(())
        };
        let dial = async {
            let mut connection = endpoint.connect(address, on_push).await?;
            connection.subscribe(&probe_channel).await.map_err(Fault::call("subscribe"))?;
            Ok(connection)
        };
        let connection = dial.await.map_err(|fault| endpoint.at(address, fault))?;
        let (layout, sharded) = (Arc::clone(layout), endpoint.sharded());
        let address = address.clone();
        let events = OnceLock::new();
        Ok(Self { connection, layout, sharded, address, number, probe_channel, heard, events, lost })
    }

    /// The partitions that it hears.
    pub(super) fn partitions(&self) -> Partitions {
        *self.heard.partitions.borrow()
    }

    /// Subscribes to `partitions`. Some may be refused, because they moved: see what is heard.
    pub(super) async fn subscribe(&self, partitions: Partitions) -> Result<(), Fault> {
        let channels: Vec<&str> = partitions.iter().map(|partition| self.layout.live(partition)).collect();
        if self.sharded {
            return self.each("SSUBSCRIBE", &channels).await;
        }
        let mut connection = self.connection.clone();
        connection.subscribe(channels).await.map_err(Fault::call("subscribe"))
    }

    /// Hears `partitions` no more.
    pub(super) async fn unsubscribe(&self, partitions: Partitions) -> Result<(), Fault> {
        let channels: Vec<&str> = partitions.iter().map(|partition| self.layout.live(partition)).collect();
        self.each("SUNSUBSCRIBE", &channels).await
    }

    /// One command per channel: those of a Cluster take channels of one slot only.
    async fn each(&self, command: &'static str, channels: &[&str]) -> Result<(), Fault> {
        let mut pipeline = redis::Pipeline::with_capacity(channels.len());
        for channel in channels {
            pipeline.cmd(command).arg(channel);
        }
        let answers: RedisResult<Vec<RedisResult<Value>>> =
            pipeline.ignore_errors().query_async(&mut self.connection.clone()).await;
        let refused = answers.map_err(Fault::call("subscribe"))?.into_iter().filter_map(Result::err);
        // What has moved is subscribed where it is now.
        match refused.into_iter().find(|error| super::redirect::of(error).is_none()) {
            Some(source) => Err(Fault::Call { doing: "subscribe", source }),
            None => Ok(()),
        }
    }

    /// Hears workers outside, too, if no other connection does.
    pub(super) async fn hear_events(&self, free: impl FnOnce() -> Option<Seat>) -> Result<(), Fault> {
        if self.events.get().is_some() {
            return Ok(());
        }
        let Some(seat) = free() else { return Ok(()) };
        let mut connection = self.connection.clone();
        connection.subscribe(self.layout.events()).await.map_err(Fault::call("subscribe"))?;
        self.events.get_or_init(|| seat);
        Ok(())
    }
}

/// What the subscribing connection does with a push.
struct Receiver {
    inlet: Arc<Inlet>,
    layout: Arc<Layout>,
    number: u64,
    probe_channel: String,
    heard: Heard,
    lost: CancellationToken,
}

impl Receiver {
    fn take(&self, push: PushInfo) {
        self.heard.pushes.fetch_add(1, Ordering::Relaxed);
        match push.kind {
            PushKind::Message | PushKind::SMessage => self.message(push.data),
            PushKind::Subscribe | PushKind::SSubscribe => self.subscribed(&push.data, true),
            PushKind::Unsubscribe | PushKind::SUnsubscribe => self.subscribed(&push.data, false),
            PushKind::Disconnection => {
                self.inlet.hearing.end(self.number);
                self.lost.cancel();
            }
            _ => {}
        }
    }

    fn message(&self, data: Vec<Value>) {
        match <[Value; 2]>::try_from(data) {
            Ok([Value::BulkString(channel), Value::BulkString(body)])
                if channel == self.probe_channel.as_bytes() =>
            {
                self.probe_or_answer(&body);
            }
            Ok([Value::BulkString(channel), Value::BulkString(body)])
                if channel == self.layout.events().as_bytes() =>
            {
                self.inlet.take_event(&body);
            }
            Ok([_, Value::BulkString(body)]) if knock::is_knock(&body) => self.knock(&body),
            Ok([_, Value::BulkString(body)]) => self.inlet.take(body.into()),
            _ => self.inlet.refuse(&"a push of another form"),
        }
    }

    fn probe_or_answer(&self, body: &[u8]) {
        if let Ok(number) = body.try_into() {
            self.heard.probe.send_replace(u64::from_be_bytes(number));
            return;
        }
        match Introduction::decode(body) {
            Some(who) => self.meet(&who),
            None => self.inlet.refuse(&"neither a probe nor an answer"),
        }
    }

    fn knock(&self, body: &[u8]) {
        let Some((number, who)) = knock::decode(body) else {
            return self.inlet.refuse(&"a knock of another form");
        };
        if who.incarnation != self.inlet.incarnation() {
            self.meet(&who);
            self.heard.callers.owe(who.incarnation, number);
        }
    }

    fn meet(&self, who: &Introduction) {
        self.inlet.meet(who, self.inlet.hearing.alone(self.number));
        self.heard.callers.hear(who.incarnation);
    }

    /// Redis confirms a subscription, or the end of one.
    fn subscribed(&self, data: &[Value], now: bool) {
        let Some(Value::BulkString(channel)) = data.first() else { return };
        let Some(partition) = self.layout.partition(channel) else { return };
        self.heard.partitions.send_modify(|heard| match now {
            true => heard.insert(partition),
            false => heard.remove(partition),
        });
        self.inlet.hearing.note(self.number, *self.heard.partitions.borrow());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.inlet.hearing.end(self.number);
    }
}
