//! Anonymous sockets: `/ws` without a user, and `/ws/ingest` (requirements 001-01 to 001-03).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use axum::extract::{Query, Request, State};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::event::BadEvent;
use super::shape::Packing;
use super::{Event, NAME};
use crate::app::App;
use crate::auth::{ClientAddress, Identity};
use crate::bus::Channel;
use crate::hub::{Connection, Membership, Opening, Socket, Transport};
use crate::metrics::EventDrop;
use crate::profiles::accept::{Admitted, accept};
use crate::profiles::resume::{Asked, Pending};
use crate::profiles::{access, limits, resume};
use crate::rate::{Bucket, Notice, Quota};
use crate::transport::ws::{self, Upgraded};

/// Bytes of a bad event that are logged (requirement 001-15).
const RAW: usize = 100;

/// Parameters of the address.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    /// `true` to be sent all events, too.
    subscribe: bool,
    /// `json` or `msgpack`.
    format: Option<String>,
}

/// A socket that may begin.
struct Anonymous {
    membership: Membership,
    packing: Packing,
    pending: Option<Pending>,
    client_ip: IpAddr,
}

/// `GET /ws/ingest`
pub(super) async fn ingest(State(app): State<Arc<App>>, request: Request) -> Response {
    connect(app, request).await
}

/// Opens an anonymous socket.
pub(in crate::profiles) async fn connect(app: Arc<App>, request: Request) -> Response {
    let admit = async |app: &Arc<App>, request: &http::request::Parts| {
        let identity = access::of_socket(app, NAME, request).await?;
        if let Some(identity) = &identity {
            limits::attempt(app, &identity.subject).map_err(|_| limits::TOO_OFTEN)?;
        }
        let parameters = Query::try_from_uri(&request.uri).map(|Query(parameters)| parameters);
        let parameters = parameters.unwrap_or_default();
        let anonymous = open(app, identity.as_ref(), parameters, request);
        access::bound(app, identity.as_ref(), anonymous.membership.connection());
        Ok(anonymous)
    };
    accept(app, request, admit).await
}

fn open(
    app: &App,
    identity: Option<&Identity>,
    Parameters { subscribe, format }: Parameters,
    request: &http::request::Parts,
) -> Anonymous {
    let asked = Asked::of(&request.uri);
    let anonymous = || format!("anonymous-{:08x}", rand::random::<u32>());
    let packing = if format.as_deref() == Some("msgpack") { Packing::MessagePack } else { Packing::Json };
    let opening = Opening {
        socket: Socket::later(),
        channels: subscribe.then(Channel::events).into_iter().collect(),
        identity: identity.map_or_else(anonymous, |identity| identity.subject.clone()),
        profile: NAME,
        transport: Transport::WebSocket,
        wire: packing.wire(asked.is_some()),
        greeting: Bytes::new(),
    };
    let (membership, pending) = resume::open(app, opening, asked);
    Anonymous { membership, packing, pending, client_ip: ClientAddress::of(&request.extensions).ip }
}

impl Admitted for Anonymous {
    async fn serve(self, app: Arc<App>, upgraded: Upgraded) {
        let Self { membership, packing, pending, client_ip } = self;
        let connection = membership.connection().clone();
        connection.attach(Socket::Tcp(upgraded.stream));
        tracing::info!(client = %connection.identity, %client_ip, "WebSocket connected");
        resume::tell(&app, &connection, pending, "type", |text| packing.frame(text)).await;
        let limit = || app.settings.live().max_message_size;
        let mut session = Session {
            app: app.clone(),
            packing,
            rate: Bucket::full(Instant::now()),
            notice: Notice::default(),
        };
        ws::run(&connection, upgraded.early, limit, &mut session).await;
        drop(membership);
        tracing::info!(client = %connection.identity, "WebSocket disconnected");
    }
}

/// Takes a client's events.
struct Session {
    app: Arc<App>,
    packing: Packing,
    rate: Bucket,
    notice: Notice,
}

#[async_trait]
impl ws::Session for Session {
    async fn text(&mut self, connection: &Connection, text: String) {
        let event = Event::from_json(text.as_bytes(), &connection.identity);
        self.take(connection, event, text.as_bytes()).await;
    }

    /// JSON begins with a brace, which MessagePack has for a number: no event.
    async fn binary(&mut self, connection: &Connection, data: Bytes) {
        let event = match data.first() {
            Some(b'{' | b' ' | b'\n') => Event::from_json(&data, &connection.identity),
            _ => Event::from_message_pack(&data, &connection.identity),
        };
        self.take(connection, event, &data).await;
    }

    fn closing(&mut self) {}
}

impl Session {
    async fn take(&mut self, connection: &Connection, event: Result<Event, BadEvent>, raw: &[u8]) {
        match event {
            Ok(event) if &*event.kind == "pong" => {}
            Ok(event) if &*event.kind == "ping" => self.say(connection, r#"{"type":"pong"}"#),
            Ok(event) => self.add(connection, event),
            Err(error) => self.refuse(connection, &error, raw),
        }
        // A client that floods shares its worker thread with the others.
        tokio::task::consume_budget().await;
    }

    fn add(&mut self, connection: &Connection, event: Event) {
        let limit = Quota::per_second(self.app.settings.live().stream.rate_limit);
        let (reason, text) = if self.app.events.is_paused() {
            (EventDrop::Paused, "Incoming events are paused")
        } else if self.rate.take(limit, Instant::now()).is_err() {
            (EventDrop::RateLimit, "Rate limit exceeded, slow down")
        } else if self.app.events.add(event) {
            return;
        } else {
            return self.slow_down(connection, "Buffer full, slow down");
        };
        self.app.metrics.events.dropped(reason, 1);
        self.slow_down(connection, text);
    }

    fn slow_down(&mut self, connection: &Connection, text: &str) {
        if self.notice.is_due(Instant::now()) {
            self.app.metrics.events.backpressure.inc();
            self.say(connection, &json!({ "type": "backpressure", "message": text }).to_string());
        }
    }

    fn refuse(&mut self, connection: &Connection, error: &BadEvent, raw: &[u8]) {
        self.app.metrics.events.dropped(EventDrop::Invalid, 1);
        self.app.metrics.events.errors.inc();
        // A flood of bad events makes no flood of log lines either; all are counted.
        if !self.notice.is_due(Instant::now()) {
            return;
        }
        let text = format!("Invalid event format: {error}");
        tracing::error!(client = %connection.identity, "{text}");
        let raw = String::from_utf8_lossy(raw.get(..RAW).unwrap_or(raw));
        tracing::debug!(client = %connection.identity, "Raw data: {raw}");
        self.say(connection, &json!({ "type": "error", "message": text }).to_string());
    }

    fn say(&self, connection: &Connection, json: &str) {
        connection.send_bytes(self.packing.frame(json));
    }
}
