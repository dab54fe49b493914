//! Event streams: statistics for dashboards (requirement 001-18), and the events themselves.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::shape::{EventLines, Statistics};
use super::{NAME, Pipeline};
use crate::app::App;
use crate::bus::{Channel, Message};
use crate::drain::RESTART;
use crate::hub::{Hub, Opening, Transport, Wire};
use crate::profiles::ApiError;
use crate::transport::sse::{self, Event, SseWire};

/// From one look at the statistics to the next.
const PERIOD: Duration = Duration::from_secs(1);

/// `GET /stream/metrics`
pub(super) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let now = app.events.stats().to_string();
    let wire = &SseWire::<Statistics>::BARE;
    let first = wire.event(Event { data: Some(&now), ..Event::default() });
    stream(&app, &headers, Channel::dashboard(), wire, [wire.opening(), first].concat().into())
}

/// `GET /stream/events`
pub(super) async fn events(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let wire = &SseWire::<EventLines>::BARE;
    stream(&app, &headers, Channel::events(), wire, wire.opening())
}

fn stream(
    app: &Arc<App>,
    headers: &HeaderMap,
    channel: Channel,
    wire: &'static dyn Wire,
    greeting: Bytes,
) -> Result<Response, ApiError> {
    if !app.settings.live().origins.allow_request(headers) {
        return Err(ApiError::Origin);
    }
    let (socket, body) = sse::pair().map_err(|_| ApiError::NoRoom)?;
    let membership = app.hub.open(Opening {
        socket,
        identity: channel.as_str().to_owned(),
        channels: vec![channel],
        profile: NAME,
        transport: Transport::Sse,
        wire,
        greeting,
    });
    if !app.drain.is_accepting() {
        membership.connection().finish(&RESTART);
    }
    app.tasks.spawn(async move { sse::run(membership.connection()).await });
    let mut response = Response::new(body);
    *response.headers_mut() = sse::answer_headers();
    Ok(response)
}

/// Shows the statistics of this node each second in which they changed, until `stop`. A dashboard
/// without news gets the heartbeat of all event streams.
pub(super) async fn run(pipeline: Arc<Pipeline>, hub: Arc<Hub>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut shown = Value::Null;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        let mut stats = pipeline.stats();
        let timestamp = stats.get_mut("timestamp").map(Value::take).unwrap_or_default();
        if stats == shown {
            continue;
        }
        shown = stats.clone();
        if let Some(stats) = stats.as_object_mut() {
            stats.insert("timestamp".to_owned(), timestamp);
        }
        hub.deliver(&message(&stats));
    }
}

fn message(stats: &Value) -> Message {
    Message {
        id: String::new(),
        channel: Channel::dashboard(),
        seq: 0,
        timestamp: jiff::Timestamp::now().as_millisecond(),
        kind: "metrics".to_owned(),
        payload: stats.to_string().into(),
    }
}
