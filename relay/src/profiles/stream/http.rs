//! What is told about the stream (requirements 001-05, 001-21 and 001-24).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::pipeline::Scale;
use super::viewer::Viewer;
use crate::app::App;
use crate::profiles::ApiError;

/// Windows or events of one answer, unless the request says another number.
const LIMIT: usize = 60;
/// Events of one answer at most.
const MAX_LIMIT: usize = 1000;

/// `GET /api/stats`
pub(super) async fn stats(_: Viewer, State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.events.stats())
}

#[derive(Deserialize)]
pub(super) struct Page {
    /// Position of the first event.
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

/// `GET /api/aggregates/{realtime|minute}?limit=`
pub(super) async fn aggregates(
    _: Viewer,
    State(app): State<Arc<App>>,
    Path(scale): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>, ApiError> {
    let windows = match scale.as_str() {
        "realtime" => Scale::Seconds,
        "minute" => Scale::Minutes,
        _ => return Err(ApiError::invalid("window", "the window must be realtime or minute")),
    };
    let windows = app.events.aggregates(windows, page.limit.unwrap_or(LIMIT));
    Ok(Json(json!({ "window": scale, "aggregates": windows })))
}

/// `GET /api/events?after=&limit=`: events of this node that were processed, oldest first, to be
/// replayed by whoever lost them. `first` above `after` tells that some are not kept any more.
pub(super) async fn replay(_: Viewer, State(app): State<Arc<App>>, Query(page): Query<Page>) -> Json<Value> {
    let limit = page.limit.unwrap_or(LIMIT).min(MAX_LIMIT);
    let (events, next, first) = app.events.events(page.after, limit);
    // Each was checked when it came in.
    let events: Vec<Box<RawValue>> =
        events.iter().filter_map(|event| serde_json::from_slice(event).ok()).collect();
    Json(json!({ "events": events, "next": next, "first": first }))
}
