//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): a request that is sent again with
//! its key, to whichever node, is done once, and gets the answer that the first one got.
//!
//! For [publishing](is_for) with a key of 1 to 255 visible characters, in quotes (a string of RFC 8941)
//! or bare. A key belongs to its path and its caller's body: the same key with another body is 422, and
//! while the first request is under way 409. Answers are kept for five minutes, those that ask to be
//! tried again (429, 5xx) are not. If a node dies over a request, its key is free after
//! [`UNDER_WAY`], and the request is done again: what it had published goes out once where a history is
//! [kept](super::keyed), and may go twice elsewhere.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ApiError, json, keyed};
use crate::app::App;
use crate::bus::KEY_TTL;

/// The header.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Set on an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of the longest key.
const MAX_KEY: usize = 255;
/// Time after which the node of a request that it does not renew is taken for dead.
const UNDER_WAY: Duration = Duration::from_secs(10);
/// Time between renewals: two may fail.
const RENEWAL: Duration = Duration::from_secs(3);
/// Bytes of the longest answer that is kept; a longer one is told by its status alone.
const MAX_ANSWER: usize = 256 << 10;

/// What is kept of a request.
#[derive(Deserialize, Serialize)]
struct Record {
    /// Digest of its body.
    body: String,
    /// None while it is under way.
    answer: Option<Answer>,
}

#[derive(Deserialize, Serialize)]
struct Answer {
    status: u16,
    body: String,
}

/// Whether keys are taken for a path. Not where an answer is a stream, or is good for one caller only.
fn is_for(method: &Method, path: &str) -> bool {
    let publishes = ["/sse/push", "/sse/push/batch", "/api/messages", "/api/socketio/emit", "/api/rules"];
    *method == Method::POST && (publishes.contains(&path) || path.starts_with("/api/v1/chat/"))
}

/// Does a request with a key once.
pub async fn once(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !request.headers().contains_key(KEY) || !is_for(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    // Whoever may not publish learns nothing of answers to others: the handler refuses them.
    if app.publish_key.as_ref().is_some_and(|key| key.check(request.headers()).is_err()) {
        return next.run(request).await;
    }
    match do_once(&app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn do_once(app: &App, request: Request, next: Next) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let name = name(&parts.uri, key_of(&parts.headers)?);
    let body = json::whole(app, body).await?;
    let digest = hex(&body);
    let record = Record { body: digest.clone(), answer: None };
    let text = serde_json::to_string(&record).unwrap_or_default();
    if let Some(known) = app.bus.remember(&name, &text, UNDER_WAY).await? {
        return replay(&known, &digest);
    }
    let guard = Guard { app, name: Some(name.clone()) };
    let request =
        keyed::scope(format!("{name}:{digest}"), next.run(Request::from_parts(parts, Body::from(body))));
    let response = tokio::select! {
        response = request => response,
        never = renew(app, &name, &text) => match never {},
    };
    Ok(guard.keep(digest, response).await)
}

/// Keeps what says that a request is under way, for as long as it is.
async fn renew(app: &App, name: &str, record: &str) -> Infallible {
    loop {
        tokio::time::sleep(RENEWAL).await;
        app.bus.amend(name, Some(record), UNDER_WAY).await;
    }
}

/// The key of a request.
fn key_of(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut keys = headers.get_all(KEY).iter();
    let key = keys.next().and_then(|key| key.to_str().ok()).map(str::trim).unwrap_or_default();
    let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
    let good = (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if good && keys.next().is_none() { Ok(key) } else { Err(ApiError::BadKey) }
}

/// What a key is called among those of all paths.
fn name(uri: &Uri, key: &str) -> String {
    format!("request:{}", hex(format!("{}\n{key}", uri.path()).as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn replay(known: &str, digest: &str) -> Result<Response, ApiError> {
    let known: Record = serde_json::from_str(known).map_err(|_| ApiError::UnderWay)?;
    if known.body != digest {
        return Err(ApiError::OtherRequest);
    }
    let answer = known.answer.ok_or(ApiError::UnderWay)?;
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

/// A request under way; if it is given up its key is free again.
struct Guard<'a> {
    app: &'a App,
    name: Option<String>,
}

impl Guard<'_> {
    /// Keeps the answer to a request whose body has this digest.
    async fn keep(mut self, digest: String, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        // Answers are made in memory: reading one waits for nobody.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        if parts.status == StatusCode::TOO_MANY_REQUESTS || parts.status.is_server_error() {
            return Response::from_parts(parts, body.into());
        }
        if let Some(name) = self.name.take() {
            let record = Record { body: digest, answer: Some(Answer::of(parts.status, &body)) };
            let text = serde_json::to_string(&record).unwrap_or_default();
            self.app.bus.amend(&name, Some(&text), KEY_TTL).await;
        }
        Response::from_parts(parts, body.into())
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            let bus = self.app.bus.clone();
            self.app.tasks.spawn(async move { bus.amend(&name, None, KEY_TTL).await });
        }
    }
}

impl Answer {
    fn of(status: StatusCode, body: &Bytes) -> Self {
        let whole = if body.len() <= MAX_ANSWER { body } else { &Bytes::from_static(b"{}") };
        Self { status: status.as_u16(), body: String::from_utf8_lossy(whole).into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &'static str) -> Option<String> {
        let headers = HeaderMap::from_iter([(KEY, HeaderValue::from_static(text))]);
        key_of(&headers).ok().map(str::to_owned)
    }

    #[test]
    fn a_key_is_in_quotes_or_bare() {
        assert_eq!((key("\"8e03\""), key("8e03")), (Some("8e03".to_owned()), Some("8e03".to_owned())));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!([key(""), key("\"\""), key("a b")], [None, None, None]);
    }

    #[test]
    fn two_keys_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(KEY, HeaderValue::from_static("a"));
        headers.append(KEY, HeaderValue::from_static("b"));
        assert!(key_of(&headers).is_err());
    }

    #[test]
    fn a_key_of_one_path_is_another_on_another() {
        let name = |path: &'static str| name(&Uri::from_static(path), "k");
        assert_ne!(name("/sse/push"), name("/api/messages"));
    }
}
