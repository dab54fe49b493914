//! What is known of the pipeline, as the guide's endpoints tell it (requirements 001-05 to 001-07).

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::Pipeline;

impl Pipeline {
    /// `GET /api/stats`: cheap under load.
    pub fn stats(&self) -> Value {
        json!({
            "processor": self.processor(),
            "buffer": self.buffer_stats(),
            "timestamp": jiff::Timestamp::now().to_string(),
        })
    }

    fn processor(&self) -> Value {
        let figures = &self.metrics.events;
        json!({
            "total_events": figures.total.get(),
            "events_per_second": self.rate(),
            "bytes_processed": figures.bytes.get(),
            "processing_time_ms": figures.mean_ms(),
            "error_count": figures.errors.get(),
            "backpressure_events": figures.backpressure.get(),
        })
    }

    fn buffer_stats(&self) -> Value {
        let (size, capacity, figures) = self.buffer();
        json!({
            "current_size": size,
            "capacity": capacity,
            "utilization": size as f64 / capacity as f64,
            "total_added": figures.added,
            "total_dropped": figures.dropped,
            "high_water_mark": figures.high_water_mark,
            "drop_rate": figures.dropped as f64 / figures.added.max(1) as f64,
        })
    }

    /// `GET /debug/buffer`.
    pub fn debug_buffer(&self) -> Value {
        let (size, capacity, figures) = self.buffer();
        let workers = self.live.load(Ordering::Relaxed);
        json!({ "size": size, "capacity": capacity, "dropped": figures.dropped, "workers": workers })
    }

    /// `GET /debug/workers`.
    pub fn debug_workers(&self) -> Value {
        let workers = self.live.load(Ordering::Relaxed);
        json!({ "running": workers > 0, "worker_count": workers, "stats": self.processor() })
    }

    /// The pipeline's part of `GET /health`.
    pub fn health(&self) -> (&'static str, &'static str) {
        let (size, capacity, _) = self.buffer();
        let buffer = if size < capacity { "healthy" } else { "full" };
        let processor = match self.live.load(Ordering::Relaxed) {
            _ if self.is_paused() => "paused",
            0 => "stopped",
            _ => "healthy",
        };
        (buffer, processor)
    }

    /// Puts how things are now into the figures.
    pub fn update_figures(&self) {
        let (size, capacity, _) = self.buffer();
        let workers = self.live.load(Ordering::Relaxed);
        self.metrics.events.update(self.rate(), size, size as f64 / capacity as f64, workers);
    }
}
