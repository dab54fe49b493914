//! Answers that refuse a request, with the codes and words of the reference server.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::transport::body::Unread;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The transport is none that is served.
    #[error("Transport unknown")]
    UnknownTransport,
    /// No session has this id: its client begins anew.
    #[error("Session ID unknown")]
    UnknownSid,
    /// A session begins with a GET.
    #[error("Bad handshake method")]
    BadMethod,
    /// It breaks the protocol.
    #[error("Bad request")]
    BadRequest,
    /// The version is none that is served.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
    /// The body is over the limit.
    #[error("Payload too large")]
    TooLarge,
    /// The body took too long.
    #[error("Payload took too long")]
    Slow,
    /// There is no room now.
    #[error("No room, come back later")]
    NoRoom,
}

impl Fault {
    fn code(self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSid => 1,
            Self::BadMethod => 2,
            Self::BadRequest | Self::TooLarge | Self::Slow | Self::NoRoom => 3,
            Self::UnsupportedVersion => 5,
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<Unread> for Fault {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge => Self::TooLarge,
            Unread::Slow => Self::Slow,
            Unread::NoRoom => Self::NoRoom,
            Unread::Broken => Self::BadRequest,
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = Json(json!({ "code": self.code(), "message": self.to_string() }));
        let mut response = (self.status(), body).into_response();
        if self == Self::NoRoom {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
        }
        response
    }
}
