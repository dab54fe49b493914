//! The pipeline with a bus that takes its time.

use std::io::Write;

use async_trait::async_trait;

use super::*;
use crate::bus::testing::PartBus;
use crate::bus::{BusError, Message};
use crate::hub::testing::hub;

/// A bus whose publishes take as long as a test wants.
struct Slow(Duration);

#[async_trait]
impl PartBus for Slow {
    async fn publish(&self, _: Arc<Message>) -> Result<(), BusError> {
        tokio::time::sleep(self.0).await;
        Ok(())
    }
}

fn pipeline(slowness: Duration) -> Arc<Pipeline> {
    let options = Options {
        capacity: 10,
        overflow: Overflow::DropOldest,
        workers: Workers { min: 2, max: 16 },
        batch_size: 100,
        batch_timeout: Duration::ZERO,
    };
    let publisher = Publisher::new(hub(), Arc::new(Slow(slowness)));
    Pipeline::new(options, publisher, Arc::new(Metrics::new().unwrap()))
}

fn event(id: &str) -> Event {
    Event { id: id.into(), kind: "test".into(), json: format!(r#"{{"id":"{id}"}}"#).into() }
}

/// What is logged while `work` is done.
async fn logged(work: impl Future<Output = ()>) -> String {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            lock(&self.0).write(line)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let default = tracing::subscriber::set_default(subscriber);
    work.await;
    drop(default);
    String::from_utf8(lock(&lines.0).clone()).unwrap()
}

#[tokio::test]
async fn r001_14_a_batch_that_takes_more_than_100_ms_is_warned_of_with_its_event() {
    let pipeline = pipeline(Duration::from_millis(110));
    pipeline.add(event("e1"));
    let lines = logged(async { pipeline.process(pipeline.take().unwrap()).await }).await;
    assert!(lines.contains("WARN") && lines.contains("Slow processing: 0.1"), "{lines}");
    assert!(lines.contains("s for e1"), "{lines}");
}

#[tokio::test]
async fn a_batch_that_takes_less_is_not_mentioned() {
    let pipeline = pipeline(Duration::ZERO);
    pipeline.add(event("e1"));
    let lines = logged(async { pipeline.process(pipeline.take().unwrap()).await }).await;
    assert!(!lines.contains("Slow processing"), "{lines}");
}

#[tokio::test]
async fn r001_12_the_fill_of_the_buffer_sets_the_number_of_workers() {
    let pipeline = pipeline(Duration::ZERO);
    for id in 0..9 {
        pipeline.add(event(&id.to_string()));
    }
    let mut wanted = Vec::new();
    for _ in 0..2 {
        pipeline.rescale();
        wanted.push(pipeline.wanted.load(Ordering::Relaxed));
        pipeline.take();
    }
    assert_eq!(wanted, [3, 2]);
}
