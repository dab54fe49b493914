//! Asks a service of the operator's who a client is (`AUTH=webhook`, conflict X-21).
//!
//! The service is posted what the client showed, and answers 200 with `{"user_id", "username"?,
//! "expires_in"?}`, or 401 or 403. Whatever else happens, nobody is let in: it fails closed.
//!
//! A verdict is kept for a moment under the digest of the very bytes that were asked. These are
//! JSON, whose strings cannot run into each other: two clients share a verdict only if the service
//! could not have told them apart either.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::credentials::{Shown, may_use_cookies};
use super::outbound::{Call, FetchError, NoAuthority, Trust, is_safe};
use super::{ClientAddress, Identity};
use crate::recent::Recent;
use crate::sync::lock;

/// Verdicts that are kept at least; twice as many at most.
const VERDICTS: usize = 8192;
/// Bytes of an answer.
const MAX_ANSWER: usize = 16 * 1024;
/// Bytes of a question: as many as a request's head, and an `auth` payload of the same size.
const MAX_QUESTION: usize = 64 * 1024;
/// Bytes that a name may have.
const MAX_NAME: usize = 256;
/// Headers that are passed on; cookies only from a listed origin.
const HEADERS: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::ORIGIN,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::USER_AGENT,
];

/// How the service is asked.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Where it is: `https://`, or on this machine.
    pub url: Uri,
    /// Time for an answer, the wait for a turn included.
    pub timeout: Duration,
    /// Questions under way at the same time.
    pub concurrency: usize,
    /// Time that a verdict is good for; zero asks each time.
    pub keep: Duration,
}

/// An address that is not safe to ask.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an https:// address, nor one on this machine")]
pub struct UnsafeAddress;

/// The service.
#[derive(Debug)]
pub(super) struct Webhook {
    settings: WebhookSettings,
    trust: Trust,
    turns: Semaphore,
    kept: Mutex<Recent<[u8; 32], Kept>>,
}

/// A verdict, and until when it is good.
#[derive(Clone, Debug)]
struct Kept {
    verdict: Option<Identity>,
    until: Instant,
}

/// What the service is told of a client.
#[derive(Serialize)]
struct Question<'a> {
    profile: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    client_ip: String,
    secure: bool,
    headers: Vec<(&'a str, &'a str)>,
    /// What a Socket.IO client gave as `auth`.
    auth: Option<&'a RawValue>,
}

/// What the service says of a client that it knows.
#[derive(Deserialize)]
struct Answer {
    user_id: String,
    username: Option<String>,
    /// Seconds.
    expires_in: Option<u32>,
}

impl WebhookSettings {
    /// Checks an address.
    ///
    /// # Errors
    /// [`UnsafeAddress`] if others could listen to what is asked there.
    pub fn check(url: &Uri) -> Result<(), UnsafeAddress> {
        if is_safe(url) { Ok(()) } else { Err(UnsafeAddress) }
    }
}

impl Webhook {
    pub(super) fn new(
        settings: WebhookSettings,
        authorities: Option<&std::path::Path>,
    ) -> Result<Self, NoAuthority> {
        Ok(Self {
            trust: Trust::new(authorities)?,
            turns: Semaphore::new(settings.concurrency),
            kept: Mutex::new(Recent::new(VERDICTS)),
            settings,
        })
    }

    /// Reads the file of authorities again if it has changed.
    pub(super) fn refresh(&self) {
        self.trust.refresh();
    }

    /// Who the client is; `None` if the service does not let it in.
    ///
    /// # Errors
    /// [`FetchError`] if the service gave no verdict.
    pub(super) async fn ask(&self, profile: &str, shown: &Shown<'_>) -> Result<Option<Identity>, FetchError> {
        let Some(question) = question(profile, shown) else { return Ok(None) };
        let key: [u8; 32] = Sha256::digest(&question).into();
        if let Some(kept) = self.kept(&key) {
            return Ok(kept);
        }
        let asked = tokio::time::timeout(self.settings.timeout, self.post(question)).await;
        let verdict = asked.unwrap_or(Err(FetchError::Slow))?;
        self.keep(key, verdict.clone());
        Ok(verdict)
    }

    async fn post(&self, question: Bytes) -> Result<Option<Identity>, FetchError> {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.map_err(|_| FetchError::Slow)?;
        let call = Call {
            url: &self.settings.url,
            body: Some(question),
            deadline: self.settings.timeout,
            max_body: MAX_ANSWER,
        };
        match call.send(&self.trust).await? {
            (StatusCode::OK, body) => identity(&body).map(Some).ok_or(FetchError::NoIdentity),
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => Ok(None),
            (status, _) => Err(FetchError::Status(status)),
        }
    }

    fn kept(&self, key: &[u8; 32]) -> Option<Option<Identity>> {
        let kept = lock(&self.kept).get(key).cloned()?;
        (kept.until > Instant::now()).then_some(kept.verdict)
    }

    fn keep(&self, key: [u8; 32], verdict: Option<Identity>) {
        if self.settings.keep.is_zero() {
            return;
        }
        let ends = verdict.as_ref().and_then(|identity| identity.time_left(Duration::ZERO));
        let until = Instant::now() + ends.map_or(self.settings.keep, |ends| ends.min(self.settings.keep));
        lock(&self.kept).insert(key, Kept { verdict, until });
    }
}

/// The question about a client. `None`: it shows more than anybody has to.
fn question(profile: &str, shown: &Shown<'_>) -> Option<Bytes> {
    let request = shown.request;
    let client = ClientAddress::of(&request.extensions);
    let auth = shown.auth.map(serde_json::from_str::<&RawValue>).transpose().ok()?;
    let question = Question {
        profile,
        path: request.uri.path(),
        query: request.uri.query(),
        client_ip: client.ip.to_string(),
        secure: client.secure,
        headers: headers(&request.headers, may_use_cookies(&request.headers, shown.origins)),
        auth,
    };
    let question = serde_json::to_vec(&question).ok()?;
    (question.len() <= MAX_QUESTION).then(|| question.into())
}

/// The headers that are passed on. One that is not text is nothing that the service could read.
fn headers(all: &HeaderMap, cookies: bool) -> Vec<(&str, &str)> {
    let wanted = HEADERS.iter().filter(|name| cookies || **name != header::COOKIE);
    let lines = wanted.flat_map(|name| all.get_all(name).iter().map(move |value| (name.as_str(), value)));
    lines.filter_map(|(name, value)| Some((name, value.to_str().ok()?))).collect()
}

fn identity(body: &[u8]) -> Option<Identity> {
    let Answer { user_id: subject, username, expires_in } = serde_json::from_slice(body).ok()?;
    let fine = !subject.is_empty() && subject.len() <= MAX_NAME && !subject.chars().any(char::is_control);
    let now = jiff::Timestamp::now().as_second();
    let expires_at = expires_in.map(|seconds| now.saturating_add(seconds.into()));
    fine.then_some(Identity { subject, username, expires_at })
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
