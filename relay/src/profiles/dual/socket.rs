//! `GET /ws/{player_id}?session_id=` (requirements 004-01, 004-03 and 004-25).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::Kind;
use super::player::{place_of, player_of, session_of};
use super::shape::PlayerMessage;
use super::{NAME, TOO_MANY};
use crate::app::App;
use crate::auth::ClientAddress;
use crate::hub::{CloseCode, Connection, Farewell, Membership, Socket, Transport};
use crate::profiles::accept::{Admitted, accept};
use crate::profiles::limits::{self, Flow};
use crate::profiles::places::Place;
use crate::profiles::resume::{Asked, Pending};
use crate::profiles::{access, opening, push, resume};
use crate::transport::ws::{self, Upgraded, text_frame};

/// A player who may have a socket.
struct Player {
    membership: Membership,
    pending: Option<Pending>,
    place: Place,
    client_ip: IpAddr,
    begin: Instant,
}

pub(super) async fn connect(State(app): State<Arc<App>>, request: Request) -> Response {
    accept(app, request, admit).await
}

async fn admit(app: &Arc<App>, request: &request::Parts) -> Result<Player, Farewell> {
    let begin = Instant::now();
    let refused = |kind, player: &str, error: String| {
        app.players.errors.note(kind, player, &error);
        Farewell { code: CloseCode::Policy, reason: error.into() }
    };
    let player = player_of(&request.uri);
    let player = player.map_err(|error| refused(Kind::Connection, "", error.to_string()))?;
    let identity = access::of_socket(app, NAME, request).await?;
    access::name(identity.as_ref(), Some(player.clone())).ok_or(access::FORBIDDEN)?;
    limits::attempt(app, &player).map_err(|_| limits::TOO_OFTEN)?;
    let session = session_of(&request.uri);
    let session = session
        .map_err(|error| refused(Kind::Session, &player, format!("session validation failed: {error}")))?;
    app.players.sessions.see(&player);
    // The connections of a replaced session hold their places for a moment longer.
    let replaced = match &session {
        Some(session) => app.players.enter(app, &player, session).await,
        None => 0,
    };
    let limit = app.settings.live().dual.max_connections;
    let Some(place) = app.places.take(&place_of(&player), limit, replaced).await else {
        return Err(refused(Kind::Connection, &player, TOO_MANY.to_owned()));
    };
    let asked = Asked::of(&request.uri);
    let opening = opening::of_user(NAME, player, resume::wire::<PlayerMessage>(asked.as_ref()));
    let (membership, pending) = resume::open(app, opening, asked);
    access::bound(app, identity.as_ref(), membership.connection());
    app.players.recheck(membership.connection(), session.as_deref());
    let client_ip = ClientAddress::of(&request.extensions).ip;
    Ok(Player { membership, pending, place, client_ip, begin })
}

impl Admitted for Player {
    async fn serve(self, app: Arc<App>, upgraded: Upgraded) {
        let Self { membership, pending, place, client_ip, begin } = self;
        let connection = membership.connection().clone();
        connection.attach(Socket::Tcp(upgraded.stream));
        super::established(&app, &connection, client_ip, begin);
        resume::tell(&app, &connection, pending, "type", |text| text_frame(text.as_bytes())).await;
        let mut session = Session { app: app.clone(), flow: Flow::new(), place };
        let limit = || app.settings.live().max_message_size;
        ws::run(&connection, upgraded.early, limit, &mut session).await;
        drop(membership);
        drop(session);
        super::ended(&app, &connection);
    }
}

/// Takes what a player says.
struct Session {
    app: Arc<App>,
    flow: Flow,
    /// Given back to the cluster before the client is told of the end, so that it can come back at once.
    place: Place,
}

/// What matters of a player's message.
#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "type")]
    kind: Option<Value>,
    content: Option<Value>,
    correlation_id: Option<String>,
}

#[async_trait]
impl ws::Session for Session {
    /// A heartbeat and a question about health are answered; an answer to `POST /sse/send` goes to who asked, as in `push`;
    /// anything else must be a message, and nobody here waits for it.
    async fn text(&mut self, connection: &Connection, text: String) {
        if !self.flow.admits(&self.app, connection) {
            return;
        }
        let outline: Outline = match serde_json::from_str(&text) {
            Ok(outline) => outline,
            Err(error) => return self.refuse(connection, &format!("Invalid message: {error}")),
        };
        match outline {
            Outline { correlation_id: Some(id), .. } => {
                // The publisher logs a failure, and the client has no way to be told.
                let _ = self.app.publisher.publish(push::answer(&connection.identity, &id, text)).await;
            }
            Outline { kind: Some(kind), .. } if kind == "ping" => say(connection, &json!({ "type": "pong" })),
            Outline { kind: Some(kind), .. } if kind == "health" => say(connection, &self.health(connection)),
            Outline { kind: None, .. } => self.refuse(connection, "Missing required field: type"),
            Outline { content: None, .. } => self.refuse(connection, "Missing required field: content"),
            Outline { .. } => tracing::debug!(player_id = %connection.identity, "Message of a player"),
        }
    }

    async fn binary(&mut self, connection: &Connection, _: Bytes) {
        connection.finish(&Farewell::new(CloseCode::Unsupported, "Text messages only"));
    }

    fn closing(&mut self) {
        self.place.release();
    }
}

impl Session {
    /// What a client may show as the health of its connections (requirement 004-40).
    fn health(&self, connection: &Connection) -> Value {
        let players = &self.app.players;
        let all = players.connections(&connection.identity);
        let count = |kind| all.iter().filter(|connection| connection.transport == kind).count();
        let session = players.sessions.get(&connection.identity).and_then(|known| known.session);
        json!({
            "type": "health",
            "healthy": connection.is_healthy(),
            "websocket": count(Transport::WebSocket),
            "sse": count(Transport::Sse),
            "session_id": session.map(|session| session.id),
        })
    }

    /// The error in the shape that the guide's clients know (requirement 004-30).
    fn refuse(&self, connection: &Connection, message: &str) {
        let player = &*connection.identity;
        self.app.players.errors.note(Kind::Validation, player, message);
        let details =
            json!({ "player_id": player, "connection_type": "websocket", "error_code": "INVALID_MESSAGE" });
        let error = json!({
            "error": true,
            "error_type": "validation_error",
            "message": message,
            "details": details,
            "timestamp": jiff::Timestamp::now().to_string(),
        });
        say(connection, &error);
    }
}

fn say(connection: &Connection, value: &Value) {
    connection.send_bytes(text_frame(value.to_string().as_bytes()));
}
