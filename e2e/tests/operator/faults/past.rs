//! Answers from the past: what a follower of etcd, or a cache that is behind, would tell.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::proxy::{Answer, whole};

/// How long reads and watches tell of the past: several visits, as the first retries come within
/// half a second and a second.
const FOR: Duration = Duration::from_secs(3);

/// An answer that was given once.
#[derive(Clone)]
pub(super) struct Recorded {
    pub(super) status: http::StatusCode,
    pub(super) body: Bytes,
}

impl Recorded {
    /// The same answer once more.
    pub(super) fn answer(self) -> Answer {
        let mut answer = http::Response::new(whole(self.body));
        *answer.status_mut() = self.status;
        answer.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
        answer
    }
}

/// The last answer to every read, and whether it is given again.
#[derive(Default)]
pub(super) struct Past {
    answers: HashMap<String, Recorded>,
    ends: Option<CancellationToken>,
}

impl Past {
    /// Keeps an answer of the present.
    pub(super) fn record(&mut self, uri: String, recorded: Recorded) {
        if self.wait().is_none() {
            self.answers.insert(uri, recorded);
        }
    }

    /// From now on the answers are those of the past, for a while.
    pub(super) fn begin(&mut self) {
        let ends = CancellationToken::new();
        self.ends = Some(ends.clone());
        tokio::spawn(async move {
            tokio::time::sleep(FOR).await;
            ends.cancel();
        });
    }

    /// The answer of the past, while that is what is told.
    pub(super) fn replay(&self, uri: &str) -> Option<Recorded> {
        self.wait().and_then(|_| self.answers.get(uri).cloned())
    }

    /// What ends when the present is told again; `None` while it is.
    pub(super) fn wait(&self) -> Option<CancellationToken> {
        self.ends.clone().filter(|ends| !ends.is_cancelled())
    }
}
