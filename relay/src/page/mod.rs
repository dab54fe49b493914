//! The built-in page at `/`: what a newcomer opens first, to connect with each transport, send, and
//! watch. Files as they are in `assets/`, no build step, nothing from elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::app::App;

/// Nothing but what this origin serves, and no place in another page's frame. The icon is an empty
/// `data:` address, so that no browser asks for one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, type and content of each file.
const FILES: [(&str, &str, &str); 7] = [
    ("/", HTML, include_str!("assets/index.html")),
    ("/page/style.css", STYLE, include_str!("assets/style.css")),
    ("/page/main.js", SCRIPT, include_str!("assets/main.js")),
    ("/page/view.js", SCRIPT, include_str!("assets/view.js")),
    ("/page/transports.js", SCRIPT, include_str!("assets/transports.js")),
    ("/page/sse.js", SCRIPT, include_str!("assets/sse.js")),
    ("/page/socketio.js", SCRIPT, include_str!("assets/socketio.js")),
];

/// Its routes.
pub fn routes() -> Router<Arc<App>> {
    FILES.into_iter().fold(Router::new(), |routes, (path, kind, content)| {
        let tag = tag(content);
        routes.route(path, get(move |headers: HeaderMap| async move { answer(&headers, kind, content, tag) }))
    })
}

/// A strong `ETag` (RFC 9110 section 8.8.3).
fn tag(content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn answer(asked: &HeaderMap, kind: &'static str, content: &'static str, tag: String) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same =
        known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_TYPE, kind),
    ];
    let mut response = if same { StatusCode::NOT_MODIFIED.into_response() } else { content.into_response() };
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
