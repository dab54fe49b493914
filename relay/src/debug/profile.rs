//! `GET /debug/profile` (requirement 001-09): where the processor's time goes for ten seconds.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use pprof::{ProfilerGuardBuilder, Report};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::profiles::ApiError;

/// Seconds of a sample.
const SECONDS: u64 = 10;
/// Samples per second of processor time; odd, so that it does not beat with other clocks.
const FREQUENCY: i32 = 99;
/// Functions that are shown.
const TOP: usize = 20;

/// Allows one profile at a time.
#[derive(Debug)]
pub struct Profiler(Semaphore);

impl Default for Profiler {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    seconds: Option<u64>,
}

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, ApiError> {
    let _only = app.profiler.0.try_acquire().map_err(|_| ApiError::Busy)?;
    let failed = |error: pprof::Error| {
        tracing::warn!(%error, "The profile failed");
        ApiError::NoProfile
    };
    // Walking the stack from a signal inside of these could wait for a lock that it holds itself.
    let builder = ProfilerGuardBuilder::default()
        .frequency(FREQUENCY)
        .blocklist(&["libc", "libgcc", "pthread", "vdso"]);
    let guard = builder.build().map_err(failed)?;
    tokio::time::sleep(Duration::from_secs(wanted.seconds.unwrap_or(SECONDS).clamp(1, SECONDS))).await;
    // Names are looked up in the binary's symbols, which takes a while.
    let report = tokio::task::spawn_blocking(move || guard.report().build());
    let report = report.await.map_err(|_| ApiError::NoProfile)?.map_err(failed)?;
    Ok(Json(json!({ "profile": text(&report) })))
}

/// The functions in whose calls most samples were taken.
fn text(report: &Report) -> String {
    let (mut total, mut own, mut cumulative) = (0, HashMap::new(), HashMap::new());
    for (frames, count) in &report.data {
        total += count;
        let names: Vec<String> = frames.frames.iter().flatten().map(|symbol| symbol.name()).collect();
        if let Some(innermost) = names.first() {
            *own.entry(innermost.clone()).or_insert(0) += count;
        }
        // A function that calls itself counts once per sample.
        for name in names.into_iter().collect::<HashSet<_>>() {
            *cumulative.entry(name).or_insert(0) += count;
        }
    }
    render(total, &own, cumulative)
}

fn render(total: isize, own: &HashMap<String, isize>, cumulative: HashMap<String, isize>) -> String {
    let mut functions: Vec<_> = cumulative.into_iter().collect();
    functions.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
    let mut text = format!("{total} samples at {FREQUENCY} Hz\n\nown\tcumulative\tfunction\n");
    for (name, count) in functions.into_iter().take(TOP) {
        let own = own.get(&name).copied().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{own}\t{count}\t{name}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r001_09_the_twenty_functions_with_most_time_come_first() {
        let counts = (0..30).map(|number| (format!("f{number:02}"), number)).collect();
        let text = render(30, &HashMap::from([("f29".to_owned(), 7)]), counts);
        let lines: Vec<_> = text.lines().skip(3).collect();
        assert_eq!((lines.len(), lines[0], lines[19]), (TOP, "7\t29\tf29", "0\t10\tf10"));
    }
}
