//! The tasks that work the [pipeline](super::Pipeline) (requirement 001-12).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Pipeline, dashboard, scale};
use crate::debug::NamedTasks;
use crate::hub::Hub;

/// Keeps as many workers as are wanted until `stop`; then what waits is processed, and all end.
pub async fn run(pipeline: Arc<Pipeline>, hub: Arc<Hub>, names: Arc<NamedTasks>, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    let shown = tasks.spawn(dashboard::run(pipeline.clone(), hub, stop.clone()));
    names.add("stream-dashboard", shown);
    let mut workers: Vec<AbortHandle> = Vec::new();
    let mut checks = tokio::time::interval(scale::CHECK);
    loop {
        tokio::select! {
            _ = checks.tick() => {}
            () = stop.cancelled() => break,
        }
        pipeline.rescale();
        while tasks.try_join_next().is_some() {}
        for number in 0..pipeline.wanted.load(Ordering::Relaxed) {
            if workers.get(number).is_some_and(|worker| !worker.is_finished()) {
                continue;
            }
            let worker = tasks.spawn(work(pipeline.clone(), number, stop.clone()));
            names.add(&format!("stream-worker-{number}"), worker.clone());
            match workers.get_mut(number) {
                Some(place) => *place = worker,
                None => workers.push(worker),
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}

async fn work(pipeline: Arc<Pipeline>, number: usize, stop: CancellationToken) {
    let _live = Live::begin(&pipeline);
    while let Some(batch) = pipeline.next(number, &stop).await {
        pipeline.process(batch).await;
    }
}

/// Counts a worker while it lives.
struct Live<'a>(&'a Pipeline);

impl<'a> Live<'a> {
    fn begin(pipeline: &'a Pipeline) -> Self {
        pipeline.live.fetch_add(1, Ordering::Relaxed);
        Self(pipeline)
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::Relaxed);
    }
}
