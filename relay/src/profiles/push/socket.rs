//! `GET /ws?user_id=` (requirements 000-01 and 000-02).

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{Query, Request};
use axum::response::Response;
use bytes::Bytes;
use http::request;
use serde::Deserialize;

use super::NAME;
use super::duplicates::{self, Right};
use super::shape::Bare;
use crate::app::App;
use crate::auth::ClientAddress;
use crate::bus::{Channel, Message};
use crate::hub::{CloseCode, Connection, Farewell, Membership, Socket};
use crate::profiles::accept::{Admitted, accept};
use crate::profiles::limits::{self, Flow};
use crate::profiles::resume::{Asked, Pending};
use crate::profiles::{access, identity, opening, resume};
use crate::transport::ws::{self, Upgraded, text_frame};

const NO_USER: Farewell = Farewell::new(CloseCode::Policy, "user_id required");

/// Parameters of the address.
#[derive(Deserialize)]
struct Parameters {
    user_id: Option<String>,
}

/// A socket that may begin. It is in the hub before its client knows: who has seen the answer and
/// publishes at once is heard.
struct User {
    membership: Membership,
    pending: Option<Pending>,
    right: Right,
    client_ip: IpAddr,
}

pub(in crate::profiles) async fn connect(app: Arc<App>, request: Request) -> Response {
    accept(app, request, admit).await
}

async fn admit(app: &Arc<App>, request: &request::Parts) -> Result<User, Farewell> {
    let parameters = Query::<Parameters>::try_from_uri(&request.uri).ok();
    let user = parameters.and_then(|Query(parameters)| parameters.user_id);
    let identity = access::of_socket(app, NAME, request).await?;
    let user = access::name(identity.as_ref(), user).ok_or(access::FORBIDDEN)?;
    if identity::check("user_id", &user).is_err() {
        return Err(NO_USER);
    }
    limits::attempt(app, &user).map_err(|_| limits::TOO_OFTEN)?;
    let right = duplicates::ask(app, &user).await?;
    let asked = Asked::of(&request.uri);
    let opening = opening::of_user(NAME, user, resume::wire::<Bare>(asked.as_ref()));
    let (membership, pending) = resume::open(app, opening, asked);
    right.settle(membership.connection());
    access::bound(app, identity.as_ref(), membership.connection());
    Ok(User { membership, pending, right, client_ip: ClientAddress::of(&request.extensions).ip })
}

impl Admitted for User {
    async fn serve(self, app: Arc<App>, upgraded: Upgraded) {
        let Self { membership, pending, right, client_ip } = self;
        let connection = membership.connection().clone();
        connection.attach(Socket::Tcp(upgraded.stream));
        tracing::info!(user_id = %connection.identity, %client_ip, "User connected");
        let mut session = Session { app: app.clone(), flow: Flow::new(), right: Some(right) };
        resume::tell(&app, &connection, pending, "type", |text| text_frame(text.as_bytes())).await;
        let limit = || app.settings.live().max_message_size;
        ws::run(&connection, upgraded.early, limit, &mut session).await;
        drop(membership);
        drop(session);
        tracing::info!(user_id = %connection.identity, "User disconnected");
    }
}

/// Takes what a client says: answers to requests.
struct Session {
    app: Arc<App>,
    flow: Flow,
    /// Given back before the client is told of the end, so that it can come back at once, to
    /// whichever node.
    right: Option<Right>,
}

/// What matters of a client's frame.
#[derive(Deserialize)]
struct Outline {
    correlation_id: Option<String>,
}

#[async_trait]
impl ws::Session for Session {
    async fn text(&mut self, connection: &Connection, text: String) {
        if !self.flow.admits(&self.app, connection) {
            return;
        }
        let outline: Outline = match serde_json::from_str(&text) {
            Ok(outline) => outline,
            Err(error) => {
                tracing::warn!(user_id = %connection.identity, %error, "Validation error for message format");
                return;
            }
        };
        let Some(correlation_id) = outline.correlation_id else {
            tracing::debug!(user_id = %connection.identity, "Message answers nothing");
            return;
        };
        // The publisher logs a failure, and the client has no way to be told.
        let _ = self.app.publisher.publish(answer(&connection.identity, &correlation_id, text)).await;
    }

    async fn binary(&mut self, connection: &Connection, _: Bytes) {
        connection.finish(&Farewell::new(CloseCode::Unsupported, "Text messages only"));
    }

    fn closing(&mut self) {
        self.right = None;
    }
}

/// What `user` answers to `POST /sse/send`, on its way to who asked them (requirement 000-06).
pub(in crate::profiles) fn answer(user: &str, correlation_id: &str, text: String) -> Message {
    Message::new(Channel::reply(user, correlation_id), "response", text)
}
