//! `POST /sse/push` (requirement 000-04), and what it shares with batch and send.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde_json::{Value, json};

use super::claims::socket;
use super::request::{Addressed, Push};
use crate::app::App;
use crate::bus::Channel;
use crate::profiles::limits::{Caller, publish_to};
use crate::profiles::{ApiError, json, keyed};

/// Whether anyone is there to take a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A connection of this node has it, or the user has one on another node.
    Delivered,
    /// Nobody known is.
    NotConnected,
}

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let push = json::read(&app, &caller, body).await.and_then(Push::parse).inspect_err(log_refusal)?;
    Ok(Json(match publish(&app, push, 0).await? {
        Outcome::Delivered => json!({ "status": "success", "message": "Message delivered" }),
        Outcome::NotConnected => json!({ "status": "partial", "message": "User not connected" }),
    }))
}

/// Requirement 000-22: bodies that are refused show in the logs, with the reason.
pub(super) fn log_refusal(error: &ApiError) {
    tracing::warn!(%error, "Validation error for message format");
}

/// Sends push `nth` of a request on its way.
///
/// # Errors
/// [`ApiError`] if its target gets too many, or other nodes cannot have it.
pub(super) async fn publish(app: &App, push: Push, nth: usize) -> Result<Outcome, ApiError> {
    let accounts = app.settings.live();
    let addressed = push.address(&accounts.public_accounts);
    let Addressed { target, original, correlation_id, message } = addressed;
    tracing::info!(
        user_id = target,
        original_user_id = original,
        correlation_id,
        message_id = message.id,
        "Processing SSE message"
    );
    if target != original {
        tracing::info!(user_id = original, account = target, "Detected @mention of public account");
    }
    publish_to(app, &message.channel)?;
    let receipt = keyed::publish(app, message, nth).await?;
    if receipt.delivered.total() > 0 || is_elsewhere(app, &target).await {
        tracing::info!(user_id = target, correlation_id, "Message sent to user");
        return Ok(Outcome::Delivered);
    }
    tracing::warn!(user_id = target, correlation_id, "Attempt to send message to disconnected user");
    Ok(Outcome::NotConnected)
}

/// Whether another node has a connection of the user: a socket, which is known from its claim on,
/// or any other kind. A bus that cannot tell counts as no.
pub(in crate::profiles) async fn is_elsewhere(app: &App, user: &str) -> bool {
    let (lease, channel) = (socket(user), Channel::user(user));
    let (holder, elsewhere) = tokio::join!(app.bus.holder(&lease), app.bus.elsewhere(&channel));
    elsewhere.unwrap_or(false) || holder.ok().flatten().is_some_and(|node| node != app.node)
}
