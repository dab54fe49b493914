//! The body of an answer on its way through.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

/// Time in which a body must have come once its head has: the largest one at three megabits a second.
const PATIENCE: Duration = Duration::from_secs(300);

/// A body that is streamed, and counts as under way until it ended.
pub(super) struct Reply {
    body: Incoming,
    deadline: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    /// The connection to the node broke.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
    /// It took too long.
    #[error("the body took too long")]
    Slow,
}

impl Reply {
    pub(super) fn new(body: Incoming, place: OwnedSemaphorePermit) -> Self {
        Self { body, deadline: Box::pin(tokio::time::sleep(PATIENCE)), _place: place }
    }
}

impl HttpBody for Reply {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(Cut::Slow)));
        }
        Pin::new(&mut self.body).poll_frame(cx).map_err(Cut::Broken)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
