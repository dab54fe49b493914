//! One connection: its socket, its queue, and the small state that could be written down.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::Interest;
use tokio::sync::Notify;

use super::catchup::{Admission, At};
use super::outbox::{Outbox, Phase, Pushed};
use super::{CloseCode, DropReason, Farewell, Frame, Limits, Pulse, Sent, Shared, Socket, Transport, Wire};
use crate::bus::{Channel, Message};
use crate::sync::lock;

/// Bytes that one read takes at most; one buffer per thread, none per connection.
const READ_SIZE: usize = 16 * 1024;

/// Told when a queue overflowed and the policy is to disconnect.
const TOO_SLOW: Farewell = Farewell::new(CloseCode::TryAgain, "Too slow");
/// The same, where what was dropped is kept.
const TOO_SLOW_RESUME: Farewell =
    Farewell::new(CloseCode::TryAgain, "Too slow: resume from the last position");

thread_local! {
    static SCRATCH: std::cell::RefCell<Vec<u8>> = std::cell::RefCell::new(vec![0; READ_SIZE]);
}

/// A live connection. Everyone may [send](Self::send); one task [turns](Self::turn).
#[derive(Debug)]
pub struct Connection {
    pub(super) id: u64,
    /// Its number among those who [came](super::Hub::arrive); the highest there is, until it is there.
    pub(super) came: AtomicU64,
    /// Who is at the other end, such as a user id.
    pub identity: Box<str>,
    /// The profile that the connection came by.
    pub profile: &'static str,
    /// Its kind.
    pub transport: Transport,
    /// The channels that it takes messages of.
    pub(super) channels: Mutex<Vec<Channel>>,
    pub(super) wire: WireRef,
    socket: Socket,
    outbox: Mutex<Outbox>,
    wake: Notify,
    pub(super) shared: Arc<Shared>,
    /// Tick in which it began.
    pub(super) opened_at: u32,
    /// Tick of the last bytes from the peer.
    pub(super) heard_at: AtomicU32,
    /// Tick of the last write that made progress.
    pub(super) wrote_at: AtomicU32,
    /// Tick of the last probe.
    pub(super) probed_at: AtomicU32,
    /// Tick in which the right to be connected ends.
    pub(super) expires_at: AtomicU32,
    /// Tick in which a peer that has not said what it wants is sent away.
    pub(super) introduced_by: AtomicU32,
    /// Whether the last probe waits for its answer, as 0 or 1.
    pub(super) unanswered: AtomicU32,
}

/// A wire with a `Debug` form.
#[derive(Clone, Copy)]
pub(super) struct WireRef(pub(super) &'static dyn Wire);

impl std::fmt::Debug for WireRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

/// What a [turn](Connection::turn) of a connection brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Bytes were read.
    Read,
    /// Something was done to the connection, such as a goodbye said on our side.
    Woken,
    /// The connection is over.
    Over,
}

impl Connection {
    pub(super) fn new(id: u64, opening: super::Opening, shared: Arc<Shared>) -> Self {
        let now = shared.clock.now();
        Self {
            id,
            came: AtomicU64::new(u64::MAX),
            identity: opening.identity.into(),
            profile: opening.profile,
            transport: opening.transport,
            channels: Mutex::new(opening.channels),
            wire: WireRef(opening.wire),
            socket: opening.socket,
            outbox: Mutex::new(Outbox::new()),
            wake: Notify::new(),
            shared,
            opened_at: now,
            heard_at: AtomicU32::new(now),
            wrote_at: AtomicU32::new(now),
            probed_at: AtomicU32::new(now),
            // Who is to speak up by itself is waited for from the beginning.
            unanswered: AtomicU32::new(matches!(opening.wire.pulse(), Pulse::EngineListen).into()),
            expires_at: AtomicU32::new(u32::MAX),
            introduced_by: AtomicU32::new(u32::MAX),
        }
    }

    /// Sends one encoded message, and ends the connection if it is the last one.
    pub fn send(&self, frame: &Frame) -> Sent {
        let sent = self.send_bytes(frame.bytes.clone());
        if frame.last {
            self.finish(&Farewell::new(CloseCode::Normal, "Done"));
        }
        sent
    }

    /// Sends to this connection alone, in its own wire form.
    pub fn tell(&self, message: &Message) -> Sent {
        self.send(&self.wire.0.encode(message))
    }

    /// Sends bytes that are a whole frame on this connection's wire.
    pub fn send_bytes(&self, bytes: Bytes) -> Sent {
        self.accept(|outbox| self.write_or_queue(outbox, bytes))
    }

    /// Sends a message of a channel, unless the connection has it; while it
    /// [catches up](super::catchup) the message waits.
    pub(super) fn deliver(&self, frame: &Frame, at: Option<&At>) -> Sent {
        let sent = self.accept(|outbox| {
            let budget = &self.shared.budget;
            match outbox.catch_up.admit(at, &frame.bytes, self.limits(), budget) {
                Admission::Pass => {
                    outbox.note(at);
                    self.write_or_queue(outbox, frame.bytes.clone())
                }
                Admission::Known => Pushed { sent: Sent::Written, dropped: 0, disconnect: false },
                Admission::Held => Pushed { sent: Sent::Queued, dropped: 0, disconnect: false },
                Admission::Full(reason) => {
                    let dropped = u64::from(reason == DropReason::QueueFull);
                    Pushed { sent: Sent::Dropped(reason), dropped, disconnect: true }
                }
            }
        });
        if frame.last {
            self.finish(&Farewell::new(CloseCode::Normal, "Done"));
        }
        sent
    }

    fn accept(&self, push: impl FnOnce(&mut Outbox) -> Pushed) -> Sent {
        let pushed = {
            let mut outbox = self.locked();
            if outbox.phase != Phase::Open {
                self.count_drops(DropReason::Closing, 1);
                return Sent::Dropped(DropReason::Closing);
            }
            push(&mut outbox)
        };
        self.settle(pushed)
    }

    pub(super) fn locked(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.outbox)
    }

    /// From now on no message is dropped without an end of the connection.
    pub(super) fn lose_nothing(&self) {
        self.locked().lossless = true;
    }

    /// Tries the socket first: an idle connection's task need not wake for a message.
    fn write_or_queue(&self, outbox: &mut Outbox, mut bytes: Bytes) -> Pushed {
        let mut written = 0;
        if outbox.is_empty() {
            // An error shows again in the connection's own task, which ends the connection.
            written = self.socket.try_write(&bytes).unwrap_or(0);
        }
        if written > 0 {
            self.wrote_at.store(self.shared.clock.now(), Ordering::Relaxed);
        }
        if written == bytes.len() {
            return Pushed { sent: Sent::Written, dropped: 0, disconnect: false };
        }
        if outbox.is_empty() {
            // The stall of a peer is counted from the first byte that waits.
            self.wrote_at.store(self.shared.clock.now(), Ordering::Relaxed);
        }
        bytes.advance(written);
        outbox.push(bytes, written > 0, self.limits(), &self.shared.budget)
    }

    fn limits(&self) -> &Limits {
        self.shared.limits.of(self.profile)
    }

    fn settle(&self, pushed: Pushed) -> Sent {
        self.count_drops(DropReason::QueueFull, pushed.dropped);
        match pushed.sent {
            Sent::Written => {}
            Sent::Queued => self.wake.notify_one(),
            Sent::Dropped(DropReason::NodeBudget) => self.count_drops(DropReason::NodeBudget, 1),
            Sent::Dropped(_) => {}
        }
        if pushed.disconnect {
            let farewell = if self.locked().lossless { &TOO_SLOW_RESUME } else { &TOO_SLOW };
            self.finish(farewell);
        }
        pushed.sent
    }

    fn count_drops(&self, reason: DropReason, count: u64) {
        self.shared.counts.dropped(reason, count);
    }

    /// Says goodbye: what waits is written first, nothing else is taken. Tells whether this call
    /// began the end.
    pub fn finish(&self, farewell: &Farewell) -> bool {
        let mut outbox = lock(&self.outbox);
        if outbox.phase != Phase::Open {
            return false;
        }
        outbox.phase = Phase::Closing;
        outbox.code.get_or_insert(farewell.code);
        outbox.closing_since = self.shared.clock.now();
        outbox.push_always(self.wire.0.goodbye(farewell), &self.shared.budget);
        drop(outbox);
        self.wake.notify_one();
        true
    }

    /// Nothing that the peer may still say matters, as after both goodbyes: once the queue is
    /// written our half of the socket is shut, and the peer's end is the end.
    pub fn complete(&self) {
        let mut outbox = lock(&self.outbox);
        if outbox.phase == Phase::Closing {
            outbox.phase = Phase::Ending;
        }
        drop(outbox);
        self.wake.notify_one();
    }

    /// Ends at once, whatever waits.
    pub fn abort(&self) {
        lock(&self.outbox).phase = Phase::Over;
        self.wake.notify_one();
    }

    /// Ends the connection after `time`, when its right to be connected does. No clock but our own
    /// counts from here on.
    pub fn expire_after(&self, time: Duration) {
        let clock = &self.shared.clock;
        self.expires_at.store(clock.now().saturating_add(clock.ticks(time)), Ordering::Relaxed);
    }

    /// Ends the connection after `time`, unless the peer has [said what it wants](Self::introduced).
    pub fn introduce_within(&self, time: Duration) {
        let clock = &self.shared.clock;
        self.introduced_by.store(clock.now().saturating_add(clock.ticks(time)), Ordering::Relaxed);
    }

    /// The peer said what it wants.
    pub fn introduced(&self) {
        self.introduced_by.store(u32::MAX, Ordering::Relaxed);
    }

    /// The peer answered a probe.
    pub fn answered(&self) {
        self.unanswered.store(0, Ordering::Relaxed);
    }

    /// Takes all that waits, for a peer that fetches it instead of having a socket. Each item is a
    /// whole frame, or several.
    pub fn take(&self) -> Vec<Bytes> {
        let mut outbox = lock(&self.outbox);
        outbox.catch_up(self.wire.0, self.limits(), &self.shared.budget);
        let taken = outbox.take(&self.shared.budget);
        drop(outbox);
        self.wrote_at.store(self.shared.clock.now(), Ordering::Relaxed);
        taken
    }

    /// Gives a connection that was opened without a socket the one that it has from now on. What
    /// waits is written in the next [turn](Self::turn).
    pub fn attach(&self, socket: Socket) {
        self.socket.attach(socket);
    }

    /// The node's room for messages that are not complete.
    pub fn inflow(&self) -> &super::Budget {
        &self.shared.inflow
    }

    /// Whether there is a socket.
    pub(super) fn is_attached(&self) -> bool {
        self.socket.is_attached()
    }

    /// Makes the task that turns the connection look for what was done to it.
    pub fn nudge(&self) {
        self.wake.notify_one();
    }

    /// Whether it takes the messages of `channel`.
    pub fn is_subscribed(&self, channel: &Channel) -> bool {
        lock(&self.channels).contains(channel)
    }

    /// Number of channels that it takes messages of.
    pub fn subscriptions(&self) -> usize {
        lock(&self.channels).len()
    }

    /// The channels among them whose names begin with `prefix`.
    pub fn subscribed_under(&self, prefix: &str) -> Vec<Channel> {
        let channels = lock(&self.channels);
        channels.iter().filter(|channel| channel.as_str().starts_with(prefix)).cloned().collect()
    }

    /// Whether messages are taken.
    pub fn is_open(&self) -> bool {
        lock(&self.outbox).phase == Phase::Open
    }

    /// Tick in which the goodbye was queued, if it was.
    pub(super) fn closing_since(&self) -> Option<u32> {
        let outbox = lock(&self.outbox);
        (outbox.phase != Phase::Open).then_some(outbox.closing_since)
    }

    /// Whether bytes wait for the peer.
    pub(super) fn is_waiting(&self) -> bool {
        !lock(&self.outbox).is_empty()
    }

    /// Writes what waits until bytes come from the peer, which are handed to `sink`, or until the
    /// connection is woken.
    ///
    /// Only one task may call it. Cancel safe: nothing is read without reaching `sink`.
    pub async fn turn(&self, mut sink: impl FnMut(&[u8])) -> Turn {
        loop {
            let interest = match self.flush() {
                Flushed::All => Interest::READABLE,
                Flushed::Blocked => Interest::READABLE | Interest::WRITABLE,
                Flushed::Over => return Turn::Over,
            };
            tokio::select! {
                ready = self.socket.ready(interest) => match ready {
                    Ok(ready) if ready.is_readable() => match self.read(&mut sink) {
                        Ok(Some(turn)) => return turn,
                        Ok(None) => {}
                        Err(_) => return Turn::Over,
                    },
                    Ok(_) => {}
                    Err(_) => return Turn::Over,
                },
                () = self.wake.notified() => return Turn::Woken,
            }
        }
    }

    /// `None`: the readiness was a false alarm.
    fn read(&self, sink: &mut impl FnMut(&[u8])) -> io::Result<Option<Turn>> {
        SCRATCH.with_borrow_mut(|buffer| match self.socket.try_read(buffer) {
            Ok(0) => Ok(Some(Turn::Over)),
            Ok(count) => {
                self.heard_at.store(self.shared.clock.now(), Ordering::Relaxed);
                sink(buffer.get(..count).unwrap_or_default());
                Ok(Some(Turn::Read))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn flush(&self) -> Flushed {
        let mut outbox = lock(&self.outbox);
        loop {
            outbox.catch_up(self.wire.0, self.limits(), &self.shared.budget);
            if outbox.phase == Phase::Over || outbox.is_empty() {
                break;
            }
            match self.socket.try_write_vectored(&outbox.batch(self.limits())) {
                Ok(count) => outbox.advance(count, &self.shared.budget),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(_) => return Flushed::Over,
            }
            self.wrote_at.store(self.shared.clock.now(), Ordering::Relaxed);
        }
        match outbox.phase {
            Phase::Open => Flushed::All,
            Phase::Closing if self.wire.0.awaits_answer() => Flushed::All,
            // Closing a socket with unread bytes resets it, and could take the goodbye along: so
            // our half is shut, and what the peer still sends is read until it ends or is swept
            // (RFC 6455 section 7.1.1).
            Phase::Closing | Phase::Ending => {
                self.socket.shutdown_write().map_or(Flushed::Over, |()| Flushed::All)
            }
            Phase::Over => Flushed::Over,
        }
    }

    /// The code that the end is counted under, after the last turn. Counts what was not written.
    pub(super) fn bury(&self) -> CloseCode {
        let mut outbox = lock(&self.outbox);
        outbox.phase = Phase::Over;
        let (count, bytes) = (outbox.len(), outbox.bytes());
        let held = outbox.catch_up.abandon(&self.shared.budget);
        self.count_drops(DropReason::Disconnected, count as u64 + held);
        outbox.advance(bytes, &self.shared.budget);
        outbox.code.unwrap_or(CloseCode::Abnormal)
    }

    /// The code of the goodbye that was said first, by either side.
    pub fn ended_by(&self) -> CloseCode {
        lock(&self.outbox).code.unwrap_or(CloseCode::Abnormal)
    }

    /// Notes the code of a goodbye that the peer said first.
    pub fn note(&self, code: CloseCode) {
        lock(&self.outbox).code.get_or_insert(code);
    }
}

/// Outcome of a flush.
enum Flushed {
    /// Nothing waits.
    All,
    /// The socket is full.
    Blocked,
    /// The connection is over.
    Over,
}
