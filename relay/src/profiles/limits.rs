//! How much clients and publishers may do, in the ways of the profiles: 429 over HTTP, a goodbye on
//! sockets.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use http::{HeaderMap, request};

use super::ApiError;
use crate::app::App;
use crate::auth::ClientAddress;
use crate::bus::Channel;
use crate::hub::{CloseCode, Connection, Farewell};
use crate::metrics::RateLimit;
use crate::rate::{Bucket, Limited};

/// Told to a name that begins connections too often.
pub(super) const TOO_OFTEN: Farewell = Farewell::new(CloseCode::TryAgain, "Too many connection attempts");
/// Told to a client that floods its connection.
pub(super) const FLOOD: Farewell = Farewell::new(CloseCode::Policy, "Too many messages");

/// Notes that `name` begins a connection (requirement 004-14). Of who has to show a token, after it
/// was checked: nobody can use up somebody else's attempts.
///
/// # Errors
/// [`Limited`] if it did too often.
pub(super) fn attempt(app: &App, name: &str) -> Result<(), Limited> {
    let taken = app.limits.take(RateLimit::Connections, &app.settings.live().quotas, name);
    taken.inspect_err(|error| tracing::warn!(name, %error, "Too many connection attempts"))
}

/// Notes that a message for `channel` is published.
///
/// # Errors
/// [`ApiError::Limited`] if there are too many.
pub(super) fn publish_to(app: &App, channel: &Channel) -> Result<(), ApiError> {
    Ok(app.limits.take(RateLimit::Channel, &app.settings.live().quotas, channel.as_str())?)
}

/// Who publishes.
#[derive(Debug)]
pub(super) struct Caller {
    /// Headers of the request.
    pub(super) headers: HeaderMap,
    ip: IpAddr,
}

impl Caller {
    /// Notes that the caller publishes one message.
    ///
    /// # Errors
    /// [`ApiError::Limited`] if it does too often.
    pub(super) fn publishes(&self, app: &App) -> Result<(), ApiError> {
        Ok(app.limits.take(RateLimit::Publishes, &app.settings.live().quotas, self.ip)?)
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(request: &mut request::Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        let ip = ClientAddress::of(&request.extensions).ip;
        Ok(Self { headers: std::mem::take(&mut request.headers), ip })
    }
}

/// The pace of one connection's messages.
#[derive(Debug)]
pub(super) struct Flow(Bucket);

impl Flow {
    pub(super) fn new() -> Self {
        Self(Bucket::full(Instant::now()))
    }

    /// Whether one more message is taken. If not, the connection ends.
    pub(super) fn admits(&mut self, app: &App, connection: &Connection) -> bool {
        let quotas = app.settings.live().quotas;
        let taken = app.limits.take_own(RateLimit::Messages, &quotas, &mut self.0).is_ok();
        if !taken {
            tracing::warn!(client = %connection.identity, profile = connection.profile, "Too many messages");
            connection.finish(&FLOOD);
        }
        taken
    }
}
