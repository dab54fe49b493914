//! Publishes by `POST /sse/push/batch`, every 10 ms what is due by then.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::clients::{authority, dial};
use super::{Plan, Tally};

/// Connections that publish; each has clients of its own, so that theirs stay in order.
const PUBLISHERS: usize = 4;
const TICK: Duration = Duration::from_millis(10);
/// Messages in one request: the relay takes a thousand.
const BATCH: u64 = 500;

/// Why publishing failed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    /// The connection broke.
    #[error("HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// The key cannot be a header.
    #[error("the address or the key has characters that HTTP does not know")]
    Header(#[from] http::Error),
    /// The key is missing or wrong.
    #[error("the relay answered {0}: its publish API wants another key")]
    Key(StatusCode),
    /// A task ended before its time.
    #[error("a publisher ended early")]
    Ended,
}

/// Starts all publishers; they end by themselves after the plan's duration.
pub(super) fn start(
    plan: &Plan,
    run: &Arc<str>,
    tally: &Arc<Tally>,
    begin: Instant,
) -> JoinSet<Result<(), PublishError>> {
    let publishers = PUBLISHERS.min(plan.clients);
    let mut tasks = JoinSet::new();
    for number in 0..publishers {
        let clients: Vec<usize> = (number..plan.clients).step_by(publishers).collect();
        let rate = f64::from(plan.rate) * clients.len() as f64 / plan.clients as f64;
        let (plan, run, tally) = (plan.clone(), run.clone(), tally.clone());
        tasks.spawn(async move {
            let link = Link::open(&plan.url, plan.key.as_deref()).await?;
            Publisher { link, run, tally, clients, rate, done: 0 }.work(begin, plan.duration).await
        });
    }
    tasks
}

struct Publisher {
    link: Link,
    run: Arc<str>,
    tally: Arc<Tally>,
    clients: Vec<usize>,
    /// Messages per second.
    rate: f64,
    /// Messages that were published.
    done: u64,
}

impl Publisher {
    async fn work(mut self, begin: Instant, duration: Duration) -> Result<(), PublishError> {
        let all = count(self.rate * duration.as_secs_f64());
        while self.done < all {
            let due = count(self.rate * (begin.elapsed() + TICK).as_secs_f64()).min(all);
            if due <= self.done {
                tokio::time::sleep(TICK).await;
                continue;
            }
            let size = (due - self.done).min(BATCH);
            let (body, last) = self.batch(size);
            // Nothing is sent before it is due.
            tokio::time::sleep_until(begin + last).await;
            match self.link.post(body).await? {
                StatusCode::OK => self.tally.took(size),
                status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                    return Err(PublishError::Key(status));
                }
                _ => self.tally.refused(size),
            }
            self.done += size;
        }
        Ok(())
    }

    /// The next messages, and when the last of them is due.
    fn batch(&self, size: u64) -> (String, Duration) {
        let (mut body, mut due) = ("[".to_owned(), Duration::ZERO);
        for number in self.done..self.done + size {
            let turn = self.clients.len() as u64;
            let client = usize::try_from(number % turn).ok().and_then(|index| self.clients.get(index));
            due = Duration::from_secs_f64(number as f64 / self.rate);
            let comma = if number == self.done { "" } else { "," };
            let (n, t, run, client) = (number / turn, due.as_micros(), &self.run, client.unwrap_or(&0));
            let _ =
                write!(body, r#"{comma}{{"user_id":"{run}-{client}","data":{{"load_n":{n},"load_t":{t}}}}}"#);
        }
        (body + "]", due)
    }
}

fn count(messages: f64) -> u64 {
    messages as u64
}

/// A kept connection to the publish API.
struct Link {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    key: Option<HeaderValue>,
}

impl Link {
    async fn open(url: &Uri, key: Option<&str>) -> Result<Self, PublishError> {
        let stream: TcpStream = dial(url).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Ends when the sender is dropped.
        tokio::spawn(connection);
        let host = HeaderValue::from_str(authority(url)).map_err(http::Error::from)?;
        let key = key.map(|key| HeaderValue::from_str(&format!("Bearer {key}"))).transpose();
        Ok(Self { sender, host, key: key.map_err(http::Error::from)? })
    }

    async fn post(&mut self, body: String) -> Result<StatusCode, PublishError> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri("/sse/push/batch")
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, key);
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        Ok(status)
    }
}
