//! The body of a watch, event by event.

use bytes::{Bytes, BytesMut};
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Body, Frame};
use tower::BoxError;

use super::fault::Break;
use super::proxy::Proxy;

/// What the API server says when it no longer has what a watch asks for.
const GONE: &str = concat!(
    r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","#,
    r#""message":"too old resource version","reason":"Expired","code":410}}"#,
    "\n"
);

struct Through<B> {
    body: std::pin::Pin<Box<B>>,
    rest: BytesMut,
    proxy: Proxy,
    ended: bool,
}

/// Hands on the events of a watch, each as the proxy's fault will have it.
pub(super) fn through<B>(body: B, proxy: Proxy) -> UnsyncBoxBody<Bytes, BoxError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let watch = Through { body: Box::pin(body), rest: BytesMut::new(), proxy, ended: false };
    let events = stream::unfold(watch, |mut watch| async move {
        let next = watch.next().await?;
        watch.ended |= next.is_err();
        Some((next.map(Frame::data), watch))
    });
    StreamBody::new(events).boxed_unsync()
}

impl<B> Through<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    async fn next(&mut self) -> Option<Result<Bytes, BoxError>> {
        while !self.ended {
            let line = match self.line().await? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            self.proxy.present().await;
            // Bookmarks come when they like, and nothing is lost with one.
            let bookmark = line.starts_with(br#"{"type":"BOOKMARK""#);
            match if bookmark { None } else { self.proxy.event() } {
                None => return Some(Ok(line)),
                Some(Break::Missed) => {}
                Some(Break::Cut) => return Some(Err("the connection was cut".into())),
                Some(Break::Gone) => {
                    self.ended = true;
                    return Some(Ok(Bytes::from_static(GONE.as_bytes())));
                }
            }
        }
        None
    }

    /// The next line with its end; `None` at the end of the watch.
    async fn line(&mut self) -> Option<Result<Bytes, BoxError>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                return Some(Ok(self.rest.split_to(end + 1).freeze()));
            }
            match self.body.frame().await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        self.rest.extend_from_slice(&data);
                    }
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}
