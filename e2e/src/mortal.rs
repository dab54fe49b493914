//! A client layer that ends its program at a chosen write.
//!
//! Failure between two writes is not sampled but enumerated: run once and count the writes, then
//! once per write, ending there.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use kube::client::Body;
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};

type Request = http::Request<Body>;

/// At which side of a write the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The request never leaves.
    BeforeTheWrite,
    /// The API server has written; the reply is lost.
    BeforeTheReply,
}

/// Notes the writes of one program, and ends it at one of them if it is told to.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    death: Option<(usize, Moment)>,
    requests: Arc<Mutex<Requests>>,
    died: CancellationToken,
}

#[derive(Debug, Default)]
struct Requests {
    reads: usize,
    writes: Vec<String>,
}

enum Verdict {
    Live,
    Die(Moment),
    BeDead,
}

impl Fate {
    /// A program that lives.
    pub fn to_live() -> Self {
        Self::default()
    }

    /// A program that ends at its `write`-th write, counted from 1.
    pub fn to_die(write: usize, moment: Moment) -> Self {
        Self { death: Some((write, moment)), ..Self::default() }
    }

    /// Waits until the program has ended.
    pub async fn died(&self) {
        self.died.cancelled().await;
    }

    /// The writes so far, as `METHOD path`.
    pub fn writes(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).writes.clone()
    }

    /// How many reads there were so far.
    pub fn reads(&self) -> usize {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).reads
    }

    fn judge(&self, request: &Request) -> Verdict {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if self.died.is_cancelled() {
            return Verdict::BeDead;
        }
        if request.method() == http::Method::GET {
            requests.reads += 1;
            return Verdict::Live;
        }
        requests.writes.push(format!("{} {}", request.method(), request.uri().path()));
        match self.death {
            Some((write, moment)) if write == requests.writes.len() => Verdict::Die(moment),
            Some((write, _)) if write < requests.writes.len() => Verdict::BeDead,
            _ => Verdict::Live,
        }
    }
}

impl<S> Layer<S> for Fate {
    type Service = Mortal<S>;

    fn layer(&self, inner: S) -> Mortal<S> {
        Mortal { inner, fate: self.clone() }
    }
}

/// The service of a client that shares a [`Fate`].
#[derive(Clone)]
pub struct Mortal<S> {
    inner: S,
    fate: Fate,
}

impl<S> Service<Request> for Mortal<S>
where
    S: Service<Request>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let died = self.fate.died.clone();
        match self.fate.judge(&request) {
            Verdict::Live => Box::pin(self.inner.call(request)),
            Verdict::BeDead => Box::pin(pending()),
            Verdict::Die(Moment::BeforeTheWrite) => {
                died.cancel();
                Box::pin(pending())
            }
            Verdict::Die(Moment::BeforeTheReply) => {
                let written = self.inner.call(request);
                Box::pin(async move {
                    // The reply is lost, whatever it said.
                    drop(written.await);
                    died.cancel();
                    pending().await
                })
            }
        }
    }
}
