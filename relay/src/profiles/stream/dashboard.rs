//! Event streams: statistics for dashboards (requirement 001-18), and the events themselves.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use http::request;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::shape::{EventLines, KeptLines, Statistics};
use super::viewer::Viewer;
use super::{NAME, Pipeline};
use crate::app::App;
use crate::bus::{Channel, Message, Position};
use crate::drain::RESTART;
use crate::hub::{Hub, Membership, Opening, Socket, Transport, Wanted, Wire};
use crate::profiles::{ApiError, Direct, access, resume};
use crate::server::throttle;
use crate::transport::sse::{self, Event, Framing, SseWire};

/// Where statistics are shown.
pub(super) const METRICS: &str = "/stream/metrics";
/// Where events are.
pub(super) const EVENTS: &str = "/stream/events";
/// From one look at the statistics to the next.
const PERIOD: Duration = Duration::from_secs(1);

/// What a stream shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    /// `GET /stream/metrics`
    Statistics,
    /// `GET /stream/events`
    Events,
}

pub(super) async fn metrics(
    viewer: Viewer,
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    Feed::Statistics.answer(&app, viewer, &request.into_parts().0)
}

pub(super) async fn events(
    viewer: Viewer,
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, ApiError> {
    Feed::Events.answer(&app, viewer, &request.into_parts().0)
}

/// The stream that a request asks for. `None`: it asks for none, or is to be refused.
pub(in crate::profiles) fn direct(app: &Arc<App>, request: &request::Parts) -> Option<Direct> {
    let feed = match request.uri.path() {
        METRICS => Feed::Statistics,
        EVENTS => Feed::Events,
        _ => return None,
    };
    // Whose tokens have to be checked first is let in by the HTTP server.
    if !app.gate.is_open(NAME) || !app.settings.live().origins.allow_request(&request.headers) {
        return None;
    }
    // Over the limit, the HTTP server is to say so.
    throttle::note(app, request.uri.path(), &request.headers, &request.extensions).ok()?;
    let (opened_by, since) = (app.clone(), resume::last_event_id(request));
    Some(Direct::new(app, request, move |socket, framing, head| {
        let opened = feed.open(&opened_by, socket, framing, &head, since);
        async move { opened.live(&opened_by).await }.boxed()
    }))
}

/// A stream in the hub.
struct Opened {
    membership: Membership,
    /// What it is to recover before its first message.
    wanted: Option<Wanted>,
    framing: Framing,
}

impl Opened {
    async fn live(self, app: &App) {
        let connection = self.membership.connection();
        resume::stream(app, connection, self.wanted, SseWire::<KeptLines>::of(self.framing)).await;
        sse::run(connection).await;
    }
}

impl Feed {
    /// The stream inside an answer of the HTTP server.
    fn answer(
        self,
        app: &Arc<App>,
        Viewer(identity): Viewer,
        request: &request::Parts,
    ) -> Result<Response, ApiError> {
        if !app.allows_origin(&request.headers) {
            return Err(ApiError::Origin);
        }
        let (socket, body) = sse::pair().map_err(|_| ApiError::NoRoom)?;
        let opened = self.open(app, socket, Framing::Bare, &[], resume::last_event_id(request));
        access::bound(app, identity.as_ref(), opened.membership.connection());
        if !app.drain.is_accepting() {
            opened.membership.connection().finish(&RESTART);
        }
        let held = app.clone();
        app.tasks.spawn(async move { opened.live(&held).await });
        let mut response = Response::new(body);
        *response.headers_mut() = sse::answer_headers();
        Ok(response)
    }

    fn open(
        self,
        app: &App,
        socket: Socket,
        framing: Framing,
        head: &[u8],
        since: Option<Position>,
    ) -> Opened {
        let (channel, plain, first): (_, &dyn Wire, _) = match self {
            Self::Statistics => {
                let wire = SseWire::<Statistics>::of(framing);
                let now = app.events.stats().to_string();
                let first = wire.event(Event { data: Some(&now), ..Event::default() });
                (Channel::dashboard(), wire, first)
            }
            Self::Events => (Channel::events(), SseWire::<EventLines>::of(framing), Bytes::new()),
        };
        let wanted = app.hub.wanted(&channel, since);
        let opening = Opening {
            socket,
            identity: channel.as_str().to_owned(),
            channels: vec![channel],
            profile: NAME,
            transport: Transport::Sse,
            wire: if wanted.is_some() { SseWire::<KeptLines>::of(framing) } else { plain },
            greeting: [head, &SseWire::<EventLines>::of(framing).opening(), &first].concat().into(),
        };
        let membership = if wanted.is_some() { app.hub.open_held(opening) } else { app.hub.open(opening) };
        Opened { membership, wanted, framing }
    }
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
        position: None,
        timestamp: jiff::Timestamp::now().as_millisecond(),
        kind: "metrics".to_owned(),
        payload: stats.to_string().into(),
    }
}
