//! Who may look at events and figures: where the profile asks, whom it knows.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request;

use super::NAME;
use crate::app::App;
use crate::auth::Identity;
use crate::profiles::{ApiError, access};

/// Somebody who may look; `None` where clients are believed.
pub(super) struct Viewer(pub(super) Option<Identity>);

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(request: &mut request::Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        access::of_request(app, NAME, request).await.map(Self)
    }
}
