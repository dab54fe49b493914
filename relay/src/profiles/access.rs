//! What the gate says, in the ways of the profiles.

use http::request;

use super::ApiError;
use crate::app::App;
use crate::auth::{Identity, Shown, Unauthenticated};
use crate::hub::{CloseCode, Connection, Farewell};

/// Told to a socket whose token is not for the name that it asks for.
pub(super) const FORBIDDEN: Farewell = Farewell::new(CloseCode::Forbidden, "The token is not for this name");
/// Told to a socket without a good token (requirement 003-06).
const UNAUTHENTICATED: Farewell = Farewell::new(CloseCode::Unauthenticated, "Unauthenticated");
/// Told to a socket whose token cannot be checked now.
const LATER: Farewell = Farewell::new(CloseCode::TryAgain, "Tokens cannot be checked now");

/// Who the client of a socket is; `None` where clients are believed.
///
/// # Errors
/// The goodbye to say.
pub(super) async fn of_socket(
    app: &App,
    profile: &str,
    request: &request::Parts,
) -> Result<Option<Identity>, Farewell> {
    let origins = app.settings.live().origins.clone();
    let shown = Shown { request, auth: None, origins: &origins };
    app.gate.admit(profile, &shown).await.map_err(|error| farewell(&error))
}

/// What a socket is told that is not let in.
pub(super) fn farewell(error: &Unauthenticated) -> Farewell {
    if error.is_ours() { LATER } else { UNAUTHENTICATED }
}

/// The same for a request.
///
/// # Errors
/// [`ApiError::Unauthenticated`].
pub(super) async fn of_request(
    app: &App,
    profile: &str,
    request: &request::Parts,
) -> Result<Option<Identity>, ApiError> {
    let origins = app.settings.live().origins.clone();
    let shown = Shown { request, auth: None, origins: &origins };
    Ok(app.gate.admit(profile, &shown).await?)
}

/// The name that a client goes by: what its token says, or else what it says itself. `None`: it
/// asks for another name than its token's.
pub(super) fn name(identity: Option<&Identity>, asked: Option<String>) -> Option<String> {
    match (identity, asked) {
        (None, asked) => Some(asked.unwrap_or_default()),
        (Some(identity), None) => Some(identity.subject.clone()),
        (Some(identity), Some(asked)) => (identity.subject == asked).then_some(asked),
    }
}

/// Lets a connection live as long as its token.
pub(super) fn bound(app: &App, identity: Option<&Identity>, connection: &Connection) {
    if let Some(left) = identity.and_then(|identity| app.gate.time_left(identity)) {
        connection.expire_after(left);
    }
}
