//! Answers that refuse a request: a status, and JSON with `error` that names what is wrong.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::auth::{Denied, Unauthenticated};
use crate::bus::BusError;
use crate::rate::Limited;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No key, or a wrong one: 401 or 403.
    #[error("{0}")]
    Denied(#[from] Denied),
    /// No token, or a bad one: 401; 503 if it cannot be checked now.
    #[error("{0}")]
    Unauthenticated(#[from] Unauthenticated),
    /// The token is somebody else's: 403.
    #[error("the token is not for this name")]
    Forbidden,
    /// The page may not use this relay: 403.
    #[error("origin not allowed")]
    Origin,
    /// A body or parameter is bad: 422.
    #[error("{what}")]
    Invalid {
        /// The field; empty for the whole.
        field: String,
        /// What is wrong with it.
        what: String,
    },
    /// The body did not arrive whole: 400.
    #[error("the body could not be read")]
    Unread,
    /// The body took too long: 408.
    #[error("the body took too long")]
    Slow,
    /// The body is over the limit: 413.
    #[error("Message too large: more than {0} bytes")]
    TooLarge(usize),
    /// The body is compressed, and is not inflated here: 415.
    #[error("a body with Content-Encoding is not taken")]
    Encoded,
    /// The identity has all the connections that it may have: 429.
    #[error("Too many connections")]
    TooManyConnections,
    /// Done too often: 429.
    #[error("{0}")]
    Limited(#[from] Limited),
    /// The bus kept nothing: 503.
    #[error("{0}; connections of this node have the message, try again for the others")]
    Bus(#[from] BusError),
    /// There is no such thing here: 404.
    #[error("not found")]
    NotFound,
    /// Nobody may, as there is no admin token: 403.
    #[error("ADMIN_TOKEN_FILE is not set; without it this is for loopback only")]
    NoAdminToken,
    /// Somebody else does it already: 429.
    #[error("one at a time")]
    Busy,
    /// Another caller waits for answers under the same id: 409.
    #[error("another request to this user waits for answers with this correlation_id")]
    Answering,
    /// The key of the request is none: 400.
    #[error("Idempotency-Key must be one key of 1 to 255 visible characters")]
    BadKey,
    /// The first request with this key or id is not done: 409.
    #[error("a request with this key or id is under way, try again later")]
    UnderWay,
    /// The key was used with another body: 422.
    #[error("this Idempotency-Key was used with another body")]
    OtherRequest,
    /// The profiler did not work: 503.
    #[error("no profile could be taken")]
    NoProfile,
    /// The node or its system has no room for another connection or body: 503.
    #[error("no room, come back later")]
    NoRoom,
}

impl ApiError {
    /// A bad field. The text is said to people, so it names the field.
    pub fn invalid(field: &str, what: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), what: what.into() }
    }

    /// Seconds after which to try again.
    fn retry_after(&self) -> u64 {
        match self {
            Self::Limited(limited) => limited.seconds(),
            _ => 1,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated(error) if error.is_ours() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Denied(Denied::Missing) | Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Denied(Denied::Wrong) | Self::Origin | Self::NoAdminToken | Self::Forbidden => {
                StatusCode::FORBIDDEN
            }
            Self::Invalid { .. } | Self::OtherRequest => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Unread | Self::BadKey => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Answering | Self::UnderWay => StatusCode::CONFLICT,
            Self::TooManyConnections | Self::Busy | Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Bus(_) | Self::NoRoom | Self::NoProfile => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut body = json!({ "error": self.to_string() });
        if let (Self::Invalid { field, .. }, Some(body)) = (&self, body.as_object_mut()) {
            body.insert("field".to_owned(), field.clone().into());
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        let again = matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        if again || matches!(self, Self::UnderWay) {
            headers.insert(header::RETRY_AFTER, self.retry_after().into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_other_nodes_cannot_have_is_told_503_and_when_to_try_again() {
        let response = ApiError::Bus(BusError::Unavailable("full".to_owned())).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }

    #[test]
    fn a_missing_key_is_told_the_scheme() {
        let response = ApiError::Denied(Denied::Missing).into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}
