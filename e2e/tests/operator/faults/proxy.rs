//! A layer of a client through which one fault comes.

use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use kube::client::Body;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Layer, Service};

use super::fault::{Counts, Fault, How};
use super::past::{Past, Recorded};
use super::watch;

type Request = http::Request<Body>;
/// What an operator gets.
pub(crate) type Answer = http::Response<UnsyncBoxBody<Bytes, BoxError>>;

/// Stands between an operator and the API server, counts, and lets one fault happen. Clones share.
#[derive(Clone, Default)]
pub(crate) struct Proxy(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    died: CancellationToken,
}

#[derive(Default)]
struct State {
    fault: Option<Fault>,
    fired: bool,
    reads: usize,
    events: usize,
    writes: Vec<String>,
    took: usize,
    requests: usize,
    last: Option<Instant>,
    past: Past,
}

/// What becomes of a request.
enum Verdict {
    Pass,
    Watch,
    Record(String),
    Replay(Recorded),
    Do(How),
    BeDead,
}

impl Proxy {
    /// Counts from now on, and lets this happen.
    pub(crate) fn arm(&self, fault: Option<Fault>) {
        let mut state = self.state();
        let past = std::mem::take(&mut state.past);
        *state = State { fault, last: Some(Instant::now()), past, ..State::default() };
    }

    /// Waits until the fault has killed the process.
    pub(crate) async fn died(&self) {
        self.0.died.cancelled().await;
    }

    /// Whether the fault happened.
    pub(crate) fn fired(&self) -> bool {
        self.state().fired
    }

    /// The writes since it was armed, as `METHOD path`.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.state().writes.clone()
    }

    /// How many of the writes took effect.
    pub(crate) fn took(&self) -> usize {
        self.state().took
    }

    /// How many requests there were, beginnings of watches among them.
    pub(crate) fn requests(&self) -> usize {
        self.state().requests
    }

    /// What was counted since it was armed.
    pub(crate) fn counts(&self) -> Counts {
        let state = self.state();
        Counts { writes: state.writes.len(), reads: state.reads, events: state.events }
    }

    /// How long there was no write.
    pub(crate) fn quiet(&self) -> Duration {
        self.state().last.map(|last| last.elapsed()).unwrap_or_default()
    }

    /// What the fault does to the next event of a watch.
    pub(super) fn event(&self) -> Option<super::fault::Break> {
        let mut state = self.state();
        state.events += 1;
        match state.fault {
            Some(Fault::Watch(at, how)) if at == state.events => {
                state.fired = true;
                Some(how)
            }
            _ => None,
        }
    }

    /// Waits until watches tell of the present.
    pub(super) async fn present(&self) {
        let wait = self.state().past.wait();
        if let Some(wait) = wait {
            wait.cancelled().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, request: &Request) -> Verdict {
        if self.0.died.is_cancelled() {
            return Verdict::BeDead;
        }
        self.state().requests += 1;
        let uri = request.uri();
        if let Some(Fault::Refused(code)) = self.state().fault {
            return Verdict::Do(How::Status(code));
        }
        if request.method() != http::Method::GET {
            return self.judge_write(format!("{} {}", request.method(), uri.path()));
        }
        if uri.query().is_some_and(|query| query.contains("watch=true")) {
            return Verdict::Watch;
        }
        self.judge_read(uri.to_string())
    }

    fn judge_read(&self, uri: String) -> Verdict {
        let mut state = self.state();
        state.reads += 1;
        match state.fault {
            Some(Fault::Read(at, how)) if at == state.reads => {
                state.fired = true;
                Verdict::Do(how)
            }
            _ => match state.past.replay(&uri) {
                Some(recorded) => Verdict::Replay(recorded),
                None => Verdict::Record(uri),
            },
        }
    }

    fn judge_write(&self, write: String) -> Verdict {
        let mut state = self.state();
        state.writes.push(write);
        state.last = Some(Instant::now());
        match state.fault {
            Some(Fault::Write(at, how)) if at == state.writes.len() => {
                state.fired = true;
                Verdict::Do(how)
            }
            Some(Fault::Past(at)) if at == state.writes.len() => {
                state.fired = true;
                state.past.begin();
                Verdict::Pass
            }
            Some(Fault::WritesRefused(code)) => Verdict::Do(How::Status(code)),
            _ => Verdict::Pass,
        }
    }

    fn answered(&self, status: http::StatusCode) {
        self.state().took += usize::from(status.is_success());
    }

    fn record(&self, uri: String, recorded: Recorded) {
        self.state().past.record(uri, recorded);
    }
}

impl<S> Layer<S> for Proxy {
    type Service = Faulty<S>;

    fn layer(&self, inner: S) -> Faulty<S> {
        Faulty { inner, proxy: self.clone() }
    }
}

/// The service of a client behind a [`Proxy`].
pub(crate) struct Faulty<S> {
    inner: S,
    proxy: Proxy,
}

impl<S, B> Service<Request> for Faulty<S>
where
    S: Service<Request, Response = http::Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let proxy = self.proxy.clone();
        match proxy.judge(&request) {
            Verdict::Pass => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let answer = answer.await?;
                    proxy.answered(answer.status());
                    Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
                })
            }
            Verdict::Watch => {
                let answer = self.inner.call(request);
                Box::pin(async move { Ok(answer.await?.map(|body| watch::through(body, proxy))) })
            }
            Verdict::Record(uri) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    let (head, body) = answer.await?.into_parts();
                    let body = body.collect().await.map_err(Into::into)?.to_bytes();
                    let recorded = Recorded { status: head.status, body };
                    proxy.record(uri, recorded.clone());
                    Ok(recorded.answer())
                })
            }
            Verdict::Replay(recorded) => Box::pin(async move { Ok(recorded.answer()) }),
            Verdict::BeDead => Box::pin(pending()),
            Verdict::Do(How::KilledBefore) => {
                proxy.0.died.cancel();
                Box::pin(pending())
            }
            Verdict::Do(How::KilledAfter) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    proxy.answered(answer.await?.status());
                    proxy.0.died.cancel();
                    pending().await
                })
            }
            Verdict::Do(How::ReplyLost) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    proxy.answered(answer.await?.status());
                    Err("the reply was lost".into())
                })
            }
            Verdict::Do(How::Cut) => Box::pin(async { Err("the connection was cut".into()) }),
            Verdict::Do(How::Status(code)) => Box::pin(async move { Ok(status(code)) }),
        }
    }
}

/// An answer of the API server that refuses.
fn status(code: u16) -> Answer {
    let reason = match code {
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    };
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "this is a test", "reason": reason, "code": code,
    });
    let mut answer = Recorded {
        status: http::StatusCode::from_u16(code).unwrap_or_default(),
        body: Bytes::from(body.to_string()),
    }
    .answer();
    if code == 429 {
        answer.headers_mut().insert("retry-after", http::HeaderValue::from_static("1"));
    }
    answer
}

/// A body that is all there.
pub(super) fn whole(body: Bytes) -> UnsyncBoxBody<Bytes, BoxError> {
    Full::new(body).map_err(|never| match never {}).boxed_unsync()
}
