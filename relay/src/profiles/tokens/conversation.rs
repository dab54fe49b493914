//! `GET /ws/chat/{id}/?connection_token=` (requirements 003-02 to 003-16).

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::NAME;
use super::shape::{CompatEvent, KIND, PlainEvent};
use crate::app::App;
use crate::auth::{ClientAddress, Identity, Shown, parameter};
use crate::bus::Channel;
use crate::drain::RESTART;
use crate::hub::{CloseCode, Connection, Farewell, Membership, Opening, Socket, Transport, Wire};
use crate::metrics::RateLimit;
use crate::profiles::limits::{self, Flow};
use crate::profiles::resume::{Asked, Pending};
use crate::profiles::{access, identity, resume};
use crate::transport::Permit;
use crate::transport::ws::{self, Handshake, Upgraded, text_frame};

const UNAUTHENTICATED: Farewell = Farewell::new(CloseCode::Unauthenticated, "Unauthenticated");
const ORIGIN: Farewell = Farewell::new(CloseCode::Forbidden, "Origin not allowed");
const ELSEWHERE: Farewell = Farewell::new(CloseCode::Forbidden, "The token is for another conversation");
const NO_CONVERSATION: Farewell = Farewell::new(CloseCode::Policy, "No such conversation");

/// A socket that may begin: in the hub before its client knows, as in the other profiles.
struct Admitted {
    membership: Membership,
    pending: Option<Pending>,
    user_id: String,
    username: Option<String>,
    client_ip: IpAddr,
}

pub(super) async fn connect(
    State(app): State<Arc<App>>,
    Path(conversation): Path<String>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let handshake = match Handshake::of(&parts) {
        Ok(handshake) => handshake,
        Err(refused) => return (refused.status(), refused.to_string()).into_response(),
    };
    let admitted = admit(&app, &conversation, &parts).await;
    let permit = parts.extensions.remove::<Permit>();
    let upgraded = ws::upgraded(&mut parts);
    app.tasks.clone().spawn(async move {
        let Some(upgraded) = upgraded.await else { return };
        match admitted {
            Ok(admitted) => serve(app, upgraded, conversation, admitted, permit).await,
            // A browser sees a code only on a socket that was accepted (requirement 003-06).
            Err(farewell) => Box::pin(ws::refuse(upgraded.stream, &farewell)).await,
        }
    });
    handshake.response()
}

async fn admit(app: &App, conversation: &str, request: &request::Parts) -> Result<Admitted, Farewell> {
    if !app.drain.is_accepting() {
        return Err(RESTART);
    }
    if !app.allows_origin(&request.headers) {
        tracing::warn!(origin = ?request.headers.get("origin"), "[WS_AUTH] Origin not allowed");
        return Err(ORIGIN);
    }
    if identity::check("conversation_id", conversation).is_err() {
        return Err(NO_CONVERSATION);
    }
    let caller = authenticate(app, conversation, request).await?;
    limits::attempt(app, &caller.subject).map_err(|_| limits::TOO_OFTEN)?;
    let asked = Asked::of(&request.uri);
    let wire = match app.tokens_compat {
        true => resume::wire::<CompatEvent>(asked.as_ref()),
        false => resume::wire::<PlainEvent>(asked.as_ref()),
    };
    let (membership, pending) = resume::open(app, opening(conversation, &caller.subject, wire), asked);
    access::bound(app, Some(&caller), membership.connection());
    let client_ip = ClientAddress::of(&request.extensions).ip;
    Ok(Admitted { membership, pending, user_id: caller.subject, username: caller.username, client_ip })
}

/// The order of requirement 003-16: a connection token, or else what the gate looks for. The first
/// that is there counts.
async fn authenticate(app: &App, conversation: &str, request: &request::Parts) -> Result<Identity, Farewell> {
    let named = parameter(request.uri.query().unwrap_or_default(), "connection_token").is_some();
    if !named && !app.gate.asks_for_tickets(NAME) {
        let identity = access::of_socket(app, NAME, request).await.inspect_err(|_| log_refusal())?;
        return identity.ok_or(UNAUTHENTICATED).inspect_err(|_| log_refusal());
    }
    let origins = app.settings.live().origins.clone();
    let consumed = app.gate.consume(&Shown { request, auth: None, origins: &origins }).await;
    let ticket = consumed.map_err(|error| {
        app.gate.count_refusal(&error);
        log_refusal();
        access::farewell(&error)
    })?;
    if ticket.conversation_id.as_deref().is_some_and(|id| id != conversation) {
        log_refusal();
        return Err(ELSEWHERE);
    }
    tracing::info!(user_id = ticket.user_id, "[WS_AUTH] Authenticated via connection token");
    Ok(ticket.into())
}

fn log_refusal() {
    tracing::warn!(error_type = "authentication_error", "Unauthenticated WebSocket connection attempt");
}

fn opening(conversation: &str, user: &str, wire: &'static dyn Wire) -> Opening {
    let connected = json!({ "event": "connected", "conversation_id": conversation }).to_string();
    Opening {
        socket: Socket::later(),
        identity: user.to_owned(),
        channels: vec![Channel::conversation(conversation)],
        profile: NAME,
        transport: Transport::WebSocket,
        wire,
        greeting: text_frame(connected.as_bytes()),
    }
}

async fn serve(
    app: Arc<App>,
    upgraded: Upgraded,
    conversation: String,
    admitted: Admitted,
    permit: Option<Permit>,
) {
    let Admitted { membership, pending, user_id, username, client_ip } = admitted;
    let connection = membership.connection().clone();
    connection.attach(Socket::Tcp(upgraded.stream));
    tracing::info!(user_id, conversation_id = conversation, %client_ip, "WebSocket CONNECT");
    resume::tell(&app, &connection, pending, KIND, |text| text_frame(text.as_bytes())).await;
    let mut session = Session { app: app.clone(), flow: Flow::new(), conversation, user_id, username };
    let limit = || app.settings.live().max_message_size;
    ws::run(&connection, upgraded.early, limit, &mut session).await;
    drop(membership);
    drop(permit);
    tracing::info!(user_id = session.user_id, conversation_id = session.conversation, "WebSocket DISCONNECT");
}

/// Takes what a client says, and hands it to the workers.
struct Session {
    app: Arc<App>,
    flow: Flow,
    conversation: String,
    user_id: String,
    username: Option<String>,
}

/// What a client may say.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

#[async_trait]
impl ws::Session for Session {
    async fn text(&mut self, connection: &Connection, text: String) {
        if !self.flow.admits(&self.app, connection) {
            return;
        }
        let answer = match serde_json::from_str::<Said>(&text) {
            Ok(Said { message: Some(message), .. }) => self.forward(&message).await,
            Ok(Said { kind: Some(kind), .. }) if kind == "ping" => json!({ "event": "pong" }),
            Ok(_) => json!({ "event": "error", "error": "Missing required field: message" }),
            Err(error) => json!({ "event": "error", "error": format!("Invalid message: {error}") }),
        };
        connection.send_bytes(text_frame(answer.to_string().as_bytes()));
    }

    async fn binary(&mut self, connection: &Connection, _: Bytes) {
        connection.finish(&Farewell::new(CloseCode::Unsupported, "Text messages only"));
    }

    fn closing(&mut self) {}
}

impl Session {
    /// Hands a message to the workers (requirement 003-14), and answers what became of it.
    async fn forward(&self, message: &str) -> serde_json::Value {
        let quotas = self.app.settings.live().quotas;
        if let Err(limited) = self.app.limits.take(RateLimit::UserMessages, &quotas, &self.user_id) {
            tracing::warn!(user_id = self.user_id, error = %limited, "[WS_SEND] Rate limit exceeded");
            return json!({
                "event": "error",
                "error": limited.to_string(),
                "code": "RATE_LIMITED",
                "retry_after": limited.seconds(),
            });
        }
        self.app.metrics.conversations.message("message");
        let task_id = Uuid::new_v4().to_string();
        let task = json!({
            "id": task_id,
            "conversation_id": self.conversation,
            "user_id": self.user_id,
            "username": self.username,
            "message": message,
            "timestamp": jiff::Timestamp::now().to_string(),
        });
        let (user_id, conversation_id) = (&self.user_id, &self.conversation);
        match self.app.bus.tell_workers(task.to_string()).await {
            Ok(workers) if workers > 0 => {
                tracing::info!(user_id, conversation_id, task_id, "[WS_SEND] Message forwarded");
                json!({ "event": "task_queued", "task_id": task_id })
            }
            outcome => {
                let error = outcome.err().map_or_else(|| "no worker listens".to_owned(), |e| e.to_string());
                tracing::warn!(user_id, conversation_id, error, "[WS_SEND] Message not forwarded");
                json!({ "event": "error", "error": error })
            }
        }
    }
}
