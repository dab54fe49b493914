//! Who may look inside by the clients' port (conflict X-23).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, request};

use crate::app::App;
use crate::auth::{ClientAddress, Key};
use crate::profiles::ApiError;

/// How open the debug endpoints are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doors {
    /// There are none on the clients' port.
    Shut,
    /// Who has the admin token.
    Token,
    /// Everyone on this machine, who has the token if there is one. Whom a proxy on this machine
    /// forwards is not here.
    Local,
}

impl Doors {
    /// By the switch and the address that clients are served on.
    pub fn new(enabled: bool, listen: IpAddr) -> Self {
        match enabled {
            false => Self::Shut,
            true if listen.is_loopback() => Self::Local,
            true => Self::Token,
        }
    }

    /// Whether a request gets in.
    ///
    /// # Errors
    /// The answer to one that does not.
    fn check(self, token: Option<&Key>, headers: &HeaderMap, client: ClientAddress) -> Result<(), ApiError> {
        match (self, token) {
            (Self::Shut, _) => Err(ApiError::NotFound),
            (Self::Token | Self::Local, Some(token)) => Ok(token.check(headers)?),
            (Self::Local, None) if client.is_local() => Ok(()),
            (Self::Token | Self::Local, None) => Err(ApiError::NoAdminToken),
        }
    }
}

/// Proof that a request may see what is told of single players and of errors: as for the debug
/// endpoints, but the token opens these even where the debug endpoints are shut.
#[derive(Clone, Copy, Debug)]
pub struct Insight;

impl FromRequestParts<Arc<App>> for Insight {
    type Rejection = ApiError;

    async fn from_request_parts(request: &mut request::Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let doors = if app.debug_doors == Doors::Shut { Doors::Token } else { app.debug_doors };
        doors.check(app.admin_token.as_ref(), &request.headers, ClientAddress::of(&request.extensions))?;
        Ok(Self)
    }
}

pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !app.settings.live().origins.allow_request(headers) {
        return ApiError::Origin.into_response();
    }
    let client = ClientAddress::of(request.extensions());
    match app.debug_doors.check(app.admin_token.as_ref(), headers, client) {
        Ok(()) => next.run(request).await,
        // As any other unknown path.
        Err(ApiError::NotFound) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Peer, Proxies};

    fn check(doors: Doors) -> Result<(), ApiError> {
        let here = Proxies::default().locate(Some(Peer([127, 0, 0, 1].into())), &HeaderMap::new());
        doors.check(None, &HeaderMap::new(), here)
    }

    #[test]
    fn x23_on_loopback_everyone_on_the_machine_may_look() {
        assert_eq!(check(Doors::new(true, [127, 0, 0, 1].into())), Ok(()));
    }

    #[test]
    fn x23_elsewhere_nobody_may_without_a_token() {
        assert_eq!(check(Doors::new(true, [0, 0, 0, 0].into())), Err(ApiError::NoAdminToken));
    }

    #[test]
    fn x23_shut_doors_are_not_found() {
        assert_eq!(check(Doors::new(false, [127, 0, 0, 1].into())), Err(ApiError::NotFound));
    }
}
