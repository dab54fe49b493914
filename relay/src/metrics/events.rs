//! Events of the stream profile (requirements 001-05, 001-14 and 001-24).

use std::time::Duration;

use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts};

use super::{Registry, counter, gauge};

/// Why an event was not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventDrop {
    /// The buffer was full, and the policy dropped an old or a new one.
    BufferFull,
    /// Its client sent more than its rate.
    RateLimit,
    /// Incoming events are paused.
    Paused,
    /// It is no event.
    Invalid,
}

impl EventDrop {
    /// The label.
    pub fn label(self) -> &'static str {
        match self {
            Self::BufferFull => "buffer_full",
            Self::RateLimit => "rate_limit",
            Self::Paused => "paused",
            Self::Invalid => "invalid",
        }
    }
}

/// Figures of events.
#[derive(Debug)]
pub struct EventFigures {
    /// Events published.
    pub total: IntCounter,
    /// Bytes of these.
    pub bytes: IntCounter,
    /// Batches that not all nodes got, and events that were none.
    pub errors: IntCounter,
    /// Times that a client was told to slow down.
    pub backpressure: IntCounter,
    buffer_drops: IntCounter,
    drops: IntCounterVec,
    time: Histogram,
    rate: IntGauge,
    waiting: IntGauge,
    utilization: Gauge,
    workers: IntGauge,
}

impl EventFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let count = |name: &str, help: &str| counter(registry, name, help);
        let drops = Opts::new("relay_events_dropped_total", "Events that were not processed, by reason.");
        let drops = IntCounterVec::new(drops, &["reason"])?;
        let buckets = prometheus::exponential_buckets(0.000_05, 4.0, 9)?;
        let time = HistogramOpts::new("relay_event_processing_seconds", "Time to process a batch of events.");
        let time = Histogram::with_opts(time.buckets(buckets))?;
        let utilization =
            Gauge::new("relay_event_buffer_utilization", "How full the buffer of events is, from 0 to 1.")?;
        registry.register(Box::new(drops.clone()))?;
        registry.register(Box::new(time.clone()))?;
        registry.register(Box::new(utilization.clone()))?;
        Ok(Self {
            total: count("relay_events_processed_total", "Events processed.")?,
            bytes: count("relay_event_bytes_total", "Bytes of processed events.")?,
            errors: count("relay_event_errors_total", "Bad events, and batches that not all nodes got.")?,
            backpressure: count("relay_event_backpressure_total", "Clients told to slow down.")?,
            buffer_drops: drops.with_label_values(&[EventDrop::BufferFull.label()]),
            drops,
            time,
            rate: gauge(registry, "relay_events_per_second", "Events processed in the last whole second.")?,
            waiting: gauge(registry, "relay_event_buffer_events", "Events that wait in the buffer.")?,
            utilization,
            workers: gauge(registry, "relay_event_workers", "Workers that process events.")?,
        })
    }

    /// Counts dropped events.
    pub fn dropped(&self, reason: EventDrop, count: u64) {
        match reason {
            _ if count == 0 => {}
            EventDrop::BufferFull => self.buffer_drops.inc_by(count),
            other => self.drops.with_label_values(&[other.label()]).inc_by(count),
        }
    }

    /// Events dropped because the buffer was full.
    pub fn buffer_drops(&self) -> u64 {
        self.buffer_drops.get()
    }

    /// Counts a processed batch.
    pub fn processed(&self, events: u64, bytes: u64, time: Duration, failed: bool) {
        self.total.inc_by(events);
        self.bytes.inc_by(bytes);
        self.time.observe(time.as_secs_f64());
        self.errors.inc_by(u64::from(failed));
    }

    /// Mean time of a batch so far, in milliseconds.
    pub fn mean_ms(&self) -> f64 {
        let batches = self.time.get_sample_count();
        if batches == 0 { 0.0 } else { self.time.get_sample_sum() * 1000.0 / batches as f64 }
    }

    /// Takes over how things are now.
    pub fn update(&self, rate: u64, waiting: usize, utilization: f64, workers: usize) {
        self.rate.set(i64::try_from(rate).unwrap_or(i64::MAX));
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.utilization.set(utilization);
        self.workers.set(i64::try_from(workers).unwrap_or(i64::MAX));
    }
}
