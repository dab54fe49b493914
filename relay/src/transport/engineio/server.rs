//! All Engine.IO sessions of one path, and the requests for them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, Uri, header, request};
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::fault::Fault;
use super::query::{Asked, Via};
use super::session::Session;
use super::{Data, Figures, Options, Version, live, polling, query, sid, socket};
use crate::auth::ClientAddress;
use crate::hub::{CloseCode, Connection, Hub, Membership, Opening, Socket, Transport, Wire};
use crate::sync::lock;
use crate::transport::ws::text_frame;

/// What is served over Engine.IO.
pub trait Application: Send + Sync + 'static {
    /// Name of the profile that sessions are counted under.
    fn profile(&self) -> &'static str;

    /// How messages of channels look to a client of `version`.
    fn wire(&self, version: Version) -> &'static dyn Wire;

    /// Takes a new session, whose first request is `request`.
    fn open(&self, peer: Peer, request: &request::Parts) -> Box<dyn Handler>;
}

/// The application's side of one session.
#[async_trait]
pub trait Handler: Send {
    /// The session has begun, and the client was told so.
    async fn opened(&mut self);

    /// Takes a message. The client's next one waits until this returns.
    async fn message(&mut self, data: Data);

    /// The session is over, by a goodbye of this code; messages no longer reach it.
    async fn closed(&mut self, code: CloseCode);
}

/// The client at the other end of a session.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its connection.
    pub connection: Arc<Connection>,
    /// The hub that the connection is in.
    pub hub: Arc<Hub>,
    /// What it speaks.
    pub version: Version,
    /// Id of the session.
    pub sid: Arc<str>,
}

/// Sessions by id.
type Sessions = Mutex<HashMap<Arc<str>, Arc<Session>>>;

/// Serves Engine.IO. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    parts: Arc<Parts>,
}

struct Parts {
    hub: Arc<Hub>,
    node: String,
    application: Arc<dyn Application>,
    options: Box<dyn Fn() -> Options + Send + Sync>,
    sessions: Sessions,
    figures: Figures,
    tasks: TaskTracker,
}

impl Server {
    /// A server without sessions. `options` is asked for each request; the hub's own pace of
    /// pings must be the same. Tasks of sessions are spawned on `tasks`.
    pub fn new(
        hub: Arc<Hub>,
        node: String,
        application: Arc<dyn Application>,
        options: impl Fn() -> Options + Send + Sync + 'static,
        tasks: TaskTracker,
    ) -> Self {
        let options = Box::new(options);
        let (sessions, figures) = (Sessions::default(), Figures::default());
        Self { parts: Arc::new(Parts { hub, node, application, options, sessions, figures, tasks }) }
    }

    /// Its figures.
    pub fn figures(&self) -> &Figures {
        &self.parts.figures
    }

    /// Answers a request for its path. Origins are the caller's business.
    pub async fn handle(&self, request: Request) -> Response {
        match self.route(request).await {
            Ok(response) => response,
            Err(fault) => self.refuse(fault),
        }
    }

    /// Refuses a request.
    pub fn refuse(&self, fault: Fault) -> Response {
        self.figures().error();
        tracing::info!(reason = %fault, "Engine.IO request refused");
        fault.into_response()
    }

    /// The node that a request's session belongs to, if it is another one.
    pub fn elsewhere(&self, uri: &Uri) -> Option<String> {
        sid::node_of(&query::sid_of(uri)?).filter(|node| *node != self.parts.node)
    }

    async fn route(&self, request: Request) -> Result<Response, Fault> {
        let (parts, body) = request.into_parts();
        let upgrade = parts.headers.get(header::UPGRADE);
        let upgrade = upgrade.is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
        let asked = Asked::of(&parts, upgrade, &self.options())?;
        match (asked.via, asked.sid.as_deref()) {
            (Via::WebSocket, None) => socket::handshake(self, asked, parts),
            (Via::WebSocket, Some(sid)) => socket::upgrade(self, self.session(sid, &asked)?, parts),
            (Via::Polling, None) if parts.method == Method::GET => {
                polling::handshake(self, &asked, &parts).await
            }
            (Via::Polling, None) => Err(Fault::BadMethod),
            (Via::Polling, Some(sid)) => {
                let session = self.session(sid, &asked)?;
                polling::handle(self, session, parts, body).await
            }
        }
    }

    /// The session of an id. A session of another node is unknown here: to find it is for those who
    /// know [where it is](Self::elsewhere).
    fn session(&self, sid: &str, asked: &Asked) -> Result<Arc<Session>, Fault> {
        let found = lock(&self.parts.sessions).get(sid).cloned();
        let session = found.ok_or(Fault::UnknownSid)?;
        if session.version() != asked.version { Err(Fault::BadRequest) } else { Ok(session) }
    }

    /// Begins a session: its client is told the terms first of all.
    pub(super) fn open(&self, asked: &Asked, request: &request::Parts) -> Result<Opened, Fault> {
        let (version, options) = (asked.version, self.options());
        if self.parts.hub.total() >= options.max_sessions {
            return Err(Fault::NoRoom);
        }
        let sid: Arc<str> = sid::generate(&self.parts.node).into();
        let upgrades = asked.via == Via::Polling && options.websocket;
        let membership = self.parts.hub.open(Opening {
            // A poll fetches what waits; a WebSocket is attached by the session's task.
            socket: Socket::later(),
            identity: sid.to_string(),
            channels: Vec::new(),
            profile: self.parts.application.profile(),
            transport: Transport::SocketIo,
            wire: self.parts.application.wire(version),
            greeting: terms(&sid, upgrades, &options),
        });
        let (connection, hub) = (membership.connection().clone(), self.parts.hub.clone());
        let peer = Peer { connection: connection.clone(), hub, version, sid: sid.clone() };
        let handler = self.parts.application.open(peer, request);
        let session = Arc::new(Session::new(sid.clone(), version, asked.bytes, connection, handler));
        lock(&self.parts.sessions).insert(sid, session.clone());
        Ok(Opened { session, membership, client_ip: ClientAddress::of(&request.extensions).ip })
    }

    /// Lets a session go on by itself.
    pub(super) fn spawn(&self, opened: Opened, early: Option<socket::Begun>) {
        self.parts.tasks.spawn(live::run(self.clone(), opened, early));
    }

    /// Spawns what a session needs for a while.
    pub(super) fn spawn_helper(&self, helper: impl Future<Output = ()> + Send + 'static) {
        self.parts.tasks.spawn(helper);
    }

    /// No request finds the session any more.
    pub(super) fn forget(&self, session: &Session) {
        lock(&self.parts.sessions).remove(session.sid());
    }

    pub(super) fn options(&self) -> Options {
        (self.parts.options)()
    }

    pub(super) fn hub(&self) -> &Hub {
        &self.parts.hub
    }
}

/// A session that has begun.
pub(super) struct Opened {
    pub(super) session: Arc<Session>,
    pub(super) membership: Membership,
    pub(super) client_ip: IpAddr,
}

/// The first packet of a session (requirements 002-03 and 002-05).
fn terms(sid: &str, upgrades: bool, options: &Options) -> Bytes {
    let upgrades: &[&str] = if upgrades { &["websocket"] } else { &[] };
    let terms = json!({
        "sid": sid,
        "upgrades": upgrades,
        "pingInterval": options.ping_interval.as_millis() as u64,
        "pingTimeout": options.ping_timeout.as_millis() as u64,
        "maxPayload": options.max_payload,
    });
    text_frame(format!("0{terms}").as_bytes())
}

/// An answer with packets.
pub(super) fn answer(body: Data) -> Response {
    let (kind, body) = match body {
        Data::Text(text) => ("text/plain; charset=UTF-8", Body::from(text)),
        Data::Binary(bytes) => ("application/octet-stream", Body::from(bytes)),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
