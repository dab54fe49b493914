//! The way of events: from sockets through a bounded [buffer](super::buffer) to workers, which
//! publish them in batches (requirements 001-11 to 001-14).

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Event;
use super::aggregate::{Aggregate, Window};
use super::buffer::{Batch, Buffer, Figures};
use super::rules::Rules;
use super::scale::Workers;
use super::store::Store;
use crate::hub::{Overflow, Publisher};
use crate::metrics::{EventDrop, Metrics};
use crate::sync::lock;

/// Time above which the processing of a batch is slow (requirement 001-14).
const SLOW: Duration = Duration::from_millis(100);

/// What the pipeline starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Events that may wait.
    pub capacity: usize,
    /// What happens beyond.
    pub overflow: Overflow,
    /// Bounds of the number of workers.
    pub workers: Workers,
    /// Events that are published together at most.
    pub batch_size: usize,
    /// Time after the last batch for the next one to fill.
    pub batch_timeout: Duration,
}

/// The buffer, and all that is known of the events that went through.
pub struct Pipeline {
    pub(super) options: Options,
    pub(super) metrics: Arc<Metrics>,
    publisher: Publisher,
    buffer: Mutex<Buffer>,
    past: Mutex<Past>,
    rules: Mutex<Rules>,
    /// An event came, or the number of workers changed.
    woken: Notify,
    /// A whole batch waits.
    filled: Notify,
    /// The batch whose turn it is to be published.
    turn: watch::Sender<u64>,
    last_flush: Mutex<Instant>,
    paused: AtomicBool,
    pub(super) wanted: AtomicUsize,
    pub(super) live: AtomicUsize,
}

/// What was processed.
struct Past {
    seconds: Aggregate,
    minutes: Aggregate,
    store: Store,
}

/// Windows of [aggregates](Pipeline::aggregates).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Seconds,
    Minutes,
}

impl Pipeline {
    /// A pipeline whose workers do not run yet.
    pub fn new(options: Options, publisher: Publisher, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            options,
            metrics,
            publisher,
            buffer: Mutex::new(Buffer::new(options.capacity, options.overflow)),
            past: Mutex::new(Past {
                seconds: Aggregate::new(1),
                minutes: Aggregate::new(60),
                store: Store::default(),
            }),
            rules: Mutex::default(),
            woken: Notify::new(),
            filled: Notify::new(),
            turn: watch::Sender::new(0),
            last_flush: Mutex::new(Instant::now()),
            paused: AtomicBool::new(false),
            wanted: AtomicUsize::new(options.workers.min),
            live: AtomicUsize::new(0),
        })
    }

    /// Takes an event in. `false`: the buffer was full, and an event was dropped.
    pub(super) fn add(&self, event: Event) -> bool {
        let (dropped, waiting) = {
            let mut buffer = lock(&self.buffer);
            (buffer.add(event), buffer.len())
        };
        self.metrics.events.dropped(EventDrop::BufferFull, dropped);
        self.woken.notify_one();
        if waiting >= self.options.batch_size {
            self.filled.notify_one();
        }
        dropped == 0
    }

    /// Whether no events are taken (requirement 001-21).
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Takes no events from now on, or takes them again. What waits is processed.
    pub fn pause(&self, paused: bool) {
        if self.paused.swap(paused, Ordering::Relaxed) != paused {
            tracing::warn!(paused, "Incoming events");
        }
    }

    /// The next batch for worker `number`; `None` if it has to end.
    pub(super) async fn next(&self, number: usize, stop: &CancellationToken) -> Option<Batch> {
        loop {
            if number >= self.wanted.load(Ordering::Relaxed) {
                self.woken.notify_one();
                return None;
            }
            let waiting = lock(&self.buffer).len();
            if waiting == 0 {
                tokio::select! {
                    () = self.woken.notified() => continue,
                    () = stop.cancelled() => return None,
                }
            }
            if waiting < self.options.batch_size && !stop.is_cancelled() {
                self.wait_for_more(stop).await;
            }
            if let Some(batch) = self.take() {
                return Some(batch);
            }
        }
    }

    /// Lets a batch fill, unless none was flushed lately.
    async fn wait_for_more(&self, stop: &CancellationToken) {
        let due = *lock(&self.last_flush) + self.options.batch_timeout;
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            () = self.filled.notified() => {}
            () = stop.cancelled() => {}
        }
    }

    fn take(&self) -> Option<Batch> {
        let mut buffer = lock(&self.buffer);
        let batch = buffer.take(self.options.batch_size)?;
        if buffer.len() > 0 {
            self.woken.notify_one();
        }
        *lock(&self.last_flush) = Instant::now();
        Some(batch)
    }

    /// Publishes a batch when its turn has come: events keep their order whoever works on them.
    pub(super) async fn process(&self, batch: Batch) {
        let turn = Turn { pipeline: self, ticket: batch.ticket };
        let begin = std::time::Instant::now();
        let events = self.with_alerts(&batch.events);
        let message = super::shape::message(&events);
        turn.come().await;
        self.record(&events);
        // The publisher logs a failure; connections of this node have the events.
        let failed = self.publisher.publish(message).await.is_err();
        drop(turn);
        let duration = begin.elapsed();
        let bytes = batch.events.iter().map(|event| event.json.len() as u64).sum();
        self.metrics.events.processed(batch.events.len() as u64, bytes, duration, failed);
        if let Some(event) = batch.events.first()
            && duration > SLOW
        {
            self.metrics.signals.slow_processing.inc();
            tracing::warn!("Slow processing: {:.3}s for {}", duration.as_secs_f64(), event.id);
        }
    }

    /// The events, each with the alerts that it makes behind it.
    fn with_alerts<'a>(&self, events: &'a [Event]) -> Cow<'a, [Event]> {
        let mut rules = lock(&self.rules);
        if rules.list().is_empty() {
            return Cow::Borrowed(events);
        }
        let now = std::time::Instant::now();
        let with = |event: &Event| [vec![event.clone()], rules.alerts(event, now)].concat();
        Cow::Owned(events.iter().flat_map(with).collect())
    }

    /// The rules, for a look or a change.
    pub(super) fn rules(&self) -> MutexGuard<'_, Rules> {
        lock(&self.rules)
    }

    fn record(&self, events: &[Event]) {
        let now = jiff::Timestamp::now().as_second();
        let past = &mut *lock(&self.past);
        for event in events {
            past.seconds.count(now, &event.kind, event.json.len());
            past.minutes.count(now, &event.kind, event.json.len());
            past.store.add(event);
        }
    }

    /// Sets the number of workers by how full the buffer is.
    pub(super) fn rescale(&self) {
        let utilization = lock(&self.buffer).utilization();
        let now = self.wanted.load(Ordering::Relaxed);
        let wanted = self.options.workers.next(now, utilization);
        self.wanted.store(wanted, Ordering::Relaxed);
        if wanted != now {
            tracing::info!(workers = wanted, utilization, "Workers scaled");
            self.woken.notify_waiters();
        }
    }

    /// Events that wait, how many may, and what was counted.
    pub(super) fn buffer(&self) -> (usize, usize, Figures) {
        let buffer = lock(&self.buffer);
        (buffer.len(), buffer.capacity(), buffer.figures)
    }

    /// Events of the last whole second.
    pub(super) fn rate(&self) -> u64 {
        lock(&self.past).seconds.rate(jiff::Timestamp::now().as_second())
    }

    /// The newest windows, newest first.
    pub(super) fn aggregates(&self, scale: Scale, limit: usize) -> Vec<Window> {
        let past = lock(&self.past);
        match scale {
            Scale::Seconds => past.seconds.latest(limit),
            Scale::Minutes => past.minutes.latest(limit),
        }
    }

    /// Kept events from `position` on, the position after them, and that of the oldest one kept.
    pub(super) fn events(&self, position: u64, limit: usize) -> (Vec<Bytes>, u64, u64) {
        let past = lock(&self.past);
        let (events, next) = past.store.after(position, limit);
        (events, next, past.store.first())
    }
}

/// A batch's place in the order; dropping it lets the next one pass.
struct Turn<'a> {
    pipeline: &'a Pipeline,
    ticket: u64,
}

impl Turn<'_> {
    async fn come(&self) {
        let mut turn = self.pipeline.turn.subscribe();
        // Fails only without a sender, and the pipeline holds it.
        let _ = turn.wait_for(|turn| *turn >= self.ticket).await;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pipeline.turn.send_modify(|turn| *turn = (*turn).max(self.ticket + 1));
    }
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
