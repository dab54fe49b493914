//! The `socketio` profile: chat over Socket.IO (rows 002-01 to 002-17).
//!
//! | event of a client | what it does |
//! | --- | --- |
//! | `chat:message {content, conversationId?, messageId?}` | to the worker; `conversation:created`, `chat:thinking` or `chat:error` come back |
//! | `conversation:join {conversationId}`, `conversation:leave` | which conversations' events come |
//!
//! The worker is an ordinary user of the relay, by any profile: it takes chat messages, and answers
//! with `POST /api/socketio/emit`: `chat:generating`, `chat:token`, `chat:complete` and whatever
//! else it likes, to a conversation, a room, a socket, a user or everyone.

mod call;
mod chat;
mod cluster;
mod conversation;
mod emit;
mod endpoint;
mod fields;
mod target;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::auth::Gate;
use crate::config::Settings;
use crate::hub::{Hub, Publisher};
use crate::rate::Limits;
use crate::transport::engineio::Server;
use crate::transport::socketio::{self, Sockets};

pub use call::Here;

pub(super) use emit::parse as emission;

/// Name of the profile.
pub const NAME: &str = "socketio";

/// Its routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/socket.io", any(endpoint::handle))
        .route("/socket.io/", any(endpoint::handle))
        .route("/api/socketio/emit", post(emit::handle))
        .route("/api/socketio/sockets", get(cluster::sockets))
        .route("/api/socketio/join", post(cluster::join))
        .route("/api/socketio/leave", post(cluster::leave))
        .route("/api/socketio/disconnect", post(cluster::disconnect))
}

/// What a server of its sessions needs.
pub struct Parts {
    /// Connections.
    pub hub: Arc<Hub>,
    /// Name among peers.
    pub node: String,
    /// Live settings.
    pub settings: Arc<Settings>,
    /// The way of messages.
    pub publisher: Publisher,
    /// Who clients are.
    pub gate: Arc<Gate>,
    /// How much they may do.
    pub limits: Arc<Limits>,
    /// Where sessions are kept for clients that come back, if they are.
    pub recovery: Option<Arc<socketio::Recovery>>,
    /// Where clients are found.
    pub sockets: Arc<Sockets>,
    /// Tasks that must end before the process does.
    pub tasks: TaskTracker,
}

/// The server of its sessions.
pub fn server(parts: Parts) -> Server {
    let Parts { hub, node, settings, publisher, gate, limits, recovery, sockets, tasks } = parts;
    let chat = chat::Chat { settings: settings.clone(), publisher, gate, limits, recovery };
    // Sessions live by the terms that they were told, so that the times of pings stay.
    let start = settings.live().socketio.options.clone();
    let options = move || {
        let live = settings.live();
        let mut options = live.socketio.options.clone();
        options.max_sessions = live.max_total_connections;
        (options.ping_interval, options.ping_timeout) = (start.ping_interval, start.ping_timeout);
        options
    };
    Server::new(hub, node, socketio::application(Arc::new(chat), sockets), options, tasks)
}
