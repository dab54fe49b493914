//! Writes lines without ever keeping the writer of a line waiting.
//!
//! Lines wait in a bounded queue for a thread of their own. Standard output that nobody reads, or
//! a disk that is full, blocks or fails that thread alone; lines that find the queue full are lost
//! and counted.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Lines that may wait.
const MAX_LINES: usize = 16 * 1024;
/// Bytes that may wait.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Bytes that are written at once.
const BATCH: usize = 64 * 1024;
/// Time that lines gather for: whoever logs wakes the thread for the first of them alone.
const GATHER: Duration = Duration::from_millis(5);
/// How often an end that waits for the queue looks at it.
const LOOK: Duration = Duration::from_millis(2);

/// Lines that were lost, by reason.
#[derive(Debug, Default)]
pub struct Lost {
    pub(super) full: AtomicU64,
    pub(super) failed: AtomicU64,
}

impl Lost {
    /// Totals by reason: the queue was full, or writing failed.
    pub fn totals(&self) -> [(&'static str, u64); 2] {
        [("queue_full", &self.full), ("write_failed", &self.failed)]
            .map(|(reason, count)| (reason, count.load(Ordering::Relaxed)))
    }
}

/// A queue of lines to one output.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    lines: SyncSender<String>,
    waiting: Arc<AtomicUsize>,
    lost: Arc<Lost>,
}

impl Writer {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    /// If the system has no room for a thread.
    pub(super) fn start(output: impl Write + Send + 'static, lost: Arc<Lost>) -> std::io::Result<Self> {
        let (lines, queue) = sync_channel(MAX_LINES);
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Self { lines, waiting: waiting.clone(), lost: lost.clone() };
        let work = move || write(&queue, output, &waiting, &lost);
        std::thread::Builder::new().name("logs".to_owned()).spawn(work)?;
        Ok(writer)
    }

    /// Takes a line, or counts it as lost. Never waits.
    pub(super) fn line(&self, line: String) {
        let length = line.len();
        let before = self.waiting.fetch_add(length, Ordering::AcqRel);
        if before.saturating_add(length) > MAX_BYTES || self.lines.try_send(line).is_err() {
            self.waiting.fetch_sub(length, Ordering::AcqRel);
            self.lost.full.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all lines are written, up to `deadline`.
    pub(super) fn flush(&self, deadline: Instant) {
        while self.waiting.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
    }
}

fn write(queue: &Receiver<String>, mut output: impl Write, waiting: &AtomicUsize, lost: &Lost) {
    while let Ok(first) = queue.recv() {
        std::thread::sleep(GATHER);
        let mut next = Some(first);
        while let Some(mut batch) = next {
            let mut lines = 1;
            while batch.len() < BATCH
                && let Ok(line) = queue.try_recv()
            {
                batch.push_str(&line);
                lines += 1;
            }
            let written = output.write_all(batch.as_bytes()).and_then(|()| output.flush());
            if written.is_err() {
                lost.failed.fetch_add(lines, Ordering::Relaxed);
            }
            waiting.fetch_sub(batch.len(), Ordering::AcqRel);
            next = queue.try_recv().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output that blocks until it is told.
    struct Blocked(Receiver<()>);

    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// An output on a disk that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn a_blocked_output_blocks_nobody_and_what_is_lost_is_counted() {
        let (_unblock, blocked) = sync_channel(0);
        let lost = Arc::<Lost>::default();
        let writer = Writer::start(Blocked(blocked), lost.clone()).unwrap();
        let begin = Instant::now();
        (0..3 * MAX_LINES).for_each(|_| writer.line("a line\n".to_owned()));
        assert!(begin.elapsed() < Duration::from_secs(5));
        assert!(lost.totals()[0].1 >= MAX_LINES as u64);
    }

    #[test]
    fn lines_that_wait_are_bounded_in_bytes() {
        let (_unblock, blocked) = sync_channel(0);
        let lost = Arc::<Lost>::default();
        let writer = Writer::start(Blocked(blocked), lost.clone()).unwrap();
        (0..20).for_each(|_| writer.line("x".repeat(MAX_BYTES / 10)));
        assert_eq!(lost.totals()[0].1, 10);
    }

    #[test]
    fn lines_that_a_full_disk_refuses_are_counted() {
        let lost = Arc::<Lost>::default();
        let writer = Writer::start(Full, lost.clone()).unwrap();
        writer.line("a\n".to_owned());
        writer.flush(soon());
        assert_eq!(lost.totals(), [("queue_full", 0), ("write_failed", 1)]);
    }

    #[test]
    fn all_lines_are_there_after_a_flush_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let writer = Writer::start(file.reopen().unwrap(), Arc::default()).unwrap();
        (0..1000).for_each(|number| writer.line(format!("{number}\n")));
        writer.flush(soon());
        let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), expected);
    }
}
